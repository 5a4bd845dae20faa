#!/bin/bash
# The suite "build": what a packager, and somebody with sudo, does with the Makefile.  Everything
# happens in copies of the tree, and on a copy of the PostgreSQL installation that belongs to us.
# Prints "ok - check" or "not ok - check" with what was seen; fails if a check failed.
set -uo pipefail
. "$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)/../lib.sh"
isolate_environment
find_postgres

W=$(mktemp -d "${TMPDIR:-/tmp}/hotpath-build.XXXXXX")
failed=0
server=		# data directory of the one that runs

finish() {
	trap - EXIT INT TERM
	[ -z "$server" ] || stop_server "$server"
	chmod -R u+w "$W"
	rm -rf "$W"
	exit "$failed"
}
trap finish EXIT
trap 'failed=130; exit' INT
trap 'failed=143; exit' TERM

# check NAME COMMAND...: shows what the command printed if it fails.
check() {
	local name=$1
	shift
	if "$@" >"$W/output" 2>&1; then
		echo "ok - $name"
	else
		echo "not ok - $name"
		tail -n 60 "$W/output" | sed 's/^/# /'
		failed=1
	fi
}

# The name, size and content of every file below a directory.
fingerprint() { (cd "$1" && find . ! -type d -printf '%p %M ' -exec sha256sum {} \; | sort); }

# A copy of the sources, and what it looked like.
new_tree() {
	copy_tree "$W/$1"
	fingerprint "$W/$1" >"$W/$1.before"
}

same_tree() { diff "$W/$1.before" <(fingerprint "$W/$1"); }

# make, in such a copy.
make_in() { make -s -C "$W/$1" PG_CONFIG="$PG_CONFIG" "${@:2}"; }

# A compiler that warns writes something, and with -s nobody else does.
builds_quietly() {
	make_in "$@" -j"$(nproc)" HP_CFLAGS=-Werror all >"$W/said" 2>&1 || { cat "$W/said"; return 1; }
	[ ! -s "$W/said" ] || { cat "$W/said"; return 1; }
}

nothing_to_do() { make_in "$@" -q all || { echo "make would build again:"; make_in "$@" -n all; return 1; }; }

has_no_bitcode() { ! find "$W/$1" -name '*.bc' | grep .; }

rebuilds_for_header() {
	local object
	touch "$W/$1/src/base/compat.h"
	for object in $(cd "$W/$1" && find src -name '*.o'); do
		! make_in "$1" with_llvm=no -q "$object" || { echo "$object is not rebuilt"; return 1; }
	done
	# marked as built, which it is
	make_in "$1" with_llvm=no -t all
}

# The files that an installation consists of, as paths below DESTDIR; given what with_llvm is.
expected_files() {
	local tree=$W/$1 llvm=$2 file
	local extension
	extension=$("$PG_CONFIG" --sharedir)/extension
	{
		echo "$("$PG_CONFIG" --pkglibdir)/pg_hotpath.so"
		echo "$extension/pg_hotpath.control"
		(cd "$tree" && printf "$extension/%s\n" pg_hotpath--*.sql)
		(cd "$tree/upgrade" && printf "$extension/%s\n" *.sql)
		if [ "$llvm" = yes ]; then
			echo "$("$PG_CONFIG" --pkglibdir)/bitcode/pg_hotpath.index.bc"
			(cd "$tree" && find src -name '*.c' | sed 's/c$/bc/') |
				sed "s#^#$("$PG_CONFIG" --pkglibdir)/bitcode/pg_hotpath/#"
		fi
	} | sort
}

installs_exactly() {
	local tree=$1 llvm=$2 to=$W/dest-$1
	rm -rf "$to"
	make_in "$tree" with_llvm="$llvm" DESTDIR="$to" install || return 1
	diff <(expected_files "$tree" "$llvm") <(cd "$to" && find . ! -type d | sed 's/^\.//' | sort)
}

# Anybody can read it, only the owner can write, and only directories and the library run.
has_usual_modes() {
	! find "$W/dest-$1" \( ! -perm -444 -o -perm /022 -o -type f -name '*.sql' -perm /111 \) | grep .
}

uninstalls() {
	make_in "$1" with_llvm="$2" DESTDIR="$W/dest-$1" uninstall || return 1
	! find "$W/dest-$1" ! -type d | grep .
}

# "make && sudo make install": who installs is somebody else, and finds all built.
installs_from_read_only() {
	local tree=$1
	chmod -R a-w "$W/$tree"
	fingerprint "$W/$tree" >"$W/$tree.built"
	installs_exactly "$tree" "$2" && diff "$W/$tree.built" <(fingerprint "$W/$tree")
	local status=$?
	chmod -R u+w "$W/$tree"
	return $status
}

cleans() { make_in "$@" clean && same_tree "$1"; }

