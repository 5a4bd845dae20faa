#!/bin/bash
# Fuzzes every parser that reads a stranger's bytes, each in a backend of a server of its own; two
# at a time.  fuzz.c says what a finding is.  First come the inputs that are kept here: seeds/ has
# those that say how a target is meant to be used, corpus/ those that were found and cover the most,
# regressions/ those that found something once.
#
#   FUZZ_TARGETS="cursor filter ..."	all of targets.c by default
#   FUZZ_SECONDS=60						for each target
#   FUZZ_KEEP=DIRECTORY					afterwards write there the fewest inputs that cover as much
#
# A finding is shown as a line for regressions/TARGET.txt.
set -euo pipefail
cd "$(dirname "$0")/../.."
. test/lib.sh

FUZZ_TARGETS=${FUZZ_TARGETS:-cursor filter order_by embed export key page}
FUZZ_SECONDS=${FUZZ_SECONDS:-60}
FUZZ_KEEP=${FUZZ_KEEP:-}
# No thread that watches memory, and the server's signals are its own.
LIBFUZZER=(-timeout=600 -rss_limit_mb=0 -detect_leaks=0 -max_len=1024
	-handle_int=0 -handle_term=0 -handle_usr1=0 -handle_usr2=0)
HERE=$PWD/test/fuzz
failed=0

find_postgres
work=$HOME/fuzz
rm -rf "$work"
mkdir "$work"
sockets=$(mktemp -d)	# whose path is short
trap 'kill $(jobs -p) 2>/dev/null || true; stop_servers_below "$work"; rm -rf "$sockets"' EXIT
trap 'exit 143' INT TERM

report() {
	echo "$1 - $2"
	[ "$1" = ok ] || failed=1
}

# Path of one of clang's runtime libraries.
runtime() {
	find "$(clang -print-resource-dir)/lib" -name "libclang_rt.$1*.a" 2>/dev/null |
		grep -m 1 -E "$1(-$(uname -m))?\.a$"
}

# shellcheck disable=SC2317 # called by xargs
compile() {
	local guards=()
	case $1 in	# guard.c says why
		src/page/cursor_read.c) guards=(palloc=fuzz_guarded_palloc pfree=fuzz_guarded_pfree) ;;
		src/page/request.c | src/catalog/argument.c | src/*/*_functions.c)
			guards=(pg_detoast_datum=fuzz_guarded_detoast
				pg_detoast_datum_copy=fuzz_guarded_detoast_copy
				pg_detoast_datum_packed=fuzz_guarded_detoast_packed)
			;;
	esac
	clang -c -g -O1 -fPIC -fno-strict-aliasing -fwrapv -fno-omit-frame-pointer \
		-fsanitize=fuzzer-no-link,undefined -fno-sanitize-recover=undefined \
		-DUSE_ASSERT_CHECKING -D_GNU_SOURCE -Wall -Wextra -Werror -Wno-unused-parameter \
		-Wno-sign-compare -Wno-missing-field-initializers -Wno-ignored-attributes \
		"${guards[@]/#/-D}" -Isrc -Itest/fuzz "-I$INCLUDE" "$1" -o "$work/objects/${1//\//_}.o"
}

# The extension and the harness in one library.
build_library() {
	mkdir -p "$work/objects"
	INCLUDE=$("$PG_CONFIG" --includedir-server)
	export -f compile
	export INCLUDE work
	printf '%s\n' src/*.c src/*/*.c test/fuzz/*.c |
		xargs -P "$(nproc)" -I '{}' bash -c 'compile {}' || return 1
	clang++ -shared -o "$work/hotpath_fuzz.so" "$work"/objects/*.o \
		"$(runtime ubsan_standalone)" -Wl,--whole-archive "$(runtime fuzzer_no_main)" \
		-Wl,--no-whole-archive -lz -lzstd -llz4 -lm -lpthread -ldl -lrt
}

# A data directory with everything that targets need, to be copied.
make_template() {
	"$BINDIR/initdb" -D "$work/template" -A trust -U postgres --no-locale -E UTF8 -N >"$work/initdb.log"
	cat >>"$work/template/postgresql.conf" <<-CONF
		listen_addresses = ''
		dynamic_library_path = '$work:\$libdir'
		restart_after_crash = off
		fsync = off
		autovacuum = off
		jit = off
		shared_buffers = 16MB
		max_parallel_workers_per_gather = 0
		log_min_messages = warning
	CONF
	start template
	query template postgres -c 'CREATE DATABASE fuzz'
	query template fuzz -f "$HERE/schema.sql" >"$work/schema.log"
	stop template
}

start() {
	mkdir -p "$sockets/$1"
	GLIBC_TUNABLES=glibc.malloc.tcache_count=0:glibc.malloc.mxfast=0 \
		"$BINDIR/pg_ctl" -s -w -D "$work/$1" -o "-k '$sockets/$1'" -l "$work/$1.log" start
}

stop() { stop_server "$work/$1"; }

# query SERVER DATABASE ARGUMENT...
query() {
	local server=$1 database=$2
	shift 2
	"$BINDIR/psql" -XAtq -v ON_ERROR_STOP=1 -h "$sockets/$server" -U postgres -d "$database" "$@"
}

# drive TARGET ARGUMENT...: runs libFuzzer in the server of a target.
drive() {
	local target=$1
	shift
	printf '%s\n' "${LIBFUZZER[@]}" "$@" >"$work/$target/fuzz.arguments"
	query "$target" fuzz -c "SELECT fuzz('$target')" >>"$work/$target.log" 2>&1
}

fuzz_target() {
	local target=$1 inputs=$work/$1.inputs kept=$work/$1.kept dictionary=$HERE/dictionaries/$1.dict
	cp -a "$work/template" "$work/$target"
	mkdir -p "$inputs" "$kept" "$work/$target.found"
	for file in "$HERE"/{regressions,seeds,corpus}/"$target.txt"; do
		[ ! -e "$file" ] || perl "$HERE/corpus.pl" unpack "$file" "$kept"
	done
	start "$target"
	drive "$target" "-max_total_time=$FUZZ_SECONDS" -print_final_stats=1 "-dict=$dictionary" \
		"-artifact_prefix=$work/$target.found/" "$inputs" "$kept" || return 1
	[ -z "$FUZZ_KEEP" ] || keep "$target"
	stop "$target"
	rm -rf "${work:?}/$target"
}

# Choose from the inputs at hand, and those kept, and write them to FUZZ_KEEP.
keep() {
	local target=$1 control=$work/$1.control files
	files=$(find "$work/$target.inputs" "$work/$target.kept" -type f -printf '%s %p\n' | sort -n | cut -d ' ' -f 2-)
	{
		wc -l <<<"$files"
		echo 0
		echo "$files"
	} >"$control"
	drive "$target" -merge_inner=1 "-merge_control_file=$control"
	mkdir -p "$work/$target.chosen"
	perl "$HERE/corpus.pl" cover "$control" | xargs -r -I '{}' cp '{}' "$work/$target.chosen"
	perl "$HERE/corpus.pl" pack "$work/$target.chosen" >"$FUZZ_KEEP/$target.txt"
}

# number_after TEXT LOG: the first number that follows a text at the beginning of a line.
number_after() { sed -n "s/^$1: *\([0-9]*\).*/\1/p" "$2" | head -n 1; }

