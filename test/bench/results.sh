# The page of a run. Sourced by run.sh, never run.

# What ran, for the head of the page.
report_head() {
	local cpu memory
	cpu=$(sed -n 's/^model name[^:]*: *//p' /proc/cpuinfo 2>/dev/null | head -n 1)
	memory=$(awk '/^MemTotal:/ { printf "%.0f GB of memory, ", $2 / 1048576 }' /proc/meminfo 2>/dev/null || true)
	echo "PostgreSQL $("$bin/postgres" --version | awk '{ print $3 }'), $(nproc) cores${cpu:+ ($cpu)}, ${memory}load $load_before before the run;" \
		"$ROUNDS rounds, $SLICE s for each side of a pair; $ROWS narrow rows of which $KEYS are read; cache $CACHE_SIZE," \
		"\`shared_buffers\` $SHARED_BUFFERS, \`jit\` and \`autovacuum\` off, \`fsync\` off except where said.${peer_tools:+ Peers:$peer_tools}"
	if [[ -n ${QUICK:-} ]]; then printf '\n**A quick run: it tries the harness, its figures mean nothing.**\n'; fi
}

report() {
	HEAD=$(report_head) awk -f "$here/report.awk" file=cases "$here/cases.txt" file=misses "$here/misses.txt" \
		file=raw "$raw" file=figures "$figures" file=plots "$plots" file=page "$here/page.md"
}

# A run of everything is for the record: its page and its plots go beside this file.
keep_results() {
	[[ -z $CASES && -z ${QUICK:-} ]] || return 0
	mkdir -p "$here/plots"
	cp "$OUT/RESULTS.md" "$here/RESULTS.md"
	cp "$OUT"/plots/*.svg "$here/plots/" 2>/dev/null || say "no plots"
	say "for the record: test/bench/RESULTS.md and test/bench/plots"
}
