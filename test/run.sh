#!/bin/bash
# make test: builds a copy of the sources, installs it, runs every suite on private servers.
# The last line is "N passed, N failed"; the status is 0 only if something ran and nothing failed.
#
#   SUITES="lint model regress isolation tap"   which suites, in this order; there are also
#                                               build, fuzz, faults, drivers and package
#   REGRESS, ISOLATION, TAP="020_crash"         which tests of the suite of that name, if not all
#   PRELOAD="no yes"                            without and with shared_preload_libraries
#   TEMP_CONFIG=/path                           a file with more settings for the servers
#   PG_MAJOR=17, PG_CONFIG=/path/to/pg_config   which PostgreSQL
#   SUITE_TIMEOUT=1200                          seconds until a suite that hangs is ended
#   RESULTS=/path                               keeps a line "ok - name" or "not ok - name" per test
set -euo pipefail
. "$(dirname "$0")/lib.sh"

SUITES=${SUITES:-lint model regress isolation tap}
PRELOAD=${PRELOAD:-no yes}
SUITE_TIMEOUT=${SUITE_TIMEOUT:-1200}
DIFF_LINES=400
BREAKDOWN='PANIC|FATAL|TRAP:|was terminated by signal|Sanitizer|runtime error'
kept_results=${RESULTS:-}
RESULTS=${kept_results:-$(mktemp)}
: >"$RESULTS"
WORK=
child=

result() { echo "$1 - $2" | tee -a "$RESULTS"; }

# Whatever way the run ends: no server stays behind, and the last line is the count.
finish() {
	local status=$? passed failed
	trap - EXIT INT TERM
	[ -z "$child" ] || kill "$child" 2>/dev/null || true
	[ -z "$WORK" ] || stop_servers_below "$WORK" || true
	passed=$(grep -c '^ok ' "$RESULTS" || true)
	failed=$(grep -c '^not ok ' "$RESULTS" || true)
	if [ "$status" != 0 ] && [ "$failed" = 0 ]; then
		result "not ok" "the run as a whole ended with status $status"
		failed=1
	fi
	if [ "$failed" != 0 ]; then
		say "" "failed:"
		sed -n 's/^not ok - /  /p' "$RESULTS"
		[ -z "$WORK" ] || say "" "logs: $WORK"
	fi
	[ -n "$kept_results" ] || rm -f "$RESULTS"
	echo "$passed passed, $failed failed"
	[ "$passed" != 0 ] && [ "$failed" = 0 ] || exit 1
	exit 0
}
trap finish EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

# The parsers turn a suite's output into result lines, each name prefixed with the suite's.

# Scripts that print one line for each check.
parse_lines() {
	sed -nE "s#^((not )?ok)[ 0-9]*- (.*)\$#\1 - $1: \3#p"
}

