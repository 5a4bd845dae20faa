# The tools of run.sh: a private cluster, short runs of load, paired rounds. Sourced, never run.

say() { printf '%s\n' "bench: $*" >&2; }

die() { say "$*"; exit 1; }

# wanted NAME: is this case selected?
wanted() { [[ -z $CASES || " $CASES " == *" $1 "* ]]; }

# ---- the cluster --------------------------------------------------------------------------------

# The server refuses to run as root, so root hands its part to the postgres user.
as_server() {
	if [[ $EUID -eq 0 ]]; then runuser -u postgres -- "$@"; else "$@"; fi
}

# A short path outside the tree: the postgres user may not be able to enter the tree, and the name
# of a unix socket has about 100 characters.
cluster_create() {
	tmp=$(mktemp -d "${BENCH_TMP:-/tmp}/hpbench.XXXXXX")
	trap cluster_remove EXIT
	trap 'exit 130' INT TERM
	if [[ $EUID -eq 0 ]]; then chown postgres "$tmp"; fi
	chmod 700 "$tmp"
	cd "$tmp"
	as_server "$bin/initdb" -D "$tmp/data" -U postgres -A trust -E UTF8 --no-locale -N >"$tmp/initdb.log" 2>&1 ||
		{ cat "$tmp/initdb.log" >&2; die "initdb failed"; }
	as_server tee -a "$tmp/data/postgresql.conf" >/dev/null <<-CONF
		listen_addresses = ''
		unix_socket_directories = '$tmp'
		shared_preload_libraries = '$PRELOAD'
		shared_buffers = $SHARED_BUFFERS
		jit = off
		autovacuum = off             # VACUUM is run between rounds instead, for both sides
		fsync = off                  # else the disk hides what is measured; update_commit sets it on
		max_wal_size = 4GB
		wal_init_zero = off          # else the first slices pay for new files
		checkpoint_timeout = 1h
		include_dir = 'conf.d'
	CONF
	as_server mkdir "$tmp/data/conf.d"
	unset PGOPTIONS PGSERVICE PGHOSTADDR PGPASSFILE PGSSLMODE
	export PGHOST=$tmp PGPORT=5432 PGUSER=postgres PGDATABASE=postgres PGCLIENTENCODING=UTF8
}

# cluster_start CACHE_SIZE: (re)start with that much cache
cluster_start() {
	cluster_stop
	echo "pg_hotpath.cache_size = '$1'" | as_server tee "$tmp/data/conf.d/bench.conf" >/dev/null
	as_server "$bin/pg_ctl" -D "$tmp/data" -s -w -t 60 -l "$tmp/server.log" start >&2 ||
		{ tail -20 "$tmp/server.log" >&2; die "the server does not start"; }
}

cluster_stop() {
	[[ -f $tmp/data/postmaster.pid ]] || return 0
	as_server "$bin/pg_ctl" -D "$tmp/data" -s -w -t 30 -m fast stop ||
		as_server "$bin/pg_ctl" -D "$tmp/data" -s -w -t 30 -m immediate stop
}

cluster_remove() {
	local status=$?
	if [[ $status -ne 0 && -f $tmp/server.log ]]; then
		say "failed; the end of the logs:"
		tail -n 15 "$tmp/server.log" "$tmp/client.log" 2>/dev/null | cut -c 1-300 >&2 || true
	fi
	if [[ -s $tmp/memcached.pid ]]; then kill "$(cat "$tmp/memcached.pid")" || true; fi
	if [[ -S $tmp/redis.sock ]]; then redis-cli -s "$tmp/redis.sock" shutdown nosave >/dev/null 2>&1 || true; fi
	cluster_stop || true
	rm -rf "$tmp"
	exit "$status"
}

# q ...: psql, bare values
q() { "$bin/psql" -XqAt -v ON_ERROR_STOP=1 "$@"; }

# set_config NAME VALUE: for every session from now on
set_config() {
	q -c "alter system set $1 = $2" -c 'select pg_reload_conf()' >/dev/null
	sleep 0.2
}

