#!/bin/bash
# Proves that every rule of lint.pl can fail: in a copy of the tree, breaks one rule at a time and
# expects exactly that rule to be reported.
set -euo pipefail

lint=$PWD/test/lint/lint.pl
tree=$(mktemp -d)
trap 'rm -rf "$tree"' EXIT
status=0

# A small tree that keeps every rule, so that the proof does not hang on the state of the real one.
plant() {
	rm -rf "$tree"/{src,test,sql,expected,docs} "$tree"/*.{so,md}
	mkdir -p "$tree"/src/{base,catalog,query,json,cache,page,eager} "$tree"/{test,sql,expected,docs}
	printf '/* The cache. */\n#include "fmgr.h"\nextern int hp_fence_note(void);\n' \
		>"$tree/src/cache/fence.h"
	printf '/* The cache as others see it. */\n#include "cache/fence.h"\nint hp_cache_init(void) { return hp_fence_note(); }\n' |
		sed '2i #include "postgres.h"\n' >"$tree/src/cache/cache.c"
	cat >"$tree/src/base/guc.c" <<-'C'
		/* Parameters. */
		#include "postgres.h"

		void define(void)
		{
			DefineCustomBoolVariable("pg_hotpath.enabled", "serves");
			DefineCustomIntVariable("pg_hotpath.size", "takes");
		}
		static const IntParameter more[] = {
			{"pg_hotpath.first", 1},
			{"pg_hotpath.second", 2}
		};
	C
	echo '/* Pages. */' >"$tree/src/page/seek.h"
	echo '/* Eager loading. */' >"$tree/src/eager/eager.h"
	echo '/* Versions: PG_VERSION_NUM. */' >"$tree/src/base/compat.h"
	cat >"$tree/src/cache/fence.c" <<-'C'
		/* Not "PG_VERSION_NUM", SPI_connect() nor shmem_startup_hook: this is a comment. */
		#include "postgres.h"

		#include "cache/fence.h"

		#include "access/xact.h"
		#include "utils/rel.h"

		#include "base/compat.h"

		int
		hp_fence_note(void)
		{
			return 0;
		}
	C
	cat >"$tree/src/cache/cache.sql" <<-'SQL'
		CREATE FUNCTION @extschema@.get(a int) RETURNS int LANGUAGE sql STABLE PARALLEL SAFE
			AS $$ SELECT a OPERATOR(pg_catalog.+) 1 $$;
		COMMENT ON FUNCTION @extschema@.get(int) IS 'gets';

		CREATE FUNCTION @extschema@.peek(a int) RETURNS int
			AS 'MODULE_PATHNAME', 'hotpath_peek' LANGUAGE C STABLE PARALLEL SAFE;
		COMMENT ON FUNCTION @extschema@.peek(int) IS 'peeks';

		CREATE FUNCTION @extschema@.note() RETURNS trigger AS 'MODULE_PATHNAME', 'hotpath_note' LANGUAGE C;
		COMMENT ON FUNCTION @extschema@.note() IS 'notes';
	SQL
	echo 'SQL_PARTS = src/cache/cache.sql' >"$tree/Makefile"
	echo 'select 1;' >"$tree/sql/one.sql"
	echo '1' >"$tree/expected/one.out"
	printf '#!/bin/bash\ntrue\n' >"$tree/test/run.sh"
	echo 'See [the cache](../README.md#cache) and https://www.postgresql.org/docs.' >"$tree/docs/cache.md"
	cat >"$tree/README.md" <<-'MD'
		# Cache
		`hotpath.get`, `hotpath.peek`, [more](docs/cache.md)

		| `pg_hotpath.enabled` | `on` | |
		| `pg_hotpath.size` | `1` | |
		| `pg_hotpath.first` | `1` | |
		| `pg_hotpath.second` | `2` | |
	MD
}

# The rules that lint.pl reports as broken in the planted tree.
broken() { (cd "$tree" && perl "$lint" 2>/dev/null) | sed -n 's/^not ok - //p' || true; }

report() {
	echo "$1 - $2"
	[ "$1" = ok ] || status=1
}

