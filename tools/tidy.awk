# SPDX-License-Identifier: GPL-2.0-or-later
#
# tidy.awk: the rules of the house that can be seen in the text of one file. Called by tools/tidy
# with `tree`, the list of all files. It relies on formatted C: a function body starts with "{" and
# ends with "}" in the first column, which clang-format sees to. POSIX awk, byte-wise (LC_ALL=C).

function finding(line, rule, what)
{
	printf "%s:%d: %s: %s\n", file, line, rule, what
}

BEGIN {
	SPDX = "SPDX-License-Identifier: GPL-2.0-or-later"
	COLUMNS = 100
	split("base proto session tls io app", names, " ")
	for (i = 1; i <= 6; i++)
		rank[names[i]] = i
	n = split(tree, list, "\n")
	for (i = 1; i <= n; i++)
		exists[list[i]] = 1
	# Written with brackets so that this file keeps its own rules.
	words = "(^|[ \t(*/#])(T[O]DO|F[I]XME|X[X]X|H[A]CK)([ \t:;,.!)(]|$)"
	calls = "(^|[^A-Za-z0-9_])(strcpy|strcat|v?sprintf|gets|strtok|alloca) *\\("
	hosts = "(deb|archive|security|ftp|packages|ports|registry|proxy|files|static)[.-]" \
		"[a-z0-9.-]*(debian|ubuntu|npmjs|yarnpkg|pypi|python|pythonhosted|golang|crates)[.]"
	machine = "(^|[^A-Za-z0-9_.])/(wor[k]|hom[e]|roo[t]|User[s])/[A-Za-z0-9_.]"
}

function width(s,    n, i, c)
{
	gsub(/[\200-\277]/, "", s)
	if (index(s, "\t") == 0)
		return length(s)
	n = split(s, piece, "\t")
	for (i = 1; i < n; i++)
		c = int((c + length(piece[i])) / 8 + 1) * 8
	return c + length(piece[n])
}

FNR == 1 {
	file_end()
	file = FILENAME
	sub(/^\.\//, "", file)
	is_h = file ~ /\.h$/
	is_c = file ~ /\.c$/ || is_h
	is_code = is_c || file ~ /\.(sh|py|awk)$/ || $0 ~ /^#!/
	is_text = is_code || file ~ /\.(md|in|8|conf|service)$/ || file ~ /(^|\/)Makefile$/
	is_test = file ~ /^tests\//
	floor = ""
	if (file ~ /^(src|include)\//) {
		split(file, part, "/")
		floor = part[2]
	}
	base = file
	sub(/^.*\//, "", base)
	sub(/\.[ch]$/, "", base)
	lines = comment = body = head = block = seen_system = includes = last_rank = 0
	head_done = is_c ? 0 : 1
	sig = guard = ""
}

{ lines = FNR }

is_text && length($0) > COLUMNS / 8 && file !~ /\.(md|8|in)$/ && width($0) > COLUMNS {
	finding(FNR, "columns", width($0) " columns, the limit is " COLUMNS "; break the line")
}

is_text && /[ \t]$/ && file !~ /\.md$/ {
	finding(FNR, "space", "trailing space; make format removes it")
}
is_text && /\r$/ { finding(FNR, "space", "CR at the end of the line; use LF alone") }
is_c && /^\t*( +\t|        )/ && !/^\t* \*/ {
	finding(FNR, "tabs", "indented with spaces; use tabs (make format)")
}

is_text && $0 ~ words {
	finding(FNR, "words", "a note to do it later; do it now or say what is in CONTRIBUTING.md")
}
is_c && $0 ~ calls {
	finding(FNR, "words", "a banned function; use out_*, str or mem* with a length")
}
is_text && $0 ~ hosts { finding(FNR, "hosts", "names a package host; name the package alone") }
is_text && $0 ~ machine {
	finding(FNR, "paths", "an absolute path of one machine; make it relative")
}

file != "Makefile" && is_code && /^[ \t]*# *define +_GNU_SOURC[E]/ {
	finding(FNR, "gnu", "_GNU_SOURC" "E is set by the Makefile where it may be; remove it")
}

is_code && FNR == 1 { spdx = index($0, SPDX) }
is_code && FNR == 2 && file !~ /\.[ch]$/ && !spdx { spdx = index($0, SPDX) }
is_code && FNR == (is_c ? 1 : 2) && !spdx {
	where = is_c ? "line 1" : "line 1 or 2"
	finding(1, "spdx", "no licence; write " SPDX " as a comment in " where)
}

# The comment that opens a C file: line 2 to its end, 3 to 15 lines.
is_c && FNR == 2 && $0 != "/*" && $0 !~ /^\/\* / {
	finding(2, "head", "no comment says what the file is for and owns and never does")
	head_done = 1
}
is_c && !head_done && FNR >= 2 && index($0, "*/") {
	head_done = 1
	if (FNR - 1 < 3 || FNR - 1 > 15)
		finding(2, "head", "opening comment of " FNR - 1 " lines; 3 to 15 are wanted")
}

is_h && floor && /^#ifndef / && guard == "" {
	guard = $2
	want = toupper(floor "_" base "_h")
	if (guard != want)
		finding(FNR, "guard", "include guard " guard " should be " want)
}