# ---- measuring ----------------------------------------------------------------------------------

# Every script runs its statement BURST times: pgbench prints latencies in whole microseconds, which
# is too coarse for one short statement. Few enough that the first executions of a prepared statement,
# which are planned each time, do not count.
BURST=10

# What a session touches of shared memory for the first time costs a page fault, and on a virtual machine
# sometimes two. Connections of a pool have paid that long ago, so a script begins with reading once what
# it will read, in a transaction that does not count.
touch_sql() {
	case $1 in
		row_plain | json_plain | pl_plain | pl_json_plain | many*_plain) touch_rows narrow ':keys, 10' ;;
		row_get | row_get_typed | pl_get | many*_get) touch_entries 'hotpath.get(null::narrow, i)' :keys ;;
		json_get | pl_json_get) touch_entries "hotpath.get_json('narrow', i)" :keys ;;
		toast_plain) touch_rows wide :toast_keys ;;
		toast_get) touch_entries 'hotpath.get(null::wide, i)' :toast_keys ;;
		update_plain | update_idle) touch_rows "${1/update/edit}" ':edit_rows, 10' ;;
		update_cached)
			touch_rows edit_cached ':edit_rows, 10'
			touch_entries 'hotpath.get(null::edit_cached, i)' :edit_rows ;;
	esac
}

touch_rows() { echo "select count(t) from generate_series(1, $2) i, lateral (select * from $1 where id = i offset 0) t;"; }

touch_entries() { echo "select count($1) from generate_series(1, $2) i;"; }

# touch_hits NAME: how many hits that is, for a script that only reads
touch_hits() {
	case $TOUCH:$(touch_sql "$1") in
		1:*hotpath.*:keys*) echo "$KEYS" ;;
		1:*hotpath.*:toast_keys*) echo "$TOAST_ROWS" ;;
		*) echo 0 ;;
	esac
}

# Several times the lines of stdin, as a script of that name.
make_script() {
	local name=$1 times=$2 touch i lines
	lines=$(cat)
	touch=$(touch_sql "$name")
	{
		if [[ -n $touch ]]; then
			printf '%s\n' "\\if :touch_$name" "$touch" "set application_name = 'touched';" "\\set touch_$name 0" '\else'
		fi
		for ((i = 0; i < times; i++)); do echo "$lines"; done
		if [[ -n $touch ]]; then echo '\endif'; fi
	} >"$tmp/scripts/$name.sql"
}

