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
	rm -rf "$tree/src" "$tree/test" "$tree"/*.so
	mkdir -p "$tree"/src/{base,catalog,query,json,cache,page,eager} "$tree/test"
	printf '/* The cache. */\n#include "fmgr.h"\nextern int hp_fence_note(void);\n' \
		>"$tree/src/cache/fence.h"
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
		CREATE FUNCTION hotpath.get(a int) RETURNS int LANGUAGE sql AS 'SELECT a';
		COMMENT ON FUNCTION hotpath.get(int) IS 'gets';
	SQL
	printf '#!/bin/bash\ntrue\n' >"$tree/test/run.sh"
}

# The rules that lint.pl reports as broken in the planted tree.
broken() { (cd "$tree" && perl "$lint" 2>/dev/null) | sed -n 's/^not ok - //p' || true; }

report() {
	echo "$1 - $2"
	[ "$1" = ok ] || status=1
}

# expect RULE (a part of its name) after COMMAND broke it.
expect() {
	local rule=$1 seen
	shift
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
expect PG_VERSION_NUM append $c '#if PG_VERSION_NUM > 1\n#endif'
expect 'calls SPI' append $c 'int r = SPI_connect();'
expect 'calls SPI' sed -i 's|access/xact.h|executor/spi.h|' $c
expect 'shared-memory hooks' append $c 'void f(void) { shmem_startup_hook = 0; }'
expect 'SQL-callable' append $c 'PG_FUNCTION_INFO_V1(hotpath_x);'
expect 'lower floors' append $c '#include "page/seek.h"'
expect 'lower floors' append src/base/compat.h '#include "cache/fence.h"'
expect 'lower floors' append src/eager/eager.h '#include "page/seek.h"'
expect 'lower floors' eval 'mkdir src/attic && echo "/* a */" >src/attic/a.h'
expect 'at most 800' long_file
expect 'at most 100' long_function
expect 'own header' sed -i '/include "cache/d' $c
expect 'own header' sed -i '/include "postgres.h"/d' $c
expect 'alphabetical' sed -i 's|access/xact.h|utils/zone.h|' $c
expect 'begins with a comment' sed -i 1d $c
for mark in 'TO''DO' 'FIX''ME' 'X''XX'; do
	expect 'unfinished' append test/run.sh "# $mark: later"
done
expect 'has a comment' sed -i '/^COMMENT/d' src/cache/cache.sql
expect 'has a comment' append src/cache/cache.sql 'CREATE VIEW hotpath.v AS SELECT 1;'
expect 'carry our prefix' foreign_symbol
expect 'referenced weakly' strong_reference
expect 'scripts parse' append test/run.sh 'if true'

# The one exception among the floors.
plant
append "$tree/src/page/seek.h" '#include "eager/eager.h"'
[ -z "$(broken)" ] && report ok "page may include eager/eager.h" ||
	report 'not ok' "page may include eager/eager.h"
exit "$status"
