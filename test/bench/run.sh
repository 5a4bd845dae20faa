#!/usr/bin/env bash
# Paired measurements of pg_hotpath beside plain SQL. README.md says how to read the result.
#
#   CASES="get pl_get" ROUNDS=15 test/bench/run.sh     the installed extension of PG_CONFIG's server
#   QUICK=1 test/bench/run.sh                          tries the harness; its figures mean nothing
#
# Markdown on stdout and in $OUT/RESULTS.md, raw rates in $OUT/raw.tsv, progress on stderr.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
OUT=${OUT:-$here/../../build/bench}
CASES=$(tr ',' ' ' <<<"${CASES:-}" | xargs)
if [[ -n ${QUICK:-} ]]; then
	: "${ROUNDS:=1}" "${ROWS:=100000}" "${KEYS:=20000}" "${TOAST_ROWS:=1000}" "${EDIT_ROWS:=10000}" "${BULK_ROWS:=20000}"
	: "${PAGE_ROWS:=20000}" "${EAGER_USERS:=2000}" "${EXPORT_ROWS:=20000}" "${EXPORT_LONG_ROWS:=100000}" "${PL_CALLS:=5000}"
	: "${PLOT_CLIENTS:=1 4}" "${PLOT_PARENTS:=1 10 100}" "${PLOT_ROUNDS:=1}" "${PEER_ROWS:=2000}"
	: "${TRACE:=200000}" "${HIT_LOOPS:=2000}" "${CACHE_SIZE:=128MB}" "${SHARED_BUFFERS:=128MB}"
fi
ROUNDS=${ROUNDS:-6}                   # even, so that each side goes first as often as the other
SLICE=${SLICE:-1}                     # seconds of pgbench for each side of a pair: short runs, many rounds
CLIENTS=${CLIENTS:-1 4}
ROWS=${ROWS:-1000000}                 # of the narrow table
KEYS=${KEYS:-200000}                  # of them are read, and fit the cache
TOAST_ROWS=${TOAST_ROWS:-10000}
EDIT_ROWS=${EDIT_ROWS:-100000}
BULK_ROWS=${BULK_ROWS:-200000}
PL_CALLS=${PL_CALLS:-50000}           # look-ups of one turn in PL/pgSQL
TRACE=${TRACE:-1500000}               # reads of the Zipf trace that count; as many go before them
HIT_LOOPS=${HIT_LOOPS:-10000}         # look-ups under callgrind
CACHE_SIZE=${CACHE_SIZE:-512MB}
ZIPF_CACHE_SIZE=${ZIPF_CACHE_SIZE:-2MB}
SHARED_BUFFERS=${SHARED_BUFFERS:-512MB}
EXTENSION_SQL=${EXTENSION_SQL:-}      # a stand-in for CREATE EXTENSION, to work on the harness itself
PRELOAD=$([[ -n $EXTENSION_SQL ]] || echo pg_hotpath)

# shellcheck source=lib.sh
. "$here/lib.sh"
# shellcheck source=figures.sh
. "$here/figures.sh"
# shellcheck source=export.sh
. "$here/export.sh"
# shellcheck source=pages.sh
. "$here/pages.sh"
# shellcheck source=eager.sh
. "$here/eager.sh"
# shellcheck source=plots.sh
. "$here/plots.sh"
# shellcheck source=peers.sh
. "$here/peers.sh"
# shellcheck source=results.sh
. "$here/results.sh"

# A group's name stands for its cases.
for group in peer plot; do
	members=$(sed -n "s/^\(${group}_[a-z0-9_]*\)|.*/\1/p" "$here/cases.txt" | xargs)
	CASES=" $CASES " CASES=$(xargs <<<"${CASES/ ${group}s / $members }")
done
for name in $CASES; do
	grep -q "^$name|" "$here/cases.txt" || die "no case '$name'; there are: $(grep -v '^#' "$here/cases.txt" | cut -d'|' -f1 | xargs)"
done

