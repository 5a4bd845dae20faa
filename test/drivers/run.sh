#!/bin/bash
# The suite "drivers": runs what docs/cookbook.md and README.md show, as they show it, on real
# drivers, directly and through PgBouncer in transaction mode.
#
#   DRIVERS="express django rails go psycopg psql readme"   which parts
set -uo pipefail
here=$(cd "$(dirname "$0")" && pwd)
. "$here/../lib.sh"
isolate_environment
find_postgres

PATH=$BINDIR:$PATH
DRIVERS=${DRIVERS:-express django rails go psycopg psql readme}
SERVER_SECONDS=60
status=0
W=$(mktemp -d /tmp/hotpath-drivers.XXXXXX)
COOK=$W/cookbook
proxy=
server=

finish() {
	trap - EXIT INT TERM
	stop_app
	[ -z "$proxy" ] || kill "$proxy" 2>/dev/null
	[ ! -d "$W/data" ] || stop_server "$W/data"
	rm -rf "$W"
	exit "$status"
}
trap finish EXIT
trap 'status=143; exit' INT TERM

ok() { echo "ok - $1"; }

# not_ok NAME [FILE]: with the end of what a program wrote.
not_ok() {
	echo "not ok - $1"
	status=1
	[ -z "${2:-}" ] || tail -n 40 "$2" | sed 's/^/#   /'
}

# check NAME COMMAND...: its output is shown if it fails.
check() {
	local name=$1
	shift
	if "$@" >"$W/out" 2>&1 </dev/null; then ok "$name"; else not_ok "$name" "$W/out"; return 1; fi
}

# compare NAME GOT EXPECTED
compare() {
	if [ "$2" = "$3" ]; then
		ok "$1"
	else
		printf 'got: %.2000s\nexpected: %.2000s\n' "$2" "$3" >"$W/out"
		not_ok "$1" "$W/out"
	fi
}

sql() { psql -Xq -v ON_ERROR_STOP=1 "$@"; }

# The ways to the database: by the variables that every driver heeds.
directly() { export PGHOST=$W PGPORT=5432; }
pooled() { export PGHOST=$W PGPORT=6432; }

start_database() {
	"$BINDIR/initdb" -D "$W/data" -U postgres -A trust -E UTF8 --no-locale --no-sync >/dev/null || return
	cat >>"$W/data/postgresql.conf" <<-CONF
		listen_addresses = ''
		unix_socket_directories = '$W'
		fsync = off
		max_prepared_transactions = 5
		max_wal_size = 2GB
	CONF
	"$BINDIR/pg_ctl" -s -D "$W/data" -l "$W/server.log" -w -t 60 start || { cat "$W/server.log"; return 1; }
	sql -U postgres -d postgres -f "$COOK/database.sql" || return
	sql -d shop -f "$COOK/schema.sql" || return
	sql -d shop -f "$here/data.sql"
}

start_proxy() {
	local try program
	program=$(PATH=$PATH:/usr/sbin command -v pgbouncer) || { echo "there is no pgbouncer"; return 1; }
	echo '"shop" ""' >"$W/users.txt"
	cat >"$W/pgbouncer.ini" <<-INI
		[databases]
		* = host=$W port=5432
		[pgbouncer]
		listen_addr =
		listen_port = 6432
		unix_socket_dir = $W
		pool_mode = transaction
		auth_type = trust
		auth_file = $W/users.txt
		default_pool_size = 4
		server_round_robin = 1
	INI
	"$program" -q "$W/pgbouncer.ini" >"$W/pgbouncer.log" 2>&1 &
	proxy=$!
	for try in {1..100}; do
		sql -p 6432 -d shop -c 'select 1' >/dev/null 2>&1 && return
		sleep 0.1
	done
	cat "$W/pgbouncer.log"
	return 1
}

