# A plot for each capability: what it costs against clients, depth, size. Sourced by run.sh after eager.sh,
# never run. The figures of a plot are in $OUT/plots/NAME.tsv, drawn by gnuplot/NAME.gp.

PLOT_CLIENTS=${PLOT_CLIENTS:-1 2 4 8}
PLOT_PARENTS=${PLOT_PARENTS:-1 3 10 30 100 300 1000}
PLOT_ROUNDS=${PLOT_ROUNDS:-3}         # of each export

# plot_draw NAME CAPTION: from its figures, into the page
plot_draw() {
	if ! command -v gnuplot >/dev/null; then
		printf '%s\t%s\n' "$1" "No plot: gnuplot is not installed." >>"$plots"
	elif gnuplot -e "data='$OUT/plots/$1.tsv'; file='$OUT/plots/$1.svg'" "$here/gnuplot/style.gp" "$here/gnuplot/$1.gp" >&2; then
		sed -i 's/[[:blank:]]*$//' "$OUT/plots/$1.svg"
		printf '%s\t%s\n' "$1" "![$2](plots/$1.svg)" >>"$plots"
	else
		printf '%s\t%s\n' "$1" "No plot: gnuplot failed." >>"$plots"
	fi
}

# Microseconds of a read, by throughput: prepared over connections, and in PL/pgSQL loops.
plot_cache() {
	local clients rates
	wanted plot_cache || return 0
	echo $'clients\tselect\tselect_json\tget\tget_json\tpl_select\tpl_select_json\tpl_get\tpl_get_json' >"$OUT/plots/cache.tsv"
	for clients in $PLOT_CLIENTS; do
		say "plot: reads with $clients clients"
		rates=$(turns prepared "$clients" row_plain json_plain row_get json_get)
		rates+=" $(turns prepared "$clients" pl_plain pl_json_plain pl_get pl_json_get)"
		awk -v clients="$clients" -v burst="$BURST" '{
			printf "%s", clients
			for (i = 1; i <= 8; i++) printf "\t%.3f", 1e6 / ($i * burst * (i > 4 ? 500 : 1))
			print "" }' <<<"$rates" >>"$OUT/plots/cache.tsv"
	done
	plot_draw cache 'Microseconds of a read against the number of clients'
}

# Milliseconds of a page of 50 rows, in PL/pgSQL, the median of many.
plot_pages() {
	local depth id place at
	wanted plot_pages || return 0
	echo $'depth\toffset\tkeyset\tpage' >"$OUT/plots/pages.tsv"
	for ((depth = 50; depth <= PAGE_ROWS / 2; depth = depth * 10 > PAGE_ROWS / 2 && depth < PAGE_ROWS / 2 ? PAGE_ROWS / 2 : depth * 10)); do
		say "plot: a page after $depth rows"
		IFS='|' read -r id at < <(q -c "select id, created_at from bench.events order by created_at desc, id desc offset $((depth - 1)) limit 1")
		place=$(q -c "select hotpath.cursor_at('bench.events', 'created_at desc, id desc', $id)")
		q -F $'\t' -c "select $depth, bench.cost('select bench.offset_plain(1, $depth)') / 1000,
			bench.cost('select bench.hand_page(20, ''$at'', $id)') / 20000,
			bench.cost('select bench.whole_page(20, ''$place'')') / 20000" >>"$OUT/plots/pages.tsv"
	done
	plot_draw pages 'Milliseconds of a page against its depth'
}

# Milliseconds of a tree, over one connection, prepared. N+1 is the sum of the latencies of its statements,
# each as often as a tree has it.
plot_eager() {
	local parents rates
	wanted plot_eager || return 0
	eager_load
	echo $'parents\tn1\tlateral\tembed' >"$OUT/plots/eager.tsv"
	for parents in $PLOT_PARENTS; do
		say "plot: trees of $parents users"
		eager_tree_scripts "$(eager_keys "$parents")" "_$parents"
		rates=$(eager_rates "n1_users_$parents" n1_orders n1_items "tree_plain_$parents" "tree_$parents")
		awk -v n="$parents" '{ printf "%d\t%.4f\t%.4f\t%.4f\n", n, 1000 * (1 / $1 + n / $2 + 10 * n / $3), 1000 / $4, 1000 / $5 }' \
			<<<"$rates" >>"$OUT/plots/eager.tsv"
	done
	plot_draw eager 'Milliseconds of a tree against the number of its users'
}

