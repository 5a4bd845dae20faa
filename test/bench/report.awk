# The page of a run: page.md with its lines that begin with @ replaced by what was measured. Reads, each
# named by a variable "file" before it: cases.txt, misses.txt, raw.tsv, figures.tsv, plots.tsv, page.md.
#
# A pair is one round's two rates; the ratio is taken pair by pair, and the median of those ratios is
# quoted. A part of the page that begins with "## " and whose @ lines give nothing is left out.

function median(list, n,    i, j, x) {
	for (i = 2; i <= n; i++) {
		x = list[i]
		for (j = i - 1; j >= 1 && list[j] > x; j--)
			list[j + 1] = list[j]
		list[j + 1] = x
	}
	return n % 2 ? list[(n + 1) / 2] : (list[n / 2] + list[n / 2 + 1]) / 2
}

function bar_text(name) {
	if (bar[name] == "-")
		return ""
	return (sense[name] == "time" ? "at most " : "at least ") bar[name]
}

function is_reached(name, value) {
	return sense[name] == "time" ? value <= bar[name] : value >= bar[name]
}

# count_bar NAME REACHED: one bar of this run; what to print in its column
function count_bar(name, yes) {
	bars++
	if (yes) {
		reached_bars++
		return "yes"
	}
	if (!(name in missed))
		missed_order[++misses] = name
	missed[name] = 1
	return "**no**"
}

# The cells of one case with some number of clients, separated by tabs; sorts, so that the extremes are at the ends.
function ratio_cells(name, clients,    key, n, i, list, floors_list, middle, top, served, verdict) {
	key = name "\t" clients
	n = rounds[key]
	for (i = 1; i <= n; i++)
		list[i] = ratio[key, i]
	middle = median(list, n)
	if (floors[key]) {
		for (i = 1; i <= floors[key]; i++)
			floors_list[i] = ceiling[key, i]
		top = sprintf("%.2fx", median(floors_list, floors[key]))
	}
	if (reads[key])
		served = sprintf("%.1f %%", 100 * hits[key] / reads[key])
	if (bar[name] != "-")
		verdict = count_bar(name, is_reached(name, middle))
	if (name ~ /^peer_/ && name !~ /^peer_aside/ && middle < 1)
		faster = faster sprintf("- %s, %d client%s: %.3fx\n", title[name], clients, clients == 1 ? "" : "s", middle)
	return title[name] "\t" clients "\t" bar_text(name) "\t" verdict "\t" sprintf("%.3fx\t%.3f .. %.3f\t%d", middle, list[1], list[n], n) \
		"\t" top "\t" served
}

# markdown_table LINES COUNT: of lines of tab-separated cells, the first their heads; a column that is empty is left out.
function markdown_table(lines, count,    i, c, columns, cells, filled, text, rule) {
	if (count < 2)
		return ""
	for (i = 2; i <= count; i++) {
		columns = split(lines[i], cells, "\t")
		for (c = 1; c <= columns; c++)
			if (cells[c] != "")
				filled[c] = 1
	}
	for (i = 1; i <= count; i++) {
		split(lines[i], cells, "\t")
		text = text "|"
		for (c = 1; c <= columns; c++) {
			if (!filled[c])
				continue
			text = text " " cells[c] " |"
			if (i == 1)
				rule = rule "---|"
		}
		text = text "\n"
		if (i == 1)
			text = text "|" rule "\n"
	}
	return text
}

function make_table(section,    c, v, count, clients, lines, n) {
	lines[n = 1] = "measured\tclients\tbar\treached\tmedian\tmin .. max\trounds\t`SELECT 1`\tserved from the cache"
	for (c = 1; c <= cases; c++) {
		if (section_of[order[c]] != section)
			continue
		count = split(variants[order[c]], clients, ",")
		for (v = 1; v <= count; v++)
			lines[++n] = ratio_cells(order[c], clients[v])
	}
	return markdown_table(lines, n)
}

function make_figures(section,    i, lines, n, verdict) {
	lines[n = 1] = "measured\tbar\treached\tvalue"
	for (i = 1; i <= figures; i++) {
		if (section_of[figure_case[i]] != section)
			continue
		verdict = figure_bar[i] == "" ? "" : count_bar(figure_case[i], figure_reached[i] == "yes")
		lines[++n] = figure_label[i] "\t" figure_bar[i] "\t" verdict "\t" figure_value[i]
	}
	return markdown_table(lines, n)
}

function make_misses(    i, text) {
	for (i = 1; i <= misses; i++)
		text = text "- " title[missed_order[i]] ": " \
			(missed_order[i] in reason ? reason[missed_order[i]] : "not explained yet.") "\n"
	return text
}

function make_summary(    text) {
	if (!bars)
		return ""
	text = reached_bars + 0 " of " bars " bars were reached in this run"
	return text (misses ? "; why the others were not is said below.\n" : ".\n")
}

function directive(line,    words) {
	split(line, words, " ")
	if (words[1] == "@head")
		return ENVIRON["HEAD"] "\n"
	if (words[1] == "@table")
		return table[words[2]]
	if (words[1] == "@figures")
		return figure_table[words[2]]
	if (words[1] == "@plot")
		return plot[words[2]] == "" ? "" : plot[words[2]] "\n"
	if (words[1] == "@summary")
		return make_summary()
	if (words[1] == "@faster")
		return faster
	if (words[1] == "@misses")
		return make_misses()
	return "unknown: " line "\n"
}

function flush_part() {
	gsub(/\n\n\n+/, "\n\n", part)
	if (part != "" && (!asks || answers))
		printf "%s", part
	part = ""
	asks = answers = 0
}

file == "cases" {
	if (/^#/)
		next
	if (/^= /) {
		sections[++section_count] = section = $2
		next
	}
	split($0, f, "|")
	order[++cases] = f[1]; sense[f[1]] = f[2]; bar[f[1]] = f[3]; title[f[1]] = f[4]
	section_of[f[1]] = section
	next
}

file == "misses" {
	if (!/^#/) {
		split($0, f, "|")
		reason[f[1]] = f[2]
	}
	next
}

file == "raw" {
	split($0, f, "\t")
	key = f[1] "\t" f[2]
	if (!(key in rounds))
		variants[f[1]] = variants[f[1]] (variants[f[1]] == "" ? "" : ",") f[2]
	n = ++rounds[key]
	ratio[key, n] = sense[f[1]] == "time" ? f[4] / f[5] : f[5] / f[4]
	if (f[6] != "-")
		ceiling[key, ++floors[key]] = f[6] / f[4]
	if (f[7] != "-") {
		hits[key] += f[7]
		reads[key] += f[7] + f[8]
	}
	next
}

file == "figures" {
	split($0, f, "\t")
	figure_case[++figures] = f[1]; figure_label[figures] = f[2]; figure_value[figures] = f[3]
	figure_bar[figures] = f[4]; figure_reached[figures] = f[5]
	next
}

file == "plots" {
	split($0, f, "\t")
	plot[f[1]] = f[2]
	next
}

# The page. All tables are made before its first line, since the summary counts their bars.
!made {
	for (s = 1; s <= section_count; s++) {
		table[sections[s]] = make_table(sections[s])
		figure_table[sections[s]] = make_figures(sections[s])
	}
	made = 1
}

/^## / { flush_part() }

/^@/ {
	asks = 1
	text = directive($0)
	if (text != "") {
		answers = 1
		part = part text
	}
	next
}

{ part = part $0 "\n" }

END { flush_part() }