# expect RULE (a part of its name) after COMMAND broke it.
expected=()
expect() {
	local rule=$1 seen
	shift
	expected+=("$rule")
	plant
	(cd "$tree" && "$@")
	seen=$(broken)
	if [[ $seen == *"$rule"* && $(wc -l <<<"$seen") = 1 ]]; then
		report ok "can fail: $rule"
	else
		report 'not ok' "can fail: $rule"
		echo "#   reported instead: ${seen:-nothing}"
	fi
}

append() { printf '%b\n' "$2" >>"$1"; }

long_function() {
	{
		printf 'static void\nlong_one(void)\n{\n'
		seq -f $'\tcall(%g);' 101
		echo '}'
	} >>src/cache/fence.c
}

long_file() { seq -f '/* %g */' 801 >>src/cache/fence.h; }

foreign_symbol() {
	echo 'int hp_good; int stray_name;' | cc -shared -fPIC -x c -o probe.so - 2>/dev/null
}

strong_reference() {
	echo 'extern int heap_datum_check(void); int hp_good(void) { return heap_datum_check(); }' |
		cc -shared -fPIC -x c -o probe.so - 2>/dev/null
}

plant
seen=$(broken)
if [ -z "$seen" ]; then report ok "a clean tree passes"; else
	report 'not ok' "a clean tree passes"
	echo "#   reported: $seen"
fi

c=src/cache/fence.c
sql=src/cache/cache.sql
declare_note='extern int hp_fence_note(void);'
expect PG_VERSION_NUM append $c '#if PG_VERSION_NUM > 1\n#endif'
expect 'runs SQL' append $c 'int r = SPI_connect();'
expect 'runs SQL' append $c 'void f(void) { PortalStart(p, 0, 0, 0); }'
expect 'runs SQL' sed -i 's|access/xact.h|executor/spi.h|' $c
expect 'shared-memory hooks' append $c 'void f(void) { shmem_startup_hook = 0; }'
expect 'SQL-callable' append $c 'PG_FUNCTION_INFO_V1(hotpath_peek);'
expect 'lower floors' append $c '#include "page/seek.h"'
expect 'lower floors' append src/base/compat.h '#include "cache/fence.h"'
expect 'lower floors' append src/eager/eager.h '#include "page/seek.h"'
expect 'lower floors' eval 'mkdir src/attic && echo "/* a */" >src/attic/a.h'
expect 'at most 800' long_file
expect 'at most 100' long_function
expect 'own header' sed -i '/include "cache/d' $c
expect 'own header' sed -i '/include "postgres.h"/d' $c
expect 'alphabetical' sed -i 's|access/xact.h|utils/zone.h|' $c
expect 'the same guard' eval 'for h in cache/fence page/seek; do append src/$h.h "#ifndef A_H\n#endif"; done'
expect 'begins with a comment' sed -i 1d $c
for mark in 'TO''DO' 'FIX''ME' 'X''XX'; do
	expect 'unfinished' append test/run.sh "# $mark: later"
done
expect 'has a comment' sed -i '/^COMMENT/d' $sql
expect 'has a comment' append $sql 'CREATE VIEW hotpath.v AS SELECT 1;'
expect 'carry our prefix' foreign_symbol
expect 'referenced weakly' strong_reference
expect 'scripts parse' append test/run.sh 'if true'

