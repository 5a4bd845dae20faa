#!/bin/bash
# make demo: installs what it needs, starts a private server, loads Debian's package catalogue
# (or a made-up one where there is no apt) and gives a tour.
#
#   KEEP=1                                      leave the server running at the end
#   PG_MAJOR=17, PG_CONFIG=/path/to/pg_config   which PostgreSQL
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
. "$here/../lib.sh"

WORK=
keep=no

finish() {
	local status=$?
	trap - EXIT INT TERM
	[ -n "$WORK" ] && [ -d "$WORK/data" ] || exit "$status"
	if [ $keep = yes ]; then
		say "" "The server is still running. To look around:" \
			"  $BINDIR/psql -h $WORK/socket -U postgres demo" \
			"and to stop it:" \
			"  ${OWNER[*]} $BINDIR/pg_ctl -D $WORK/data stop"
	else
		stop_server "$WORK/data"
		say "" "The server is stopped. \"make demo KEEP=1\" leaves it running."
	fi
	[ "$status" = 0 ] || warn "The demo ended early (status $status); the server's log: $WORK/log"
	exit "$status"
}
trap finish EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

sql() { as_owner psql -Xq -v ON_ERROR_STOP=1 "$@"; }

# step TEXT COMMAND...: says what goes on, and how long it took.
step() {
	local start=$EPOCHREALTIME text=$1
	shift
	printf '  %-44s' "$text"
	"$@"
	awk -v a="$start" -v b="$EPOCHREALTIME" 'BEGIN { printf "%6.1f s\n", b - a }'
}

start_server() {
	as_owner "$BINDIR/initdb" -D "$WORK/data" -U postgres -A trust -E UTF8 --no-locale \
		--no-sync >"$WORK/initdb.log"
	# Only users who may enter the socket's directory get in, and there is no TCP.  Nothing in
	# here outlives the demo, so the disk need not be waited for.
	as_owner tee -a "$WORK/data/postgresql.conf" >/dev/null <<-CONF
		listen_addresses = ''
		unix_socket_directories = '$WORK/socket'
		shared_buffers = 256MB
		max_wal_size = 4GB
		fsync = off
		jit = off
	CONF
	if ! as_owner "$BINDIR/pg_ctl" -s -D "$WORK/data" -l "$WORK/log" -w -t 60 start; then
		tail -n 20 "$WORK/log" >&2
		die "the server did not start; the end of its log is above"
	fi
}

# The catalogue's table, or nothing on a system that has none.
read_catalogue() {
	command -v apt-cache >/dev/null || return 1
	if [ "$(id -u)" = 0 ] && [ "$(apt-cache pkgnames | wc -l)" -lt 10000 ]; then
		apt-get -qq update </dev/null || true
	fi
	[ "$(apt-cache pkgnames | wc -l)" -ge 10000 ] || return 1
	apt-cache dumpavail | as_owner perl "$WORK/tree/test/demo/catalogue.pl" "$WORK/tsv"
}

copy_table() { sql -c "\\copy $1 from '$WORK/tsv/$1.tsv'"; }

load_data() {
	local table
	sql -f "$WORK/tree/test/demo/schema.sql"
	if read_catalogue; then
		for table in sections maintainers packages dependencies; do
			step "copying $(wc -l <"$WORK/tsv/$table.tsv") $table" copy_table "$table"
		done
	else
		step "no package catalogue here, making one up" \
			sql -f "$WORK/tree/test/demo/generate.sql"
	fi
	step "indexes, foreign keys, statistics" sql -f "$WORK/tree/test/demo/finish.sql"
}

# 3: something is missing that only root could install; what needs it will say so.
bash "$here/../setup.sh" demo || [ $? = 3 ] || die "the setup failed"
isolate_environment
find_postgres

make_work_dir demo
export PGHOST=$WORK/socket PGUSER=postgres PGDATABASE=postgres PATH=$BINDIR:$PATH
cd "$WORK"
say "== Building with $("$PG_CONFIG" --version), in $WORK"
copy_sources "$WORK/tree"
as_owner mkdir -m 700 socket tsv
step "compiling" build_in "$WORK/tree"
step "installing" install_from "$WORK/tree"

say "" "== A private server"
step "initdb and start" start_server
sql -c 'CREATE DATABASE demo'
export PGDATABASE=demo
sql -c 'CREATE EXTENSION pg_hotpath'

say "" "== Debian's package catalogue"
load_data
sql -f "$WORK/tree/test/demo/race.sql"

sql -f "$WORK/tree/test/demo/tour.sql" </dev/null
[ -z "${KEEP:-}" ] || [ "$KEEP" = 0 ] || keep=yes
