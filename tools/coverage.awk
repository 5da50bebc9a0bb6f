# SPDX-License-Identifier: GPL-2.0-or-later
#
# coverage.awk: reads what `machines` prints and `gcov -t` writes, prints sums and writes the page;
# called by tools/coverage. POSIX awk, byte-wise. `mode` is page or lines.

BEGIN {
	n_floors = split("base proto session tls io app", floors, " ")
	# Per cent of the lines that must have run; app is mostly run by processes that end in exec.
	limit["base"] = limit["proto"] = limit["session"] = 95
	limit["io"] = 85
}

# ---- reading -------------------------------------------------------------------------------------

FNR == 1 { nth_file++ }

nth_file == 1 && $1 == "states" {
	machine[++n_machines] = $2
	n_states[$2] = NF - 2
	for (i = 3; i <= NF; i++)
		state[$2, i - 2] = $i
}
nth_file == 1 && $1 == "move" { allowed[$2, $3, $4] = 1 }
nth_file == 1 && $1 == "taken" { taken[$2, $3, $4] = 1 }
nth_file == 1 { next }

/^ *-: *0:Source:/ {
	file = $0
	sub(/.*:Source:/, "", file)
	ours = file ~ /^(src|include)\//
	# a header comes once for each object that has code of it
	if (ours && !(file in floor_of)) {
		split(file, part, "/")
		floor_of[file] = part[2]
		name[++n_files] = file
	}
	next
}
!ours { next }
/^ *[^ :]+: *[0-9]+:/ {
	split($0, part, ":")
	line = part[2] + 0
	if (!line)
		next
	count = part[1]
	gsub(/ /, "", count)
	text = substr($0, length(part[1]) + length(part[2]) + 3)
	last[file] = line
	source[file, line] = text
	if (count == "-")
		next
	sub(/[*#=].*/, "", count)
	times[file, line] += count
}

# ---- judging -------------------------------------------------------------------------------------

function per_cent(a, b)
{
	return b ? 100 * a / b : 100
}

function judge(ok, what)
{
	if (ok) {
		passed++
		return
	}
	failed++
	print "FAIL " what
	verdicts = verdicts "<li>" escaped(what) "</li>\n"
}

function add_up(    at, part)
{
	for (at in times) {
		split(at, part, SUBSEP)
		total[part[1]]++
		if (times[at])
			ran[part[1]]++
	}
}

function list_lines(    i, j)
{
	for (i = 1; i <= n_files; i++)
		for (j = 1; j <= last[name[i]]; j++)
			if (never(name[i], j))
				printf "%s:%d:%s\n", name[i], j, source[name[i], j]
}

function never(file, line)
{
	return (file, line) in times && !times[file, line]
}

function judge_floors(    f, i)
{
	for (i = 1; i <= n_files; i++) {
		floor_ran[floor_of[name[i]]] += ran[name[i]]
		floor_total[floor_of[name[i]]] += total[name[i]]
	}
	for (i = 1; i <= n_floors; i++) {
		f = floors[i]
		if (!floor_total[f])
			continue
		printf "%-9s %5.1f %% of %5d lines", f, per_cent(floor_ran[f], floor_total[f]),
			floor_total[f]
		print f in limit ? sprintf("   (at least %d %%)", limit[f]) : ""
		if (f in limit)
			judge(100 * floor_ran[f] >= limit[f] * floor_total[f],
				sprintf("%s: %.1f %% of the lines ran, %d are wanted", f,
				per_cent(floor_ran[f], floor_total[f]), limit[f]))
	}
}

function judge_machines(    i, j, k, m, a, b)
{
	for (i = 1; i <= n_machines; i++) {
		m = machine[i]
		for (j = 1; j <= n_states[m]; j++)
			for (k = 1; k <= n_states[m]; k++) {
				a = state[m, j]
				b = state[m, k]
				if (!((m, a, b) in allowed))
					continue
				n_allowed[m]++
				if ((m, a, b) in taken)
					n_taken[m]++
				judge((m, a, b) in taken, m ": " a " -> " b \
					" is allowed, and no test takes it")
			}
		printf "%-20s %3d states, %3d of %3d allowed moves taken\n", m, n_states[m],
			n_taken[m], n_allowed[m]
	}
}

# ---- the page ------------------------------------------------------------------------------------

function escaped(s)
{
	gsub(/&/, "\\&amp;", s)
	gsub(/</, "\\&lt;", s)
	gsub(/>/, "\\&gt;", s)
	return s
}

function put(s)
{
	print s >page
}

function style()
{
	put("<style>")
	put(":root { color-scheme: light dark; --paper: #fff; --ink: #1d2327; --soft: #667078;")
	put("  --rule: #dfe3e6; --good: #3f7f5f; --bad: #b3362b; --bad-paper: #fbe9e7; }")
	put("@media (prefers-color-scheme: dark) { :root { --paper: #16191c; --ink: #d9dee2;")
	put("  --soft: #8b959d; --rule: #30363b; --good: #6fb391; --bad: #e8796f;")
	put("  --bad-paper: #3a2220; } }")
	put("body { background: var(--paper); color: var(--ink); margin: 2.5rem auto;")
	put("  padding: 0 1rem; max-width: 60rem; font: 15px/1.5 system-ui, sans-serif; }")
	put("h1 { font-size: 1.5rem; margin: 0; }")
	put("h2 { font-size: 1.15rem; margin: 2.5rem 0 .5rem; }")
	put("h3 { font-size: 1rem; margin: 1.5rem 0 .25rem; } a { color: inherit; }")
	put("p, .soft { color: var(--soft); } p { margin: .25rem 0 .75rem; }")
	put("table { border-collapse: collapse; } td, th { padding: .15rem .9rem .15rem 0;")
	put("  text-align: left; font-weight: normal; vertical-align: bottom; }")
	put("tr { border-bottom: 1px solid var(--rule); } .n { text-align: right;")
	put("  font-variant-numeric: tabular-nums; } th { color: var(--soft); }")
	put("meter { width: 8rem; height: .8rem; } .bad { color: var(--bad); font-weight: 600; }")
	put(".good { color: var(--good); } .moves td { text-align: center; padding: 0;")
	put("  width: 1.7rem; border-left: 1px solid var(--rule); }")
	put(".moves thead th { writing-mode: vertical-rl; transform: rotate(180deg);")
	put("  padding: .3rem 0; }")
	put(".moves td.bad { background: var(--bad-paper); }")
	put("summary { cursor: pointer; padding: .15rem 0; } details { border-bottom:")
	put("  1px solid var(--rule); }")
	put("pre { font: 12px/1.45 ui-monospace, monospace; tab-size: 8;")
	put("  overflow-x: auto; margin: .25rem 0 1rem; } pre i { font-style: normal;")
	put("  color: var(--soft); display: inline-block; width: 4ch; text-align: right; }")
	put("pre i.t { width: 8ch; margin-right: 2ch; }")
	put("pre b { font-weight: normal; background: var(--bad-paper); min-width: 100%;")
	put("  display: inline-block; }")
	put("</style>")
}

function limit_of(f)
{
	return f in limit ? limit[f] : 0
}

function share(a, b, low)
{
	return sprintf("<td class='n%s'>%.1f&nbsp;%%</td><td><meter min=0 max=100 low=%d" \
		" optimum=100 value=%.1f></meter></td><td class=n>%d</td><td class=n>%d</td>",
		100 * a < low * b ? " bad" : "", per_cent(a, b), low, per_cent(a, b), b - a, b)
}

function floors_table(    i, f)
{
	put("<h2>Lines</h2><table><tr><th>floor<th class=n>ran<th><th class=n>never ran" \
		"<th class=n>lines<th>limit</tr>")
	for (i = 1; i <= n_floors; i++) {
		f = floors[i]
		if (floor_total[f])
			put("<tr><td><a href='#" f "'>" f "</a></td>" \
				share(floor_ran[f], floor_total[f], limit_of(f)) "<td class=soft>" \
				(f in limit ? "at least " limit[f] "&nbsp;%" : "") "</td></tr>")
	}
	put("</table>")
}

function machine_table(m,    i, j, a, b)
{
	put(sprintf("<h3>%s</h3><p>%d of %d allowed moves taken</p><table class=moves>" \
		"<thead><tr><th>", m, n_taken[m], n_allowed[m]))
	for (i = 1; i <= n_states[m]; i++)
		put("<th>" state[m, i])
	put("</tr></thead>")
	for (i = 1; i <= n_states[m]; i++) {
		a = state[m, i]
		put("<tr><th>" a "</th>")
		for (j = 1; j <= n_states[m]; j++) {
			b = state[m, j]
			if ((m, a, b) in taken)
				put("<td class=good title='" a " to " b ": taken'>&#9679;")
			else if ((m, a, b) in allowed)
				put("<td class=bad title='" a " to " b ": never taken'>&#9675;")
			else
				put("<td>")
		}
		put("</tr>")
	}
	put("</table>")
}

function machines(    i)
{
	put("<h2>State machines</h2><p>From the state of the row to that of the column:" \
		" <span class=good>&#9679;</span> a test takes it," \
		" <span class=bad>&#9675;</span> the table of states allows it and no test takes" \
		" it, empty: would abort.</p>")
	for (i = 1; i <= n_machines; i++)
		machine_table(machine[i])
}

function source_of(file,    i, t)
{
	put("<details id='" file "'><summary>" file " <span class=soft>" \
		sprintf("%.1f %%, %d lines never ran", per_cent(ran[file], total[file]),
		total[file] - ran[file]) "</span></summary><pre>")
	for (i = 1; i <= last[file]; i++) {
		t = "<i>" i "</i><i class=t>" (never(file, i) ? "never" : times[file, i]) \
			"</i>" escaped(source[file, i])
		put(never(file, i) ? "<b>" t "</b>" : t)
	}
	put("</pre></details>")
}

function sort_names(    i, j, s)
{
	for (i = 2; i <= n_files; i++) {
		s = name[i]
		for (j = i - 1; j >= 1 && name[j] > s; j--)
			name[j + 1] = name[j]
		name[j + 1] = s
	}
}

function floor_files(f,    i)
{
	put("<h2 id='" f "'>" f "/</h2><table><tr><th>file<th class=n>ran<th>" \
		"<th class=n>never ran<th class=n>lines</tr>")
	for (i = 1; i <= n_files; i++)
		if (floor_of[name[i]] == f && total[name[i]])
			put("<tr><td><a href='#" name[i] "'>" name[i] "</a></td>" \
				share(ran[name[i]], total[name[i]], limit_of(f)) "</tr>")
	put("</table>")
	for (i = 1; i <= n_files; i++)
		if (floor_of[name[i]] == f && total[name[i]])
			source_of(name[i])
}

function write_page(    i)
{
	put("<!DOCTYPE html><html lang=en><meta charset=utf-8><title>ringpost: coverage</title>")
	put("<meta name=viewport content='width=device-width'>")
	style()
	put("<h1>ringpost: what the tests have run</h1>")
	put("<p>" date (commit ? ", commit " commit : "") "</p>")
	put(verdicts ? "<ul class=bad>" verdicts "</ul>" : \
		"<p class=good>Every limit is kept, and every allowed move is taken.</p>")
	floors_table()
	machines()
	for (i = 1; i <= n_floors; i++)
		if (floor_total[floors[i]])
			floor_files(floors[i])
	# A link into a source opens it.
	put("<script>function open_target() { let t = document.getElementById(decodeURI(" \
		"location.hash.slice(1))); if (t && t.tagName == 'DETAILS') { t.open = true;" \
		" t.scrollIntoView(); } } addEventListener('hashchange', open_target);" \
		" open_target();</script>")
	close(page)
}

END {
	sort_names()
	if (mode == "lines") {
		list_lines()
		exit
	}
	add_up()
	judge_floors()
	judge_machines()
	write_page()
	print "page: " page
	printf "%d passed, %d failed\n", passed, failed
	exit failed > 0
}
