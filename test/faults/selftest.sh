#!/bin/bash
# Proves that the questions after a fault can find something: with statements that leave something
# behind, and with copies of the library in which a mistake was made.
set -euo pipefail
. "$(dirname "$0")/lib.sh"

tree=$(cd "$here/../.." && pwd)
build
export FAULTS_SERVER=selftest
new_server "fsync = off"

# expect WHAT PATTERN OUTPUT: the output has a line with the pattern
expect() {
	if grep -qE "$2" <<<"$3"; then
		result ok "can fail: $1"
	else
		result 'not ok' "can fail: $1"
		sed 's/^/#   /' <<<"$3" | head -n 20
	fi
}

# left WHAT PATTERN STATEMENT: a statement that leaves something
left() {
	echo "left: $3" >"$WORK/statements"
	expect "$1" "$2" "$(FAULTS_STATEMENTS=$WORK/statements perl "$here/sites.pl" warm 2>&1 || true)"
	rm -f "$FAULTS_DIR"/*/*
}

# A statement that does something else when memory has run out.
handled() {
	echo "DO \$\$ BEGIN PERFORM hotpath.get(NULL::item, 1); EXCEPTION WHEN out_of_memory THEN $1; END \$\$"
}

# mistake WHAT PATTERN FILE COMMAND STATEMENTS MODE: a library with a mistake, made by a command of sed
mistake() {
	local what=$1 pattern=$2 file=$tree/src/$3 database library
	cp "$file" "$WORK/right.c"
	sed -i "$4" "$file"
	if cmp -s "$file" "$WORK/right.c"; then
		result 'not ok' "can fail: $what"
		echo "#   the mistake could not be made"
		return
	fi
	make -s -C "$tree" PG_CONFIG="$PG_CONFIG" with_llvm=no pg_hotpath.so || status=1
	library=$(mktemp -d "$WORK/wrong.XXXXXX")/pg_hotpath.so
	cp "$tree/pg_hotpath.so" "$library"
	cp "$WORK/right.c" "$file"
	for database in faults0 faults1; do
		psql -Xq -d $database -c "UPDATE pg_proc SET probin = '$library' WHERE probin LIKE '%pg_hotpath%'"
	done
	bash "$here/server.sh" stop
	rm "$PGDATA.log"
	bash "$here/server.sh" start
	expect "$what" "$pattern" "$(HP_FAULTS_ONLY=$5 HP_FAULTS_ROUNDS=3 perl "$here/sites.pl" "$6" 2>&1; check_log 2>&1)"
}

left "a lock is held" "locks and cursors held: 1 0" "SELECT pg_advisory_lock(1), hotpath.get(NULL::item, 1)"
left "a cursor is open" "locks and cursors held: 0 1" \
	"CLOSE ALL ;; BEGIN \\; DECLARE c CURSOR WITH HOLD FOR SELECT 1 \\; COMMIT \\; SELECT hotpath.get(NULL::item, 1)"
left "memory grows" "memory grows by" "SELECT hotpath.get(NULL::item, 1), faults.leak('memory')"
left "contexts grow" "memory grows by" "SELECT hotpath.get(NULL::item, 1), faults.leak('context')"
left "a file is left" "a file is left" "COPY (SELECT hotpath.get(NULL::item, 1)) TO ':dir/left'"
left "a file is open" "a file is open" "SELECT hotpath.get(NULL::item, 1), faults.leak(':dir/open')"
left "another result" "another result when run again" "SELECT hotpath.get(NULL::item, 1), random()"
left "another error" "error 22012" "$(handled "RAISE division_by_zero")"
left "a crash" "the session ended" "$(handled "PERFORM faults.leak('crash')")"
for _ in {1..100}; do
	! grep -q "terminated by signal" "$PGDATA.log" || break
	sleep 0.1
done
expect "the log tells of a crash" "terminated by signal" "$(check_log)"

mistake "writers are not noted" "differs|stale" cache/fence.c \
	's/return noted_last(s, xid, &version) ? version : note(s, xid);/return noted_last(s, xid, \&version) ? version : 2;/' '^update' warm
mistake "a context outlives the error" "memory grows by" catalog/relation.c \
	's/AllocSetContextCreate(CurrentMemoryContext, "pg_hotpath relation"/AllocSetContextCreate(CacheMemoryContext, "pg_hotpath relation"/' '^get after ddl$' warm
mistake "memory is asked for after the commit" "PANIC" cache/stage.c \
	's/^\thash_seq_init(&status, staged);$/\tpfree(palloc(100));\n&/' '^update written' warm
mistake "a file outlives the error" "a file is left" export/file.c \
	's/(void) unlink(target->temp);/(void) target;/' '^export file' warm
mistake "an entry is without its parts" "terminated by signal" cache/targets.c \
	's/^\t\ttargets->context = NULL;$/\t\ttargets->context = (MemoryContext) 1;/' '^update' fresh
exit "$status"
