# Exports beside what core and the shell offer. Sourced by run.sh after lib.sh, never run.
#
# Each side is a psql that throws its output away; rates are of JSON bytes (COPY's: of its own text)
# per second, from the start of the client to its end.

EXPORT_ROWS=${EXPORT_ROWS:-500000}
EXPORT_LONG_ROWS=${EXPORT_LONG_ROWS:-10000000}	# of the one long export; at least EXPORT_ROWS
EXPORT_EARLY_ROW=10000
EXPORT_CHUNK=65536

export_load() {
	q -v rows="$EXPORT_ROWS" -f "$here/export.sql" >/dev/null
	export_json_bytes=$(export_json | wc -c)
	export_copy_bytes=$(export_copy | wc -c)
}

export_core() { q -c 'select row_to_json(t) from bench.mixed t'; }
export_json() { q -c "select hotpath.export_json('select * from bench.mixed')"; }
export_copy() { q -c 'copy bench.mixed to stdout'; }
export_gzip() { q -c "select hotpath.export_json_compressed('select * from bench.mixed', 'gzip', 1)"; }
export_zstd() { q -c "select hotpath.export_json_compressed('select * from bench.mixed', 'zstd', 1)"; }
export_gzip_pipe() { export_json | gzip -1; }
export_zstd_pipe() { export_json | zstd -q -1 -c; }

# export_rate BYTES COMMAND...: bytes per second
export_rate() {
	local bytes=$1 start=$EPOCHREALTIME
	shift
	"$@" >/dev/null
	awk -v bytes="$bytes" -v start="$start" -v end="$EPOCHREALTIME" 'BEGIN { printf "%.0f", bytes / (end - start) }'
}

# export_pair NAME PLAIN-BYTES PLAIN EXPORT: one case, the order turned every round
export_pair() {
	local round plain ours
	wanted "$1" || return 0
	say "export: $1"
	for ((round = 1; round <= ROUNDS; round++)); do
		if ((round % 2)); then plain=$(export_rate "$2" "$3"); fi
		ours=$(export_rate "$export_json_bytes" "$4")
		if ((round % 2 == 0)); then plain=$(export_rate "$2" "$3"); fi
		record "$1" 1 "$round" "$plain" "$ours" -
	done
}

# Rows to JSON on the server alone, timed as the PL/pgSQL loops are.
pairs_json_rows() {
	wanted json_rows || wanted json_rows_octets || return 0
	[[ -n ${export_json_bytes:-} ]] || export_load
	session_pairs json_rows "$EXPORT_ROWS" \
		'select sum(length(row_to_json(t)::text)) from bench.mixed t' \
		'select sum(length(hotpath.row_to_json(t)::text)) from bench.mixed t'
	session_pairs json_rows_octets "$EXPORT_ROWS" \
		'select sum(octet_length(row_to_json(t)::text)) from bench.mixed t' \
		'select sum(octet_length(hotpath.row_to_json(t)::text)) from bench.mixed t'
}

pairs_export() {
	wanted export || wanted export_copy || wanted export_gzip || wanted export_zstd || return 0
	export_load
	export_pair export "$export_json_bytes" export_core export_json
	export_pair export_copy "$export_copy_bytes" export_copy export_json
	export_pair export_gzip "$export_json_bytes" export_gzip_pipe export_gzip
	if command -v zstd >/dev/null; then
		export_pair export_zstd "$export_json_bytes" export_zstd_pipe export_zstd
	else
		figure export_zstd 'export_zstd' 'skipped: no program zstd'
	fi
}

# One export of many rows: what its memory grows by between an early row and the end, and how soon the
# first chunk is there. The rows are those of the table again and again.
report_export_long() {
	local times=$((EXPORT_LONG_ROWS / EXPORT_ROWS)) chunks early result bytes kb first all
	[[ -n ${export_json_bytes:-} ]] || export_load
	say "one export of $((EXPORT_ROWS * times)) rows"
	chunks=$((export_json_bytes * times / (EXPORT_CHUNK + EXPORT_CHUNK / 100)))
	early=$((EXPORT_EARLY_ROW * (export_json_bytes / EXPORT_ROWS) / EXPORT_CHUNK + 1))
	result=$(q -F ' ' -v early="$early" -v late=$((chunks - early)) -f "$here/sql/export_long.sql" \
		-v query="select m.* from generate_series(1, $times) g, bench.mixed m")
	read -r bytes kb first all <<<"$result"
	figure export_long "export of $((EXPORT_ROWS * times)) rows: memory at its end less at row $EXPORT_EARLY_ROW" \
		"$((bytes / 1024)) kB in contexts, $kb kB resident" 'at most 16 MB' "$( ((bytes < 16777216 && kb < 16384)) && echo yes || echo no)"
	figure export_long "export of $((EXPORT_ROWS * times)) rows: the first chunk" \
		"$(awk -v f="$first" -v a="$all" 'BEGIN { printf "after %.1f ms of %.1f s, %.3f %%", f, a / 1000, 100 * f / a }')" \
		'at most 1 % of the time' "$(awk -v f="$first" -v a="$all" 'BEGIN { print (f <= a / 100) ? "yes" : "no" }')"
}
