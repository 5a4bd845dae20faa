# Pages beside hand-written keyset SQL and OFFSET. Sourced by run.sh after lib.sh, never run.
#
# A page has 50 rows, its place lies in the middle of the table. The hand-written statement does what
# a backend would write: one row comparison, one row more than fits to know of a next page, EXISTS
# for a previous one, and a cursor for each row; page_bare leaves the cursors out.

PAGE_ROWS=${PAGE_ROWS:-2000000}

page_cases='page_depth page_hand page_bare page_json page_mixed page_nulls page_offset pages pages_20 page_buffers plot_pages'

page_wanted() {
	local name
	for name in $page_cases; do
		if wanted "$name"; then return 0; fi
	done
	return 1
}

# page_place ORDER: "key cursor" of the row in the middle of an order
page_place() {
	local id
	id=$(q -c "select id from bench.events order by $1 offset $((PAGE_ROWS / 2)) limit 1")
	echo "$id $(q -c "select hotpath.cursor_at('bench.events', '$1', $id)")"
}

page_load() {
	local id place ignored mixed nulls
	say "pages: $PAGE_ROWS rows"
	q -v rows="$PAGE_ROWS" -f "$here/pages.sql" >/dev/null
	read -r id place <<<"$(page_place 'created_at desc, id desc')"
	read -r ignored mixed <<<"$(page_place 'created_at desc, id')"
	read -r ignored nulls <<<"$(page_place 'updated_at desc nulls last, id desc')"
	: "$ignored"
	page_cursor=$place
	page_options=(-D id="$id" -D place="$place" -D place_mixed="$mixed" -D place_nulls="$nulls"
		-D at="$(q -c "select to_char(created_at at time zone 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS\"Z\"') from bench.events where id = $id")")
}

# Buffers that one page touches once everything is loaded: the last of three in a session.
report_page_buffers() {
	local buffers explain="explain (analyze, buffers, costs off, timing off) select * from hotpath.page(null::bench.events, 'created_at desc, id desc', 50, '$page_cursor')"
	buffers=$(q -c "$explain" -c "$explain" -c "$explain" | sed -n 's/.*Buffers: shared hit=\([0-9]*\).*/\1/p' | tail -1)
	figure page_buffers "buffers touched by a page of 50 rows in the middle of $PAGE_ROWS" "$buffers" 'at most 60' \
		"$( ((buffers <= 60)) && echo yes || echo no)"
}

pairs_pages() {
	local clients
	page_wanted || return 0
	page_load
	if wanted page_buffers; then report_page_buffers; fi
	for clients in $CLIENTS; do
		# one client is the sharp figure; what several add is seen by these
		pairs prepared "$clients" "" page_depth:page_first:page_deep page_hand:page_hand:page_deep page_json:page_json_hand:page_json
		[[ $clients == 1 ]] || continue
		pairs prepared "$clients" "" page_bare:page_bare:page_deep page_mixed:page_deep:page_mixed page_nulls:page_deep:page_nulls
	done
	plot_pages
	session_pairs page_offset 2 "select bench.offset_plain(2, $((PAGE_ROWS / 2)))" "select bench.offset_page(2, '$page_cursor')"
	session_pairs pages 1000 'select bench.parents_page(10, 5)' 'select bench.parents_pages(10, 5)'
	session_pairs pages_20 1000 'select bench.parents_page(10, 20)' 'select bench.parents_pages(10, 20)'
}
