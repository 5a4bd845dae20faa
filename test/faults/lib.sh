# shellcheck shell=bash
# Sourced by run.sh and selftest.sh: a private server that can be made to fail.
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
. "$here/../lib.sh"
isolate_environment
find_postgres
command -v cc >/dev/null || die "there is no C compiler"

WORK=$(mktemp -d "${TMPDIR:-/tmp}/faults.XXXXXX")
export PGDATA=$WORK/data PGHOST=$WORK PGUSER=postgres PGDATABASE=postgres
export HP_FAULTS=$WORK/control FAULTS_PRELOAD=$WORK/preload.so FAULTS_DIR=$WORK/files
export HP_FAULTS_SEED=${HP_FAULTS_SEED:-$((RANDOM * 32768 + RANDOM))}
PATH=$BINDIR:$PATH
status=0

finish() {
	stop_if_running
	rm -rf "$WORK"
}
trap finish EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

result() {
	echo "$1 - $2"
	[ "$1" = ok ] || status=1
}

stop_if_running() {
	[ ! -s "$PGDATA/postmaster.pid" ] || bash "$here/server.sh" stop || true
}

# What makes the server fail.
build() {
	local flags=(-Wall -Wextra -Wno-unused-parameter -Wno-sign-compare -Wno-missing-field-initializers
		-Werror -O2 -g -fPIC -shared) server
	read -ra server <<<"$("$PG_CONFIG" --cppflags) -I$("$PG_CONFIG" --includedir-server)"
	cc "${flags[@]}" -o "$FAULTS_PRELOAD" "$here/preload.c"
	cc "${flags[@]}" "${server[@]}" -o "$WORK/faults.so" "$here/faults.c"
}

# new_server SETTING...: with two databases made like one that nobody touches.
new_server() {
	local database
	stop_if_running
	rm -rf "$PGDATA" "$PGDATA.log" "$FAULTS_DIR"
	mkdir -p "$FAULTS_DIR"/{faults0,faults1}
	initdb -D "$PGDATA" -U postgres -A trust -E UTF8 --no-locale --no-sync >"$WORK/initdb.log"
	cat >>"$PGDATA/postgresql.conf" <<-CONF
		listen_addresses = ''
		unix_socket_directories = '$WORK'
		dynamic_library_path = '$WORK:\$libdir'
		session_preload_libraries = '$WORK/faults.so'
		max_prepared_transactions = 10
		autovacuum = off
		jit = off
		lock_timeout = '20s'
		statement_timeout = '60s'
		log_min_error_statement = panic
		track_functions = all
		pg_hotpath.cache_size = '1MB'
	CONF
	printf '%s\n' "$@" >>"$PGDATA/postgresql.conf"
	bash "$here/server.sh" start
	psql -Xq -c "CREATE DATABASE pristine"
	psql -XAtq -v ON_ERROR_STOP=1 -d pristine -f "$here/schema.sql" >"$WORK/schema.log"
	for database in faults0 faults1; do
		psql -Xq -c "CREATE DATABASE $database TEMPLATE pristine"
	done
}

# The log must tell of nothing but errors, and what matches a pattern.
check_log() {
	local found
	found=$(grep -E 'PANIC|FATAL|TRAP|WARNING|terminated by signal' "$PGDATA.log" |
		grep -vE 'there is no transaction in progress|terminating connection due to administrator command' |
		grep -vE 'the database system is (starting up|shutting down|not yet accepting)' |
		grep -vE "${1:-^\$}" | sed -E 's/^[^]]*\] /#   /' || true)
	if [ -z "$found" ]; then
		result ok "$FAULTS_SERVER: nothing in the log but errors"
	else
		result 'not ok' "$FAULTS_SERVER: nothing in the log but errors"
		sort <<<"$found" | uniq -c | sed -E 's/^ *([0-9]+) #/# \1 times/' | head -n 20
	fi
}

run() { perl "$here/$1.pl" "${@:2}" || status=1; }