# judge TARGET STATUS: what its log says.
judge() {
	local target=$1 log=$work/$1.log runs edges compared kept
	runs=$(number_after stat::number_of_executed_units "$log")
	compared=$(number_after COMPARED "$log")
	edges=$(sed -n -e '/^stat::/q' -e 's/.* cov: \([0-9]*\) .*/\1/p' "$log" | tail -n 1)
	kept=$(find "$work/$target.kept" -type f | wc -l)
	if [ "$2" = 0 ] && [ "${runs:-0}" -gt "$kept" ] && [ "${compared:-0}" -gt 0 ]; then
		report ok "$target: $runs executions, $edges edges, memory flat, $(number_after CANCELLED "$log") cancelled"
		return
	fi
	report 'not ok' "$target: after ${runs:-some} executions, ${edges:-some} edges, memory compared ${compared:-0} times"
	grep -E 'FINDING|runtime error|TRAP:|ERROR|FATAL|PANIC|Sanitizer' "$log" | head -n 10 | sed 's/^/#   /' || true
	say "#   the whole log is $log"
	perl "$HERE/corpus.pl" pack "$work/$target.found" | sed 's/^/#   input: /'
}

for tool in clang clang++; do
	command -v $tool >/dev/null || { report 'not ok' "there is no $tool"; exit 1; }
done
for name in fuzzer_no_main ubsan_standalone; do
	[ -n "$(runtime $name)" ] || { report 'not ok' "clang's runtime library $name is missing (libclang-rt-dev)"; exit 1; }
done
if ! build_library >"$work/build.log" 2>&1; then
	report 'not ok' "the library for fuzzing cannot be built"
	head -n 40 "$work/build.log" | sed 's/^/#   /'
	exit 1
fi
report ok "the extension is built with clang, sanitizers and assertions"
make_template

read -ra queue <<<"$FUZZ_TARGETS"
for ((i = 0; i < ${#queue[@]}; i += 2)); do
	pair=("${queue[@]:i:2}")
	pids=()
	for target in "${pair[@]}"; do
		fuzz_target "$target" &
		pids+=($!)
	done
	for n in "${!pair[@]}"; do
		status=0
		wait "${pids[n]}" || status=$?
		judge "${pair[n]}" "$status"
	done
done
exit "$failed"
