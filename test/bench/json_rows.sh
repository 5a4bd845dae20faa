#!/bin/bash
# Rows to JSON, ours against the server's, in turns on one connection: the median of the ratios.
# Connects as psql does (PGHOST, PGDATABASE, ...); leaves the table json_rows behind.
#   ROWS=200000 TURNS=11 bash test/bench/json_rows.sh
set -euo pipefail
rows=${ROWS:-200000}
turns=${TURNS:-11}
here=$(dirname "$0")

psql -qX -v ON_ERROR_STOP=1 -v rows="$rows" -c 'set client_min_messages = warning' -f "$here/json_rows.sql"
for measure in length octet_length; do
	for ((i = 0; i <= turns; i++)); do
		echo "select sum($measure(hotpath.row_to_json(t)::text)) from json_rows t;"
		echo "select sum($measure(pg_catalog.row_to_json(t)::text)) from json_rows t;"
	done |
		PGOPTIONS='-c max_parallel_workers_per_gather=0 -c jit=off' psql -qAtX -v ON_ERROR_STOP=1 -c '\timing on' -f - |
		awk '/^Time:/ { if (n++ % 2) print $2 / ours, ours, $2; else ours = $2 }' | tail -n +2 | sort -n |
		awk -v measure="$measure" -v rows="$rows" '{ line[NR] = $0 } END {
			split(line[int((NR + 1) / 2)], m, " ")
			printf "%s: %.2fx (ours %.2f us per row, the server %.2f us)\n", measure, m[1], m[2] * 1000 / rows, m[3] * 1000 / rows }'
done