expect 'defines parameters' append $c 'void f(void) { DefineCustomIntVariable("pg_hotpath.size"); }'
expect 'defines parameters' sed -i 's/enabled/zone/' src/base/guc.c README.md
expect 'defines parameters' sed -i 's/first/third/' src/base/guc.c README.md
expect 'turn the number of a block' append $c 'HpEntry *e = (HpEntry *) 0;'
expect 'hp_<file>_<verb>' sed -i 's/hp_fence_note/hp_note_it/' $c src/cache/fence.h src/cache/cache.c
expect 'HpCamelCase' append src/cache/fence.h 'typedef enum\n{\n\tOPEN\n} fence;'
expect 'HpCamelCase' append src/cache/fence.h 'typedef int (*visit) (void);'
expect 'HpCamelCase' append src/cache/fence.h '#define FENCE 1'
expect 'HpCamelCase' append src/cache/fence.h 'typedef int fences[2];'
expect 'types of one file' append $c 'typedef struct\n{\n\tint\t\tx;\n} fence_note;'
expect 'types of one file' append $c 'typedef int (*visit) (void);'
expect 'types of one file' append $c 'enum state\n{\n\tOPEN\n};'
expect 'types of one file' append $c 'typedef int fences[2];'
expect 'members of a struct' append src/cache/fence.h 'typedef struct HpFence\n{\n\tint\t\tx;\n} HpFence;'
expect 'take interrupts' append $c 'static void\nf(void)\n{\n\tfor (;;)\n\t\tg();\n}'
expect 'take interrupts' append $c 'static void\nf(void)\n{\n\twhile (index_getnext_slot(d, x, s))\n\t{\n\t\tg();\n\t}\n}'
expect 'used by another file' sed -i 's/hp_fence_note()/0/' src/cache/cache.c
expect 'used by another file' sed -i "s/^$declare_note/&\nextern int hp_fence_other(void);/" src/cache/fence.h
expect 'used by another file' append src/cache/fence.h 'static inline int\nhp_fence_one(void)\n{\n\treturn 1;\n}'
expect 'asserts it' append $c 'static void\nnote_locked(int x)\n{\n\tnote(x);\n}'
expect 'is called so' append $c 'static void\nnote(int x)\n{\n\tAssert(LWLockHeldByMe(x));\n}'
expect 'called plainly' append $c 'static void\nhp_fence_other(int x)\n{\n}'
expect 'begins the rooms' append src/pg_hotpath.c '/* The entry. */\n#include "postgres.h"\nint x = hp_fence_note();'
expect 'all SQL of the rooms' eval 'echo "select 1;" >src/page/page.sql'
message='errmsg("a (b"), errdetail("c"), errhint("d")'
expect 'a code, a message' append $c "void f(void) { ereport(ERROR, $message); }"
expect 'a code, a message' append $c "void f(void) { ereport(ERROR, errcode(1), ${message%, *}); }"
expect 'ends the server' append $c 'void f(void) { elog(PANIC, "x"); }'
expect 'ends the server' append $c 'void f(void) { exit(1); }'
expect 'carry our name' append $c 'void f(void) { AllocSetContextCreate(c, "mine", ALLOCSET_SMALL_SIZES); }'
expect 'volatility' sed -i 's/ STABLE PARALLEL SAFE;/ STABLE;/' $sql
expect 'is hotpath_<name> in C' sed -i "s/'hotpath_peek'/'hotpath_look'/" $sql
expect 'is hotpath_<name> in C' eval 'echo "/* a */
#include \"postgres.h\"
PG_FUNCTION_INFO_V1(hotpath_other);" >src/cache/cache_functions.c'
expect 'operators in bodies' sed -i 's/OPERATOR(pg_catalog.+)/+/' $sql
expect 'names every function' sed -i 's/hotpath.peek/hotpath.look/' README.md
expect 'line for every parameter' sed -i '/pg_hotpath.size/d' README.md
expect 'line for every parameter' append README.md '| `pg_hotpath.other` | | |'
expect 'expected output' rm expected/one.out
expect 'expected output' touch expected/two.out
expect 'at most 120 columns' eval 'printf "/* %0120d */\n" 0 >>src/cache/fence.h'
expect 'lead somewhere' sed -i 's|README.md#cache|README.md#caches|' docs/cache.md
expect 'lead somewhere' sed -i 's|docs/cache.md|docs/caches.md|' README.md
expect 'addresses are public' append README.md "http:/""/intranet.test/x"
expect 'path of one machine' append README.md "in /ho""me/me"
expect 'without blanks' append test/run.sh 'true '

# Where the search_path is set, operators need no schema.
plant
sed -i 's/OPERATOR(pg_catalog.+)/+/; s/STABLE PARALLEL SAFE$/& SET search_path = pg_catalog/' "$tree/$sql"
[ -z "$(broken)" ] && report ok "operators may be unqualified where the search_path is set" ||
	report 'not ok' "operators may be unqualified where the search_path is set"

# No rule is without a proof.
plant
while read -r rule; do
	for part in "${expected[@]}"; do [[ $rule != *"$part"* ]] || continue 2; done
	report 'not ok' "can fail, which is not tried: $rule"
done < <(cd "$tree" && perl "$lint" | sed -n 's/^ok - //p')

# The one exception among the floors.
plant
append "$tree/src/page/seek.h" '#include "eager/eager.h"'
[ -z "$(broken)" ] && report ok "page may include eager/eager.h" ||
	report 'not ok' "page may include eager/eager.h"
exit "$status"
