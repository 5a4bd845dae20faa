# The cases of the row cache that are not pairs of pgbench scripts. Sourced by run.sh.

# Eight lists of keys per size, one for each statement of a script: a pgbench variable cannot be chosen
# at run time. They go to the server as drivers send an array, a parameter in text form, for both sides.
make_key_lists() {
	local size i
	q -v keys="$KEYS" <<-'SQL'
		select setseed(0.5) \g /dev/null
		insert into bench.key_list
		select size, n, (select array_agg(1 + floor(random() * :keys)::bigint) from generate_series(1, size) where n is not null)
		from unnest(array[64, 1000]) size, generate_series(0, 7) n;
		analyze bench.key_list;
	SQL
	for size in 64 1000; do
		for i in 0 1 2 3 4 5 6 7; do echo "select * from narrow where id = any(:keys$i::bigint[]);"; done |
			make_script "many${size}_plain" 1
		for i in 0 1 2 3 4 5 6 7; do echo "select * from hotpath.get_many(null::narrow, :keys$i::bigint[]);"; done |
			make_script "many${size}_get" 1
	done
	mapfile -t key_lists64 < <(q -c 'select keys from bench.key_list where size = 64 order by n')
	mapfile -t key_lists1000 < <(q -c 'select keys from bench.key_list where size = 1000 order by n')
}

# One statement over the whole table, in one session each; vacuumed and checkpointed before, so that
# each side starts from the same pages and pays its own full-page images.
# pairs_bulk_update CASE TWIN: the twin beside the plain table.
pairs_bulk_update() {
	local name=$1 twin=$2 round plain other
	wanted "$name" || return 0
	for ((round = 1; round <= ROUNDS; round++)); do
		say "$name, round $round of $ROUNDS"
		if ((round % 2)); then plain=$(bulk_update plain); fi
		other=$(bulk_update "$twin")
		if ((round % 2 == 0)); then plain=$(bulk_update plain); fi
		record "$name" 1 "$round" "$plain" "$other" -
	done
}

bulk_update() { q -v twin="bulk_$1" -v rows="$BULK_ROWS" -f "$here/sql/bulk_update.sql"; }

# Twins of the tables that are updated, not cached, with a row trigger that does nothing.
make_idle_twins() {
	if ! wanted update_idle && ! wanted bulk_update_idle; then return 0; fi
	"${CC:-cc}" -O2 -shared -fPIC -I"$("${PG_CONFIG:-pg_config}" --includedir-server)" -o "$tmp/nothing.so" "$here/nothing.c"
	chmod a+rx "$tmp/nothing.so"
	q -v library="$tmp/nothing" -v edit_rows="$EDIT_ROWS" -v bulk_rows="$BULK_ROWS" -f "$here/sql/idle.sql"
}

# The same JSON text, from Redis and from the cache. Both clients are the ones that come with the
# server; pgbench does more work per request than redis-benchmark, so this is not a race of servers only.
pairs_redis() {
	local clients=$1 round requests get cached
	local sock=$tmp/redis.sock
	if ! command -v redis-server >/dev/null || ! command -v redis-benchmark >/dev/null; then
		[[ $clients != "${CLIENTS%% *}" ]] || figure redis 'Redis GET' 'skipped: redis-server is not installed'
		return 0
	fi
	if [[ $clients == "${CLIENTS%% *}" ]]; then
		redis_start
		redis-cli -s "$sock" eval 'for i = 0, ARGV[1] - 1 do redis.call("set", string.format("key:%012d", i), string.rep("x", ARGV[2])) end' \
			0 "$KEYS" "$(q -c "select avg(length(row_to_json(narrow)::text))::integer from narrow where id <= 1000")" >/dev/null
	fi
	requests=$(redis_get "$clients" 5000)
	for ((round = 1; round <= ROUNDS; round++)); do
		say "redis, clients: $clients, round $round of $ROUNDS"
		if ((round % 2)); then get=$(redis_get "$clients" "$requests"); fi
		cached=$(slice prepared "$clients" json_get | awk -v burst="$BURST" '{ print $1 * burst }')
		if ((round % 2 == 0)); then get=$(redis_get "$clients" "$requests"); fi
		record redis "$clients" "$round" "$get" "$cached" -
		requests=$(awk -v rate="$get" -v slice="$SLICE" 'BEGIN { print int(rate * slice) }')
	done
}

# redis_start: unless it runs already; on a unix socket only, without a file
redis_start() {
	[[ ! -S $tmp/redis.sock ]] || return 0
	redis-server --port 0 --unixsocket "$tmp/redis.sock" --save '' --appendonly no --daemonize yes --dir "$tmp" --logfile "$tmp/redis.log" >/dev/null
	until redis-cli -s "$tmp/redis.sock" ping >/dev/null 2>&1; do sleep 0.1; done
}

# redis_get CLIENTS REQUESTS: GETs per second, whole
redis_get() {
	redis-benchmark -s "$tmp/redis.sock" -c "$1" -n "$2" -r "$KEYS" --csv get key:__rand_int__ 2>/dev/null |
		awk -F'"' '/^"get/ { print int($4) }'
}

# Memory taken by entries, less what the rows themselves are: as datums, and as JSON text.
report_bytes() {
	say "bytes per row"
	bytes_of 'cache per narrow row, beyond the row' narrow "$KEYS" 'hotpath.get(null::narrow, i)' 'pg_column_size(t)'
	bytes_of 'cache per narrow row read as JSON only, beyond its text' narrow "$KEYS" \
		"hotpath.get_json('narrow', i)" 'octet_length(row_to_json(t)::text)'
	bytes_of 'cache per 6 kB row, beyond the row' wide "$TOAST_ROWS" 'hotpath.get(null::wide, i)' 'pg_column_size(t)'
	q -c 'select hotpath.evict_all()' >/dev/null
}