mkdir -p "$OUT"
OUT=$(cd "$OUT" && pwd)
raw=$OUT/raw.tsv figures=$OUT/figures.tsv plots=$OUT/plots.tsv
: >"$raw"
: >"$figures"
: >"$plots"
rm -rf "$OUT/plots"
mkdir "$OUT/plots"
load_before=$(cut -d' ' -f1 /proc/loadavg 2>/dev/null || echo unknown)
bin=$("${PG_CONFIG:-pg_config}" --bindir)
started=$SECONDS

say "private cluster, $ROWS rows"
cluster_create
cluster_start "$CACHE_SIZE"
if [[ -n $EXTENSION_SQL ]]; then q -f "$EXTENSION_SQL" >/dev/null; else q -c 'create extension pg_hotpath'; fi
q -v rows="$ROWS" -v toast_rows="$TOAST_ROWS" -v edit_rows="$EDIT_ROWS" -v bulk_rows="$BULK_ROWS" -f "$here/sql/load.sql" >/dev/null
q -f "$here/sql/functions.sql"

if wanted bytes; then report_bytes; fi
say "warming the cache"
q -v keys="$KEYS" -v toast_rows="$TOAST_ROWS" -v edit_rows="$EDIT_ROWS" -f "$here/sql/warm.sql" >/dev/null
make_scripts
make_key_lists

session_pairs pl_get "$PL_CALLS" "select bench.pl_plain(1, $PL_CALLS)" "select bench.pl_get(1, $PL_CALLS)"
session_pairs pl_get_json "$PL_CALLS" "select bench.pl_json_plain(1, $PL_CALLS)" "select bench.pl_json_get(1, $PL_CALLS)"
session_pairs many64_sum $((64 * 300)) 'select bench.many_plain(64, 300)' 'select bench.many_get(64, 300)'
session_pairs many1000_sum $((1000 * 20)) 'select bench.many_plain(1000, 20)' 'select bench.many_get(1000, 20)'

for clients in $CLIENTS; do
	floor='' once=()
	if [[ $clients == 1 ]]; then floor=floor once=(get_typed:row_plain:row_get_typed); fi
	pairs prepared "$clients" "$floor" noise:row_plain:row_plain get:row_plain:row_get get_json:json_plain:json_get \
		get_toast:toast_plain:toast_get "${once[@]}"
	pairs simple "$clients" "$floor" get_simple:row_plain:row_get get_json_simple:json_plain:json_get
	pairs prepared "$clients" "" many64:many64_plain:many64_get many1000:many1000_plain:many1000_get
	if [[ $clients != 1 ]]; then
		pairs prepared "$clients" "" pl_get:pl_plain:pl_get pl_get_json:pl_json_plain:pl_json_get
	fi
	if wanted redis; then pairs_redis "$clients"; fi
	TOUCH=0 pairs prepared "$clients" "" get_new:row_plain:row_get
done

plot_cache

make_idle_twins
before_round=$here/sql/before_update.sql
for clients in $CLIENTS; do
	ROUNDS=$((ROUNDS * 2)) pairs prepared "$clients" "" update:update_plain:update_cached	# the noisiest
done
ROUNDS=$((ROUNDS * 2)) pairs prepared 1 "" update_idle:update_plain:update_idle
if wanted update_commit; then
	set_config fsync on
	for clients in $CLIENTS; do
		pairs prepared "$clients" "" update_commit:update_plain:update_cached
	done
	set_config fsync off
fi
pairs_bulk_update bulk_update cached
pairs_bulk_update bulk_update_idle idle

pairs_export
pairs_json_rows
plot_export
pairs_pages
if wanted export_long; then report_export_long; fi
pairs_eager
peers

if wanted zipf; then report_zipf; fi
if wanted instructions; then report_instructions; fi

report >"$OUT/RESULTS.md"
cat "$OUT/RESULTS.md"
keep_results
say "$((SECONDS - started)) s; also in $OUT/RESULTS.md"
