#!/bin/bash
# What happens when memory, shared memory, the disk or the time runs out, in any call of any statement
# of statements.txt: the session goes on, nothing is left behind, and the cache is right.
#
#   HP_FAULTS_SEED=123     repeats the choices of a run, which tells its seed
#   HP_FAULTS_ROUNDS=10    ten times as many calls are made to fail
#   HP_FAULTS_ONLY=^page   only the statements whose names match
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
. "$here/../lib.sh"
isolate_environment
find_postgres

WORK=$(mktemp -d "${TMPDIR:-/tmp}/faults.XXXXXX")
export PGDATA=$WORK/data PGHOST=$WORK PGUSER=postgres PGDATABASE=postgres
export HP_FAULTS=$WORK/control FAULTS_PRELOAD=$WORK/preload.so FAULTS_DIR=$WORK/files
export HP_FAULTS_SEED=${HP_FAULTS_SEED:-$((RANDOM * 32768 + RANDOM))}
status=0

finish() {
	[ ! -s "$PGDATA/postmaster.pid" ] || bash "$here/server.sh" stop || true
	rm -rf "$WORK"
}
trap finish EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

result() {
	echo "$1 - $2"
	[ "$1" = ok ] || status=1
}

build() {
	local flags=(-Wall -Wextra -Wno-unused-parameter -Wno-sign-compare -Wno-missing-field-initializers
		-Werror -O2 -g -fPIC -shared)
	cc "${flags[@]}" -o "$FAULTS_PRELOAD" "$here/preload.c"
	# shellcheck disable=SC2046
	cc "${flags[@]}" $("$PG_CONFIG" --cppflags) -I"$("$PG_CONFIG" --includedir-server)" \
		-o "$WORK/faults.so" "$here/faults.c"
}

# new_server SETTING...: with two databases
new_server() {
	local database
	rm -rf "$PGDATA" "$PGDATA.log" "$FAULTS_DIR"
	mkdir -p "$FAULTS_DIR"/{faults0,faults1}
	"$BINDIR/initdb" -D "$PGDATA" -U postgres -A trust -E UTF8 --no-locale --no-sync >"$WORK/initdb.log"
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
	for database in faults0 faults1; do
		"$BINDIR/psql" -Xq -c "CREATE DATABASE $database"
		"$BINDIR/psql" -XAtq -v ON_ERROR_STOP=1 -d $database -f "$here/schema.sql" >"$WORK/schema.log"
	done
}

# The log must not tell of more than the failures themselves, which are errors.
check_log() {
	local found
	found=$(grep -E 'PANIC|FATAL|TRAP|WARNING|terminated by signal' "$PGDATA.log" |
		grep -vE 'there is no transaction in progress|the database system is (starting up|shutting down)|terminating connection due to administrator command' |
		grep -vE "${1:-^\$}" || true)
	if [ -z "$found" ]; then
		result ok "$FAULTS_SERVER: nothing in the log but errors"
	else
		result 'not ok' "$FAULTS_SERVER: nothing in the log but errors"
		sed -E 's/^[^]]*\] //; s/^/#   /' <<<"$found" | sort | uniq -c | sort -rn | head -n 20
	fi
}

run() { perl "$here/$1.pl" "${@:2}" || status=1; }

build
export FAULTS_SERVER
echo "# HP_FAULTS_SEED=$HP_FAULTS_SEED"

FAULTS_SERVER="on demand"
new_server "fsync = off"
run sites warm cold fresh exhausted caught cancel timeout
run locks
run final
check_log
run memory
check_log 'could not allocate its shared memory'

FAULTS_SERVER=preloaded
new_server "fsync = on" "shared_preload_libraries = 'pg_hotpath'"
run sites fresh exhausted
run files
check_log
exit "$status"
