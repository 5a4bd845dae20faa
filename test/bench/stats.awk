# cases.txt and raw.tsv to a Markdown table. A pair is one round's two rates; the ratio is taken pair
# by pair, and the median of those ratios is quoted.

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

function mark(name, value) {
	if (bar[name] == "-")
		return ""
	if (sense[name] == "time")
		return value <= bar[name] ? "" : " **(above the bar)**"
	return value >= bar[name] ? "" : " **(below the bar)**"
}

FNR == NR {
	if ($0 ~ /^#/)
		next
	split($0, f, "|")
	order[++cases] = f[1]; sense[f[1]] = f[2]; bar[f[1]] = f[3]; title[f[1]] = f[4]
	next
}

{
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
}

END {
	print "| measured | clients | bar | median | min .. max | rounds | `SELECT 1` | served from the cache |"
	print "|---|---|---|---|---|---|---|---|"
	for (c = 1; c <= cases; c++) {
		count = split(variants[order[c]], clients, ",")
		for (v = 1; v <= count; v++) {
			key = order[c] "\t" clients[v]
			n = rounds[key]
			split("", list)
			for (i = 1; i <= n; i++)
				list[i] = ratio[key, i]
			mid = median(list, n)
			top = ""
			if (floors[key]) {
				split("", flist)
				for (i = 1; i <= floors[key]; i++)
					flist[i] = ceiling[key, i]
				top = sprintf("%.2fx", median(flist, floors[key]))
			}
			served = reads[key] ? sprintf("%.1f %%", 100 * hits[key] / reads[key]) : ""
			printf "| %s | %s | %s | %.3fx%s | %.3f .. %.3f | %d | %s | %s |\n", title[order[c]], clients[v], \
				bar_text(order[c]), mid, mark(order[c], mid), list[1], list[n], n, top, served
		}
	}
}