# bytes_of LABEL TABLE ROWS READ SIZE: READ is the look-up of key i, SIZE the bytes of row t itself
bytes_of() {
	local bytes
	bytes=$(q -v rel="$2" -v n="$3" -v read="$4" -v size="$5" -f "$here/sql/bytes.sql")
	figure bytes "$1" "$bytes"
}

# A cache that holds one row in a hundred; the same trace through the cache and through the textbook's
# whole-cache SIEVE, LRU and FIFO with the same number of entries.
report_zipf() {
	local capacity rows hits others simulated ours
	if ! command -v "${CC:-cc}" >/dev/null; then
		figure zipf 'hit ratio, Zipf 0.99' 'skipped: no C compiler'
		return 0
	fi
	say "Zipf: how many rows fit $ZIPF_CACHE_SIZE"
	"${CC:-cc}" -O2 -o "$tmp/zipf" "$here/zipf.c" -lm
	cluster_start "$ZIPF_CACHE_SIZE"
	q -c "select count(hotpath.get(null::narrow, i)) from generate_series(1, least($ROWS, $KEYS)) i" >/dev/null
	capacity=$(q -c 'select entries from hotpath.cache_memory')
	rows=$((capacity * 100 < ROWS ? capacity * 100 : ROWS))
	say "Zipf: $capacity entries, $rows rows, $TRACE reads after as many to warm up"
	"$tmp/zipf" trace "$rows" 0.99 $((TRACE * 2)) >"$tmp/trace"
	awk '{ print NR "\t" $0 }' "$tmp/trace" | q -c 'copy bench.trace from stdin'
	q -c 'create index on bench.trace (n)' -c 'vacuum analyze bench.trace' -c 'select hotpath.evict_all()' >/dev/null
	q -c "select bench.run_trace(1, $TRACE)" >/dev/null
	q -c 'select hotpath.reset_cache_stats()' >/dev/null
	q -c "select bench.run_trace($TRACE + 1, $TRACE * 2)" >/dev/null
	read -r hits others <<<"$(reads)"
	capacity=$(q -c 'select entries from hotpath.cache_memory')
	simulated=$("$tmp/zipf" simulate "$rows" "$capacity" "$TRACE" <"$tmp/trace")
	ours=$(awk -v h="$hits" -v o="$others" 'BEGIN { printf "%.2f", h + o ? 100 * h / (h + o) : 0 }')
	figure zipf "hit ratio, Zipf 0.99, $capacity entries of $rows rows ($(awk -v c="$capacity" -v r="$rows" 'BEGIN { printf "%.2f", 100 * c / r }') %)" \
		"**$ours %**; simulated: $simulated" 'SIEVE less one point' \
		"$(awk -v o="$ours" -v s="$simulated" 'BEGIN { split(s, f, /[ ,]+/); print (o >= f[2] - 1) ? "yes" : "no" }')"
}

# The server in single-user mode under callgrind. A dump before every statement gives each its count;
# twice the loops less once the loops is the price of the loops alone.
report_instructions() {
	local -a cost
	local i hits
	if ! command -v valgrind >/dev/null; then
		figure instructions 'instructions per hit' 'skipped: valgrind is not installed'
		return 0
	fi
	say "instructions per hit, under callgrind"
	cluster_stop
	as_server mkdir "$tmp/callgrind"
	sed "s/:loops/$HIT_LOOPS/g" "$here/sql/instructions.sql" >"$tmp/instructions.sql"
	if ! as_server valgrind --tool=callgrind --dump-before=pg_parse_query --callgrind-out-file="$tmp/callgrind/out" \
		"$bin/postgres" --single -D "$tmp/data" -c shared_buffers=32MB -c pg_hotpath.cache_size=16MB postgres \
		<"$tmp/instructions.sql" >"$tmp/callgrind.log" 2>&1; then
		figure instructions 'instructions per hit' 'skipped: the server does not run under callgrind here'
		return 0
	fi
	# out.1 is what came before the first statement, out.2 the first statement, and so on
	for ((i = 1; i <= 12; i++)); do
		cost[i]=$(awk '/^(summary|totals):/ { print $2; exit }' "$tmp/callgrind/out.$i")
	done
	hits=$(sed -n 's/.*hits = "\([0-9]*\)".*/\1/p' "$tmp/callgrind.log")
	figure instructions 'instructions of `r := hotpath.get(null::t, i)`, a hit' "$(instructions_of 5)"
	figure instructions 'instructions of `SELECT * INTO r`' "$(instructions_of 7)"
	figure instructions 'instructions of `j := hotpath.get_json(...)`, a hit' "$(instructions_of 9)"
	figure instructions 'instructions of `SELECT row_to_json(t) INTO j`' "$(instructions_of 11)"
	if [[ ${hits:-0} -lt $((HIT_LOOPS * 6)) ]]; then
		figure instructions 'instructions: reads that were hits' "**${hits:-0} of $((HIT_LOOPS * 6))**"
	fi
}

# instructions_of DUMP: of one loop, from the dump of n loops and the next one's 2n, less the empty loop's
instructions_of() {
	echo $(((cost[$1 + 1] - cost[$1] - cost[4] + cost[3]) / HIT_LOOPS))
}