is_c && /^# *include/ { include_line() }

function include_line(    name, f, own, r)
{
	if ($0 ~ /</) {
		if (floor && $0 ~ /<liburing/ && file !~ /^src\/io\/[a-z_]*uring[a-z_]*\.[ch]$/)
			finding(FNR, "includes", "liburing is for src/io/*uring* only")
		if (floor && $0 ~ /<wolfssl/ && file !~ /^src\/tls\//)
			finding(FNR, "includes", "wolfSSL is for src/tls/ only")
		seen_system = 1
		return
	}
	if (!floor)
		return
	name = $0
	sub(/^[^"]*"/, "", name)
	sub(/".*/, "", name)
	f = name
	sub(/\/.*/, "", f)
	if (name !~ /^[a-z]+\/[a-z0-9_]+\.h$/ || !(f in rank)) {
		finding(FNR, "includes", name " does not name its floor; write \"floor/x.h\"")
		return
	}
	if (rank[f] > rank[floor])
		finding(FNR, "includes", floor " includes upwards from " f "; turn the call round")
	else if (!("include/" name in exists) && f != floor && "src/" name in exists)
		finding(FNR, "includes", "src/" name " is private to " f "; move it to include/")
	own = floor "/" base ".h"
	if (seen_system)
		finding(FNR, "includes", "project headers come before system headers")
	else if (!is_h && !includes && name != own &&
		("include/" own in exists || "src/" own in exists))
		finding(FNR, "includes", "the file's own header \"" own "\" comes first")
	else if (name != own && rank[f] < last_rank)
		finding(FNR, "includes", "headers go from low floors to high ones")
	includes++
	if (name != own)
		last_rank = rank[f]
}

# Top-level declarations and functions. Comments and macros are skipped.
is_c && /^#/ { macro = 1 }
is_c && macro { macro = /\\$/; next }
is_c && comment { comment = !index($0, "*/"); next }
is_c && /^[ \t]*\/\*/ && !index($0, "*/") { comment = 1; next }

is_c && /^typedef +(struct|enum|union)[ {]/ && !/\(/ {
	finding(FNR, "typedef", "no typedef for a struct, enum or union; name the tag")
}

# what a library calls has as many parameters as the library wants
is_c && /^\/\* A callback of .*\*\/$/ { theirs = FNR + 1 }

is_c && /^\{/ {
	if (sig !~ /=$/ && sig ~ /\(/) {
		body = 1
		parameters()
	}
	next
}
is_c && /^\}/ {
	if (body && FNR - sig_line + 1 > 70)
		finding(sig_line, "function", FNR - sig_line + 1 " lines, at most 70; split it")
	body = block = 0
	sig = ""
	next
}
is_c && !body && !block {
	text = $0
	gsub(/\/\*[^*]*\*\//, "", text)
	sub(/[ \t]+$/, "", text)
	if (text ~ /^[A-Za-z_]/) {
		sig = text
		sig_line = FNR
	} else if (sig != "") {
		sig = sig " " text
	}
	if (text ~ /\{$/) {
		block = 1
	} else if (text ~ /;$/) {
		if (sig !~ /[={]/ && sig ~ /\(/)
			parameters()
		sig = ""
	} else if (text == "") {
		sig = ""
	}
}

function parameters(    s, i, c, depth, commas)
{
	if (sig_line == theirs)
		return
	s = sig
	gsub(/__attribute__ *\(\([^)]*(\([^)]*\))*[^)]*\)\)/, "", s)
	if (s ~ /^(typedef|Test|ParameterizedTest|TestSuite|Theory|_Static_assert|static_assert)/)
		return
	for (i = index(s, "("); i > 0 && i <= length(s); i++) {
		c = substr(s, i, 1)
		if (c == "(")
			depth++
		else if (c == ")" && --depth == 0)
			break
		else if (c == "," && depth == 1)
			commas++
	}
	if (commas > 3)
		finding(sig_line, "parameters", commas + 1 ", the limit is 4; pass a struct")
}

function file_end()
{
	if (is_c && lines > (is_h ? 200 : 600))
		finding(lines, "size", lines " lines, at most " (is_h ? 200 : 600) "; split it")
}

END { file_end() }