make_scripts() {
	local script
	mkdir "$tmp/scripts"
	for script in "$here"/pgbench/*.sql; do make_script "$(basename "$script" .sql)" "$BURST" <"$script"; done
}

TOUCH=1                               # 0: sessions begin with what is measured

page_options=()                       # what pages.sh has for its scripts

# load PROTOCOL CLIENTS SECONDS SCRIPT...: pgbench_args for a run of it
load() {
	local protocol=$1 clients=$2 seconds=$3 script
	local -a options=(-D keys="$KEYS" -D peer_rows="$PEER_ROWS" -D toast_keys="$TOAST_ROWS" -D edit_rows="$EDIT_ROWS" "${page_options[@]}")
	shift 3
	for script in "$@"; do options+=(-f "$tmp/scripts/$script.sql" -D "touch_$script=$TOUCH"); done
	if [[ $1 =~ ^many([0-9]+)_ ]]; then
		local -n lists=key_lists${BASH_REMATCH[1]}
		for script in "${!lists[@]}"; do options+=(-D "keys$script=${lists[script]}"); done
	fi
	pgbench_args=(-n -M "$protocol" -c "$clients" -j $((clients > 1 ? 2 : 1)) -T "$seconds" "${options[@]}")
}

# seconds SIDES: of a run that measures so many scripts; a quick one takes the least that there is
seconds() {
	if [[ -n ${QUICK:-} ]]; then echo 1; else echo $((SLICE * $1)); fi
}

# slice PROTOCOL CLIENTS SCRIPT: bursts per second of one script
slice() {
	local TOUCH=0
	load "$1" "$2" "$SLICE" "$3"
	"$bin/pgbench" "${pgbench_args[@]}" 2>>"$tmp/client.log" | awk '/^tps = / { print $3; found = 1 } END { exit !found }'
}

# logged PREFIX: the lines that a pgbench has logged, one for each burst: client, number, microseconds,
# script, and when it ended, in seconds and microseconds
logged() { cat "$1".* && rm -f "$1".*; }

# mix PROTOCOL SCRIPT...: bursts per second of each script, one client, one pgbench that draws a script
# at random burst by burst: the sharpest pairing. Latency counts, so the shares do not matter; that of
# the first burst does not.
mix() {
	local protocol=$1
	shift
	load "$protocol" 1 $(($(seconds $#) + 1 + KEYS / 200000)) "$@"
	"$bin/pgbench" "${pgbench_args[@]}" -l --log-prefix="$tmp/log" >/dev/null 2>>"$tmp/client.log" || return 1
	logged "$tmp/log" | awk -v scripts=$# '
		n[$4]++ > 0 { time[$4] += $3 }
		END { for (i = 0; i < scripts; i++) { if (n[i] < 2) exit 1; printf "%s ", 1e6 * (n[i] - 1) / time[i] } print "" }'
}

# How many sessions have touched what they will read.
touched() { q -c "select count(*) from pg_stat_activity where application_name = 'touched'"; }

# turns PROTOCOL CLIENTS SCRIPT...: bursts per second of each script, SLICE seconds each. Every script
# has a pgbench of its own; all but one are stopped (SIGSTOP), and the turn passes every 50 ms. So the
# sides never compete, and meet the same noise. A rate is by the time that a side was awake. To be
# called in a subshell: it sets a trap.
turns() {
	local protocol=$1 clients=$2 script turn=0 start began now end i touching=0
	local -a pids=() awake=() rates=()
	shift 2
	trap 'kill -KILL "${pids[@]}" 2>/dev/null' EXIT		# else they would stay stopped for ever
	until [[ $(touched) == 0 ]]; do sleep 0.1; done			# those of the run before
	for script in "$@"; do
		load "$protocol" "$clients" $((600 + $(seconds $#))) "$script"
		"$bin/pgbench" "${pgbench_args[@]}" -l --log-prefix="$tmp/log.${#pids[@]}" >/dev/null 2>>"$tmp/client.log" &
		pids+=($!)
		awake+=(0)
		if [[ $TOUCH == 1 && -n $(touch_sql "$script") ]]; then touching=$((touching + clients)); fi
	done
	until [[ $(touched) -ge $touching ]]; do
		for i in "${pids[@]}"; do kill -0 "$i" || exit 1; done
		sleep 0.1
	done
	kill -STOP "${pids[@]:1}"
	start=${EPOCHREALTIME/[.,]/} began=$start
	end=$((start + $(seconds $#) * 1000000 - 100000))
	while sleep 0.05; now=${EPOCHREALTIME/[.,]/}; [[ $now -lt $end ]]; do
		kill -STOP "${pids[turn]}" || exit 1
		awake[turn]=$((awake[turn] + now - began))
		turn=$(((turn + 1) % $#))
		kill -CONT "${pids[turn]}" || exit 1
		began=${EPOCHREALTIME/[.,]/}
	done
	kill -STOP "${pids[turn]}" || exit 1
	awake[turn]=$((awake[turn] + now - began))
	# To end a run before its time, as the alarm does that pgbench sets; what it still runs then counts.
	for i in "${!pids[@]}"; do
		began=${EPOCHREALTIME/[.,]/}
		kill -ALRM "${pids[i]}"
		kill -CONT "${pids[i]}"
		wait "${pids[i]}" || exit 1
		now=${EPOCHREALTIME/[.,]/}
		awake[i]=$((awake[i] + now - began))
		rates+=("$(logged "$tmp/log.$i" | awk -v start="$start" -v us="${awake[i]}" '
			$5 * 1e6 + $6 >= start { n++ }
			END { if (!n) exit 1; print n * 1e6 / us }')") || exit 1
	done
	trap - EXIT
	echo "${rates[*]}"
}

# "hits others" so far: every read that the cache counts, served by it or not
reads() {
	q -F ' ' -c "select coalesce(sum(hits), 0), coalesce(sum(misses + not_quiet + expired + bypass_own_write + bypass_serializable
		+ bypass_rls + bypass_recovery + bypass_unsafe + bypass_too_large + bypass_disabled), 0) from hotpath.cache_stats"
}

# record CASE CLIENTS ROUND PLAIN CACHED FLOOR [HITS OTHERS]: one pair; the first three numbers are
# rates (per second), '-' where there is no floor
record() {
	printf '%s\t' "$1" "$2" "$3" "$4" "$5" "$6" "${7:--}" >>"$raw"
	printf '%s\n' "${8:--}" >>"$raw"
}

# figure CASE LABEL VALUE [BAR yes|no]: a value that is no ratio, and whether it reaches its bar if it has one
figure() { printf '%s\t%s\t%s\t%s\t%s\n' "$1" "$2" "$3" "${4:-}" "${5:-}" >>"$figures"; }

# pairs PROTOCOL CLIENTS FLOOR CASE:PLAIN:CACHED...: run the selected pairs round by round; FLOOR is a
# script to compare with as well, or ''. One client: both sides in one run, burst by burst, so that
# they meet the same noise. Several: mixed, they would wait for each other's turns on the processor, so
# they take turns; which is first changes every round.
pairs() {
	local protocol=$1 clients=$2 floor_script=$3 pair name plain_script cached_script
	local round floor plain cached rates hits0 others0 hits1 others1
	local -a chosen=() counted
	shift 3
	for pair in "$@"; do
		if wanted "${pair%%:*}"; then chosen+=("$pair"); fi
	done
	[[ ${#chosen[@]} -gt 0 ]] || return 0
	for ((round = 1; round <= ROUNDS; round++)); do
		say "$protocol, clients: $clients, round $round of $ROUNDS: ${chosen[*]%%:*}"
		if [[ -n ${before_round:-} ]]; then q -f "$before_round"; fi
		for pair in "${chosen[@]}"; do
			IFS=: read -r name plain_script cached_script <<<"$pair"
			read -r hits0 others0 <<<"$(reads)"
			if [[ $clients == 1 ]]; then
				rates=$(mix "$protocol" "$plain_script" "$cached_script" ${floor_script:+"$floor_script"})
				read -r plain cached floor <<<"$rates"
			elif ((round % 2)); then
				rates=$(turns "$protocol" "$clients" "$plain_script" "$cached_script" ${floor_script:+"$floor_script"})
				read -r plain cached floor <<<"$rates"
			else
				rates=$(turns "$protocol" "$clients" "$cached_script" "$plain_script" ${floor_script:+"$floor_script"})
				read -r cached plain floor <<<"$rates"
			fi
			read -r hits1 others1 <<<"$(reads)"
			counted=()
			if [[ $cached_script != update_* ]]; then
				counted=($((hits1 - hits0 - clients * $(touch_hits "$cached_script"))) $((others1 - others0)))
			fi
			record "$name" "$clients" "$round" "$plain" "$cached" "${floor:--}" "${counted[@]}"
		done
	done
}

# session_pairs CASE UNITS PLAIN_SQL CACHED_SQL: both sides in turn inside one session, timed by its
# clock. UNITS is how many look-ups one such statement makes.
session_pairs() {
	local name=$1 units=$2 hits0 others0 hits1 others1 round plain cached
	wanted "$name" || return 0
	say "one session: $name"
	read -r hits0 others0 <<<"$(reads)"
	q -F ' ' -v a="$3" -v b="$4" -v n=$((ROUNDS * 2)) -v units="$units" >"$tmp/turns" \
		<<<"select * from bench.in_turn(:'a', :'b', :n, :units)"
	read -r hits1 others1 <<<"$(reads)"
	while read -r round plain cached; do
		record "$name" 1 "$round" "$plain" "$cached" - $((hits1 - hits0)) $((others1 - others0))
	done <"$tmp/turns"
}