# Exports of a part of the table: rows per second by psql, and the memory of both processes.
plot_export() {
	local rows
	wanted plot_export || return 0
	[[ -n ${export_json_bytes:-} ]] || export_load
	echo $'rows\trow_to_json\tcopy\texport_json\tserver_row_to_json\tserver_copy\tserver_export_json\tserver_json_agg\tpsql_row_to_json\tpsql_copy\tpsql_export_json\tpsql_export_json_fetch' \
		>"$OUT/plots/export.tsv"
	for rows in $((EXPORT_ROWS / 50)) $((EXPORT_ROWS / 16)) $((EXPORT_ROWS / 5)) $((EXPORT_ROWS / 2)) "$EXPORT_ROWS"; do
		say "plot: exports of $rows rows"
		plot_export_point "$rows" >>"$OUT/plots/export.tsv"
	done
	plot_draw export 'Rows per second, and memory, against the number of rows exported'
}

# plot_export_point ROWS: a line of the plot's figures
plot_export_point() {
	local rows=$1 part="select * from bench.mixed limit $1"
	local core="select row_to_json(t) from ($part) t" copy="copy ($part) to stdout" export="select hotpath.export_json('$part')"
	local statement memory round
	local -a speed=() server=() psql=()
	for statement in "$core" "$copy" "$export"; do
		speed+=("$(for ((round = 0; round < PLOT_ROUNDS; round++)); do export_rate "$rows" q -c "$statement"; echo; done |
			sort -n | awk '{ rate[NR] = $1 } END { print rate[int((NR + 1) / 2)] }')")
		memory=$(memory_of "$statement")
		server+=("${memory% *}")
		psql+=("${memory#* }")
	done
	memory=$(memory_of "select json_agg(t) from ($part) t")
	server+=("${memory% *}")
	memory=$(memory_of "$export" 10)
	psql+=("${memory#* }")
	printf '%s' "$rows"
	printf '\t%s' "${speed[@]}" "${server[@]}" "${psql[@]}"
	echo
}

# memory_of STATEMENT [FETCH_COUNT]: "server psql", the most private memory in MB that the backend and psql had while
# psql ran it and threw its output away; looked at every 10 ms
memory_of() {
	local part line='' server client server_most=0 client_most=0
	coproc PSQL { exec "$bin/psql" -XqAt -v ON_ERROR_STOP=1 2>>"$tmp/client.log"; }
	client=$PSQL_PID
	printf '%s\n' 'select pg_backend_pid();' >&"${PSQL[1]}"
	read -r server <&"${PSQL[0]}"
	printf '%s\n' "\\set FETCH_COUNT ${2:-0}" '\o /dev/null' "$1;" '\o' '\echo done' >&"${PSQL[1]}"
	while ! read -r -t 0.01 part <&"${PSQL[0]}"; do
		line+=$part
		[[ -e /proc/$client/status ]] || die "psql ended early: $1"
		server_most=$(private_memory "$server" "$server_most")
		client_most=$(private_memory "$client" "$client_most")
	done
	[[ $line$part == done ]] || die "psql said: $line$part"
	server_most=$(private_memory "$server" "$server_most")
	client_most=$(private_memory "$client" "$client_most")
	echo '\q' >&"${PSQL[1]}"
	wait "$client" || true
	awk -v s="$server_most" -v c="$client_most" 'BEGIN { printf "%.1f %.1f\n", s / 1024, c / 1024 }'
}

# private_memory PID LEAST: kB of it, or LEAST if that is more
private_memory() {
	local name value
	while read -r name value _; do
		if [[ $name == RssAnon: ]]; then
			echo $((value > $2 ? value : $2))
			return
		fi
	done <"/proc/$1/status"
	echo "$2"
}