# A copy of the installation, so that what the server loads is ours to replace.
copy_installation() {
	local directory
	copy_postgres "$W/root" || return 1
	for directory in "$("$PG_CONFIG" --includedir)" "$("$PG_CONFIG" --includedir-server)"; do
		[ -e "$W/root$directory" ] && continue
		mkdir -p "$W/root${directory%/*}"
		ln -s "$directory" "$W/root$directory" || return 1
	done
	BINDIR=$W/root$BINDIR
	PG_CONFIG=$BINDIR/pg_config
	[ "$("$PG_CONFIG" --bindir)" = "$BINDIR" ]
}

start_server() {
	server=$W/data
	export PGHOST=$W/socket PGUSER=postgres PGDATABASE=postgres
	mkdir "$PGHOST"
	"$BINDIR/initdb" -D "$server" -U postgres -A trust -E UTF8 --no-locale -N >/dev/null &&
		printf '%s\n' "listen_addresses = ''" "unix_socket_directories = '$PGHOST'" "$@" \
			>>"$server/postgresql.conf" &&
		"$BINDIR/pg_ctl" -s -w -D "$server" -l "$W/server.log" start
}

# Fails, with the log of the server, if a test does.
installcheck() {
	make_in "$@" TAP_TESTS= installcheck || { cat "$W/$1"/{,output_iso/}regression.diffs; return 1; }
}

# The regression tests on a throw-away server into which a sanitizer was built by way of us.
passes_sanitized() {
	local preload=$W/preload.conf
	printf '%s\n' "max_prepared_transactions = 10" "autovacuum = off" "shared_preload_libraries = 'pg_hotpath'" >"$preload"
	nm -D --undefined-only "$W/$1/pg_hotpath.so" | grep __ubsan_ >/dev/null ||
		{ echo "the library is not instrumented"; return 1; }
	installcheck "$1" with_llvm=no ISOLATION= \
		EXTRA_REGRESS_OPTS="--temp-instance=$W/instance --temp-config=$preload"
	local status=$?
	! grep -F 'runtime error' "$W/$1/log/postmaster.log" && return $status
}

# A query that calls us, where the JIT looks for whatever it can inline.
inlines() {
	local sql="set jit = on; set jit_above_cost = 0; set jit_inline_above_cost = 0;
		create extension pg_hotpath; create table t (id int primary key);
		insert into t select generate_series(1, 10);
		explain (analyze, timing off)
			select hotpath.get(null::t, id) from t where hotpath.get(null::t, id) is not null"
	"$BINDIR/psql" -X -v ON_ERROR_STOP=1 -c "$sql" | grep -F 'Inlining true'
}

for tool in gcc clang nm; do
	command -v "$tool" >/dev/null || { echo "not ok - there is no $tool; test/setup.sh build"; exit 1; }
done

for compiler in gcc clang; do
	new_tree $compiler
	check "$compiler builds without a warning" builds_quietly $compiler CC=$compiler with_llvm=no
	check "$compiler: a second make has nothing to do" nothing_to_do $compiler CC=$compiler with_llvm=no
done
check "with_llvm=no builds no bitcode" has_no_bitcode gcc
check "a changed header makes all objects stale" rebuilds_for_header gcc
check "make install brings just its files" installs_exactly gcc no
check "its files have the usual modes" has_usual_modes gcc
check "make uninstall takes them all away" uninstalls gcc no
check "somebody who may not write to the tree can install" installs_from_read_only gcc no
for compiler in gcc clang; do
	check "$compiler: make clean leaves the tree as it was" cleans $compiler with_llvm=no
done

check "an installation can be copied" copy_installation
global=$(dirname "$("$PG_CONFIG" --pgxs)")/../Makefile.global
server_clang=$(sed -nE 's/^CLANG[[:space:]]*=[[:space:]]*//p' "$global")
if [ "$(sed -nE 's/^with_llvm[[:space:]]*=[[:space:]]*//p' "$global")" != yes ]; then
	echo "# no bitcode: this PostgreSQL was built without LLVM"
elif ! command -v "$server_clang" >/dev/null; then
	echo "# no bitcode: there is no $server_clang"
else
	new_tree llvm
	check "bitcode builds without a warning" builds_quietly llvm with_llvm=yes
	check "bitcode: a second make has nothing to do" nothing_to_do llvm with_llvm=yes
	check "bitcode is installed with the rest" installs_exactly llvm yes
	check "bitcode is taken away with the rest" uninstalls llvm yes
	check "bitcode: somebody who may not write to the tree can install" \
		installs_from_read_only llvm yes
fi

# The README's commands, on a server with the one setting that they name.
[ -d "$W/llvm" ] || new_tree llvm
check "make" make_in llvm all
check "make install" make_in llvm install
check "a server starts" start_server "max_prepared_transactions = 10" "autovacuum = off"
[ -z "${server_clang:-}" ] || check "the JIT inlines with our bitcode there" inlines
check "make installcheck" installcheck llvm
stop_server "$server" && server=
check "make clean leaves the tree as it was" cleans llvm

new_tree sanitized
check "builds with the sanitizer for undefined behaviour" builds_quietly sanitized with_llvm=no \
	COPT="-fsanitize=undefined -fno-sanitize-recover=undefined"
check "make install of that" make_in sanitized with_llvm=no install
check "regress, with the sanitizer" passes_sanitized sanitized