# start_app NAME DIRECTORY COMMAND...: a server in a process group of its own, on a free port, which is
# in the environment, and instead of PORT in the command.
start_app() {
	local name=$1 directory=$2 try
	shift 2
	PORT=$(/usr/bin/python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
	export PORT
	(cd "$directory" && exec setsid "${@//PORT/$PORT}" >"$W/app.log" 2>&1 </dev/null) &
	server=$!
	for ((try = 0; try < SERVER_SECONDS * 10; try++)); do
		! (exec 3<>"/dev/tcp/127.0.0.1/$PORT") 2>/dev/null || return 0
		kill -0 "$server" 2>/dev/null || break
		sleep 0.1
	done
	not_ok "$name: the server starts" "$W/app.log"
	stop_app
	return 1
}

stop_app() {
	[ -n "$server" ] || return 0
	kill -- -"$server" 2>/dev/null
	for _ in {1..50}; do
		kill -0 -- -"$server" 2>/dev/null || break
		sleep 0.1
	done
	kill -9 -- -"$server" 2>/dev/null
	wait "$server" 2>/dev/null
	server=
}

# serve NAME DIRECTORY COMMAND...: asks the server that the command starts for everything.
serve() {
	local name=$1
	start_app "$@" || return
	(directly; PGUSER=postgres exec /usr/bin/python3 "$here/check.py" "$name" "http://127.0.0.1:$PORT" "$server") || {
		status=1
		tail -n 10 "$W/app.log" | sed 's/^/#   app: /'
	}
	stop_app
}

# both_ways NAME DIRECTORY COMMAND...
both_ways() {
	local name=$1
	shift
	directly
	serve "$name, direct" "$@"
	pooled
	POOLED=1 serve "$name, PgBouncer" "$@"
	directly
}

npm_install() {
	command -v npm >/dev/null || { echo "there is no npm"; return 1; }
	mkdir -p "$W/npm" && cp "$here/package.json" "$W/npm" && cd "$W/npm" &&
		timeout --foreground -k 5 120 npm install --no-package-lock --no-audit --no-fund --loglevel=error \
			--fetch-retries=2 --fetch-retry-mintimeout=1000 --fetch-retry-maxtimeout=5000
}

try_express() {
	check "express: npm installs the packages of test/drivers/package.json" npm_install || return
	export NODE_PATH=$W/npm/node_modules
	check "express: cache.sql" sql -f "$COOK/cache.sql"
	both_ways express "$COOK/express" node app.js
	check "express: uncache.sql" sql -f "$COOK/uncache.sql"
}

try_django() {
	export DJANGO_SETTINGS_MODULE=shop.settings PYTHONPATH=$COOK/django
	touch "$COOK"/django/shop/{,migrations/}__init__.py
	check "django: the migration" /usr/bin/python3 -m django migrate || return
	both_ways django "$COOK/django" /usr/bin/python3 -m gunicorn --threads 6 --log-level warning \
		--bind "127.0.0.1:PORT" 'django.core.wsgi:get_wsgi_application()'
	check "django: the migration back" /usr/bin/python3 -m django migrate shop zero
}

rake_rails() { (cd "$COOK/rails" && /usr/bin/rake "$1"); }

try_rails() {
	# Ruby lets some 60 MB of garbage pile up; with less, what it keeps can be told from it.
	export RACK_ENV=production RUBY_GC_MALLOC_LIMIT_MAX=4000000 RUBY_GC_OLDMALLOC_LIMIT_MAX=8000000
	check "rails: the migration" rake_rails db:migrate || return
	both_ways rails "$COOK/rails" /usr/bin/puma --quiet --threads 6 --bind "tcp://127.0.0.1:PORT"
	check "rails: the migration back" rake_rails db:rollback
}

# Debian's packages of Go are read from GOPATH.
build_go() {
	cd "$COOK/go" && GO111MODULE=off GOPATH=/usr/share/gocode GOFLAGS=-p=2 go build -o shop shop.go
}

try_go() {
	check "go: the block compiles" build_go || return
	check "go: cache.sql" sql -f "$COOK/cache.sql"
	both_ways go "$COOK/go" ./shop
	check "go: uncache.sql" sql -f "$COOK/uncache.sql"
}

try_psycopg() {
	export PYTHONPATH=$COOK/python
	check "psycopg: cache.sql" sql -f "$COOK/cache.sql"
	/usr/bin/python3 "$here/psycopg_check.py" "psycopg, direct" || status=1
	pooled
	POOLED=1 /usr/bin/python3 "$here/psycopg_check.py" "psycopg, PgBouncer" || status=1
	directly
	check "psycopg: uncache.sql" sql -f "$COOK/uncache.sql"
}

# What a script of the cookbook prints, and what it says if it fails.
script() { psql -X -q -v ON_ERROR_STOP=1 "${@:2}" -f "$COOK/$1" 2>&1; }

plain() { sql -At -c "$1"; }

psql_scripts() {
	local way=$1 cursor
	compare "psql, $way: a row" "$(script psql/user.sql -v id=42)" \
		"$(plain 'select row_to_json(u) from users u where id = 42')"
	compare "psql, $way: no row" "$(script psql/user.sql -v id=4711)" "there is no such user"
	compare "psql, $way: a page" "$(script psql/page.sql -v first=7 | jq_ids)" \
		"$(plain 'select id from events order by created_at desc, id desc limit 7')"
	cursor=$(plain "select hotpath.page_json('events', 'created_at desc, id desc', first => 7)->'page_info'->>'end_cursor'")
	compare "psql, $way: the next page" "$(script psql/page.sql -v first=3 -v after="$cursor" | jq_ids)" \
		"$(plain 'select id from events order by created_at desc, id desc limit 3 offset 7')"
	compare "psql, $way: a bad cursor" "$(script psql/page.sql -v first=3 -v after=x -v VERBOSITY=sqlstate | grep -o HP001)" HP001
	compare "psql, $way: a note of a tenant" "$(script psql/note.sql -v id=1 -v tenant=tenant1)" \
		"$(plain 'select row_to_json(n) from notes n where id = 1')"
	compare "psql, $way: a note of another" "$(script psql/note.sql -v id=1 -v tenant=tenant0)" ""
	compare "psql, $way: the export" "$(bash "$COOK/psql/export.sh" | md5sum)" "$EXPORT_MD5  -"
	compare "psql, $way: the compressed export" "$(bash "$COOK/psql/export-gzip.sh" | zcat | md5sum)" "$EXPORT_MD5  -"
}

# The ids of a page's items.
jq_ids() { /usr/bin/python3 -c 'import json, sys; [print(item["id"]) for item in json.load(sys.stdin)["items"]]'; }

administration() {
	local session
	compare "administration: rows are loaded" "$(script admin/warm.sql -At)" "$(plain 'select count(*) from users')"
	compare "administration: they are right" "$(script admin/verify.sql -At | cut -d'|' -f2)" 0
	compare "administration: and checked" "$(plain "select checked >= 2 * (select count(*) from users) from hotpath.verify_cache('users')")" t
	compare "administration: hits are shown" "$(script admin/hits.sql -At | cut -d'|' -f1-2 | sort)" \
		"$(printf '%s\n' 'products|products_pkey' 'users|users_email_key' 'users|users_pkey')"
	compare "administration: the memory is shown" "$(script admin/memory.sql -At | wc -l)" 1
	compare "administration: there is no alarm" "$(script admin/alarms.sql -At)" ""
	sql -c 'alter table users disable trigger user'
	sql -c 'create table keyless (id int primary key)' -c "select hotpath.cache_table('keyless')" \
		-c 'alter table keyless drop constraint keyless_pkey' >/dev/null
	sed "s/interval '5 minutes'/interval '0'/" "$COOK/admin/alarms.sql" >"$COOK/admin/alarms-at-once.sql"
	sql -c "begin; update products set title = title where id = 1; prepare transaction 'forgotten'"
	coproc holder { psql -Xq -c 'begin; update products set title = title where id = 2' -c 'select pg_sleep(600)' 2>&1; }
	session=$holder_PID
	wait_for "select count(*) = 1 from pg_stat_activity where wait_event = 'PgSleep'"
	compare "administration: there are alarms" "$(script admin/alarms-at-once.sql -At |
		grep -c -e '^users|.*trigger' -e '^keyless|.*key is gone' -e "pg_sleep" -e '^forgotten')" 4
	plain "select pg_terminate_backend(pid) from pg_stat_activity where wait_event = 'PgSleep'" >/dev/null
	wait "$session"
	sql -c "rollback prepared 'forgotten'" -c 'drop table keyless'
}