# prove --verbose: the top-level tests of each file, less the skipped and those marked as to do.
# A file that died, or broke off its plan, without a failed test counts as one failure.
parse_prove() {
	awk -v suite="$1" '
		function name(path) { sub(/.*\//, "", path); return path }
		/^Test Summary Report/ { summary = 1 }
		summary && /\(Wstat: / { file = name($1); clean = /Failed: 0\)/ }
		summary && clean && /^  (Non-zero|Parse errors)/ {
			print "not ok - " suite ": " file " broke off"; clean = 0
		}
		summary { next }
		match($0, /[^ ]+\.pl \.\./) { file = name(substr($0, RSTART, RLENGTH - 3)) }
		/^(not )?ok [0-9]+/ && tolower($0) !~ /# (skip|todo)/ {
			state = /^not/ ? "not ok" : "ok"
			sub(/^(not )?ok [0-9]+( - )?/, "")
			print state " - " suite ": " file ": " $0
		}'
}

# suite NAME PARSER COMMAND...: runs it in the copy, shows its output, records its results.
suite() {
	local name=$1 parser=$2 status=0 log before out screen
	shift 2
	log=$WORK/$(tr -c 'a-z0-9\n' - <<<"$name").log
	say "" "== $name"
	before=$(wc -l <"$RESULTS")
	exec {out}> >(tee "$log")
	screen=$!
	# A server that outlived its suite must hold neither our output nor our lock.
	(
		cd "$COPY"
		exec {lock}>&- >&"$out" 2>&1 {out}>&-
		exec "${OWNER[@]}" timeout -k 30 "$SUITE_TIMEOUT" env HOME="$WORK" "$@"
	) </dev/null &
	child=$!
	wait "$child" || status=$?
	child=
	exec {out}>&-
	timeout 10 tail --pid="$screen" -s 0.1 -f /dev/null || true
	$parser "$name" <"$log" >>"$RESULTS"
	if [ "$status" != 0 ] && ! tail -n +$((before + 1)) "$RESULTS" | grep -q '^not ok '; then
		result "not ok" "$name: ended with status $status without naming a failed test"
	fi
	return "$status"
}

# show_diffs DIRECTORY: what pg_regress found, and what the server said if it broke down.
show_diffs() {
	local diffs=$COPY/$1/regression.diffs log=$COPY/$1/log/postmaster.log
	if [ -s "$diffs" ]; then
		say "" "-- $diffs"
		head -n "$DIFF_LINES" "$diffs"
		[ "$(wc -l <"$diffs")" -le "$DIFF_LINES" ] || say "... the rest is in the file"
	fi
	if [ -s "$log" ] && grep -qE "$BREAKDOWN" "$log"; then
		say "" "-- $log"
		grep -E "$BREAKDOWN" "$log" | tail -n 20
	fi
}

# What the server and the test script wrote, for each TAP file that failed.
show_tap_logs() {
	local file log
	sed -n '/^Test Summary Report/,$s/^\([^ ]*\)\.pl *(Wstat: .*/\1/p' "$WORK/tap.log" |
		while read -r file; do
			log=$COPY/tmp_check/log/regress_log_${file##*/}
			[ -s "$log" ] || continue
			say "" "-- the end of $log"
			tail -n 40 "$log"
		done
}

# on_temp_instance NAME OUTPUT MAKE-ARGUMENT...: one suite on a throw-away server of pg_regress,
# whose socket is in a private directory and which has no TCP.
on_temp_instance() {
	local name=$1 output=$2 preload
	shift 2
	for preload in $PRELOAD; do
		rm -rf "$COPY/$output"/{regression.diffs,log}
		suite "$name, preload=$preload" parse_regress make -s installcheck with_llvm=no \
			PG_CONFIG="$PG_CONFIG" TAP_TESTS= "$@" \
			EXTRA_REGRESS_OPTS="--temp-instance=$WORK/instance --temp-config=$WORK/$preload.conf" ||
			show_diffs "$output"
		rm -rf "$WORK/instance"
	done
}

has() { compgen -G "$COPY/$1" >/dev/null; }

run_suite() {
	local script
	case $1 in
		lint | model | build | fuzz | faults | drivers | package)
			for script in "$COPY/test/$1"/{run,lint,selftest}.{sh,pl}; do
				[ -e "$script" ] || continue
				suite "${script#"$COPY/test/"}" parse_lines \
					"$([ "${script##*.}" = pl ] && echo perl || echo bash)" "$script" || true
			done
			;;
		regress)
			! has 'sql/*.sql' ||
				on_temp_instance regress . ISOLATION= ${REGRESS:+REGRESS="$REGRESS"}
			;;
		isolation)
			! has 'test/specs/*.spec' ||
				on_temp_instance isolation output_iso REGRESS= \
					${ISOLATION:+ISOLATION="$ISOLATION"}
			;;
		tap)
			! has 'test/t/*.pl' || suite tap parse_prove make -s installcheck with_llvm=no \
				PG_CONFIG="$PG_CONFIG" REGRESS= ISOLATION= PROVE_FLAGS="--verbose --timer" \
				${TAP:+PROVE_TESTS="$(printf 'test/t/%s.pl ' $TAP)"} ||
				show_tap_logs
			;;
		*) die "no suite \"$1\"; the head of test/run.sh names them" ;;
	esac
}

# 3: something is missing that only root could install; a suite that needs it will say so.
for name in test $SUITES; do
	case $name in
		test | build | fuzz | faults | drivers | package)
			bash "$ROOT/test/setup.sh" "$name" || [ $? = 3 ] || die "the setup failed"
			;;
	esac
done
isolate_environment
find_postgres
mkdir -p "$ROOT/build"
exec {lock}>"$ROOT/build/test.lock"
flock -n "$lock" || die "another \"make test\" is running in this tree"

make_work_dir test
COPY=$WORK/tree
copy_sources "$COPY"
for preload in no yes; do
	{
		echo "max_prepared_transactions = 10"
		# a transaction of its own would keep what is cached just then from being used at once
		echo "autovacuum = off"
		[ $preload = no ] || echo "shared_preload_libraries = 'pg_hotpath'"
		[ -z "${TEMP_CONFIG:-}" ] || cat "$TEMP_CONFIG"
	} >"$WORK/$preload.conf"
done

say "== build with $("$PG_CONFIG" --version), in $WORK"
built=yes
{ build_in "$COPY" && result ok "build"; } || { result "not ok" "build"; built=no; }
if [ $built = yes ]; then
	{ install_from "$COPY" && result ok "install"; } || { result "not ok" "install"; built=no; }
fi

for name in $SUITES; do
	case $built-$name in
		yes-* | *-lint | *-model) run_suite "$name" ;;
		*) result "not ok" "$name: not run, as there is nothing installed to test" ;;
	esac
done
