#!/bin/bash
# The other servers: builds and tests the tree, on the PostgreSQL of Debian's newer suites and on a server that is
# built with assertions, each in a chroot of its own, and on an older minor release of this machine's 15.  Root
# only.  Prints "ok - LEG: test" or "not ok - LEG: test"; the last line is "N passed, N failed".
#
#   LEGS="cassert 19 17 15"    which, in the order in which they start; 18 is there as well, but
#                              cassert is 18 already
#   JOBS=2                     how many side by side
#   MATRIX_ALL=1               all tests, without and with preloading, but for the torture run
#   HP_MATRIX_CACHE=/var/cache/pg_hotpath-matrix
#                              keeps the chroots for the next run; may be removed at any time
set -euo pipefail
HERE=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
. "$HERE/../lib.sh"

LEGS=${LEGS:-cassert 19 17 15}
JOBS=${JOBS:-2}
LOG_LINES=400
export MATRIX_ALL=${MATRIX_ALL:-}
export CACHE=${HP_MATRIX_CACHE:-/var/cache/pg_hotpath-matrix}
RESULTS=$(mktemp)
declare -A running=() began=()	# process id => leg, and second

# A leg lives in name spaces of its own, so that with its first process all else goes: its other
# processes, its mounts, its shared memory.
finish() {
	local status=$? passed failed
	trap - EXIT INT TERM
	[ ${#running[@]} = 0 ] || kill -KILL "${!running[@]}" 2>/dev/null || true
	passed=$(grep -c '^ok ' "$RESULTS" || true)
	failed=$(grep -c '^not ok ' "$RESULTS" || true)
	if [ "$status" != 0 ] && [ "$failed" = 0 ]; then
		echo "not ok - matrix: ended with status $status"
		failed=1
	fi
	rm -f "$RESULTS"
	echo "$passed passed, $failed failed"
	[ "$passed" != 0 ] && [ "$failed" = 0 ] || exit 1
	exit 0
}
trap finish EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

start_leg() {
	local leg=$1 script
	case $leg in
		cassert) script=$HERE/cassert.sh ;;
		15) script=$HERE/minor.sh ;;
		*) script=$HERE/packaged.sh ;;
	esac
	: >"$CACHE/log/$leg.results"
	say "== $leg: begins; log: $CACHE/log/$leg.log"
	RESULTS=$CACHE/log/$leg.results unshare --mount --pid --ipc --fork --kill-child \
		bash "$script" "$leg" </dev/null >"$CACHE/log/$leg.log" 2>&1 {lock}>&- &
	running[$!]=$leg
	began[$!]=$SECONDS
}

# Waits for any leg, and shows what came out of it.
finish_leg() {
	local pid leg status=0 results
	wait -n -p pid "${!running[@]}" || status=$?
	leg=${running[$pid]}
	unset "running[$pid]"
	results=$CACHE/log/$leg.results
	say "" "== $leg: ended after $((SECONDS - began[$pid])) seconds"
	if [ "$status" != 0 ] && ! grep -q '^not ok ' "$results"; then
		echo "not ok - ended with status $status" >>"$results"
	elif ! [ -s "$results" ]; then
		echo "not ok - nothing was tested" >>"$results"
	fi
	if grep -q '^not ok ' "$results"; then
		tail -n "$LOG_LINES" "$CACHE/log/$leg.log" | sed 's/^/# /'
	fi
	sed -E "s/^((not )?ok - |skipped: )/\1$leg: /" "$results" | tee -a "$RESULTS"
}

[ "$(id -u)" = 0 ] || die "the matrix makes chroots, which only root can"
bash "$HERE/../setup.sh" matrix || die "the setup failed"
for leg in $LEGS; do
	case $leg in
		cassert | 15 | 17 | 18 | 19) ;;
		*) die "there is no leg \"$leg\"; the head of test/matrix/run.sh names them" ;;
	esac
done
isolate_environment
mkdir -p "$CACHE/log"
exec {lock}>"$CACHE/lock"
flock -n "$lock" || die "another run uses $CACHE"
# The archive that this machine has its own Debian from has the newer suites too.
MIRROR=$(apt-get indextargets --format '$(SITE)' 'Created-By: Packages' 'Origin: Debian' 'Label: Debian' \
	'Component: main' | head -n 1)
[ -n "$MIRROR" ] || die "the apt sources of this machine name no archive of Debian"
export MIRROR

for leg in $LEGS; do
	[ ${#running[@]} -lt "$JOBS" ] || finish_leg
	start_leg "$leg"
done
while [ ${#running[@]} -gt 0 ]; do
	finish_leg
done