wait_for() {
	local try
	for try in {1..100}; do
		[ "$(plain "$1")" != t ] || return 0
		sleep 0.1
	done
}

try_psql() {
	check "psql: cache.sql" sql -f "$COOK/cache.sql"
	psql_scripts direct
	pooled
	psql_scripts PgBouncer
	directly
	administration
	check "psql: uncache.sql" sql -f "$COOK/uncache.sql"
}

# readme_blocks LANGUAGE: the README's blocks, one after the other; files that they write are ours.
readme_blocks() {
	awk -v fence="\`\`\`$1" '$0 == fence { on = 1; next } /^```/ { on = 0 } on' "$ROOT/README.md" |
		sed "s#/var/tmp/#$W/#g"
}

# As the README has it: a superuser and a new database, and an error ends it.
run_readme_sql() {
	createdb readme && readme_blocks sql >"$W/readme.sql" && [ -s "$W/readme.sql" ] &&
		psql -X -a -v ON_ERROR_STOP=1 -f "$W/readme.sql" &&
		[ "$(zcat "$W/users.ndjson.gz" | wc -l)" = "$(plain 'select count(*) from users')" ]
}

# The line for psql that exports users.
run_readme_psql() {
	local line
	line=$(sed -n 's/^    \(psql .*export_json.* > users.ndjson\)$/\1/p' "$ROOT/README.md")
	[ -n "$line" ] || { echo "the README has no such line"; return 1; }
	(cd "$W" && bash -c "$line") &&
		diff -q <(sort "$W/users.ndjson") <(plain 'select row_to_json(u) from users u' | sort)
}

try_readme() {
	export PGUSER=postgres PGDATABASE=readme
	check "README: its SQL runs from top to bottom in a new database" run_readme_sql || return
	check "README: its psql line exports" run_readme_psql
	check "README, Python: an export" /usr/bin/python3 "$here/readme.py" "$ROOT/README.md"
	[ -d "$W/npm/node_modules/pg" ] || check "README: npm installs the packages of test/drivers/package.json" npm_install || return
	NODE_PATH=$W/npm/node_modules node "$here/readme.js" "$ROOT/README.md" || status=1
	export PGUSER=shop PGDATABASE=shop
}

check "the cookbook's blocks are written to files" perl "$here/extract.pl" "$ROOT/docs/cookbook.md" "$COOK" || exit
directly
export PGUSER=shop PGDATABASE=shop
check "a server, and the tables of the cookbook" start_database || exit
check "PgBouncer in transaction mode" start_proxy || exit
EXPORT_MD5=$(plain "select row_to_json(e) from events e where kind = 'kind0' order by id" | md5sum | cut -d' ' -f1)
export EXPORT_MD5
for part in $DRIVERS; do
	"try_$part"
done
