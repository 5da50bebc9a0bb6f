# SPDX-License-Identifier: GPL-2.0-or-later
#
# wolfssl.awk: from apt's lists of archives, in either of their formats, the same archives of the
# distribution as entries of sources. Called by tools/wolfssl with `codename` (bookworm) and
# `id` (debian, ubuntu); writes the deb822 format to stdout. Third parties' suites are left out.
# Where no security suite is listed, one is derived from the archive itself, on the same host.
# POSIX awk.

function wanted_suites(list,    n, i, all, ours, s)
{
	ours = "^(" codename "|stable|testing|unstable|sid)(-security|-updates)?$"
	n = split(list, all, " ")
	for (i = 1; i <= n; i++)
		if (all[i] ~ ours)
			s = s " " all[i]
	return s
}

function wanted_components(list,    n, i, all, s)
{
	n = split(list, all, " ")
	for (i = 1; i <= n; i++)
		if (all[i] == "main" || all[i] == "universe")
			s = s " " all[i]
	return s
}

function put(uris, suites, components, rest)
{
	printf "Types: deb-src\nURIs: %s\nSuites:%s\nComponents:%s\n%s\n", uris, suites, components,
		rest
}

# entry: one entry of a list; what is in it for us
function entry(uris, suites, components, rest)
{
	suites = wanted_suites(suites)
	components = wanted_components(components)
	if (suites == "" || components == "")
		return
	put(uris, suites, components, rest)
	if (suites ~ /-security/)
		secured = 1
	else if (base_uris == "") {
		base_uris = uris
		base_components = components
		base_rest = rest
	}
}

# The one-line format: deb [option=value ...] uri suite component ...
function line_entry(    i, first, options, at, name, uri, components, rest)
{
	sub(/#.*/, "")
	if ($1 != "deb" && $1 != "deb-src")
		return
	sub(/^[^ \t]+[ \t]+/, "")
	if ($0 ~ /^\[/) {
		options = substr($0, 2, index($0, "]") - 2)
		$0 = substr($0, index($0, "]") + 1)
		first = split(options, option, " ")
		for (i = 1; i <= first; i++) {
			at = index(option[i], "=")
			name = tolower(substr(option[i], 1, at - 1))
			if (name !~ /^(arch|lang|target|pdiffs)/)
				rest = rest name ": " substr(option[i], at + 1) "\n"
		}
	}
	$0 = $0
	uri = $1
	for (i = 3; i <= NF; i++)
		components = components " " $i
	entry(uri, $2, components, rest)
}

# The deb822 format: a paragraph of fields, some over several lines.
function paragraph_ends(    ok)
{
	ok = field["enabled"] !~ /^ *(no|false|0)/ && field["types"] ~ /deb/
	if (ok)
		entry(field["uris"], field["suites"], field["components"], others)
	split("", field)
	others = name = ""
}

function field_line(    value)
{
	if ($0 ~ /^[ \t]/) {
		if (name in field)
			field[name] = field[name] " " $0
		else if (name != "")
			others = others $0 "\n"
		return
	}
	name = tolower($0)
	sub(/:.*/, "", name)
	value = $0
	sub(/^[^:]*:[ \t]*/, "", value)
	if (name ~ /^(types|uris|suites|components|enabled)$/)
		field[name] = value
	else if (name ~ /^(architectures|languages|targets|pdiffs)/)
		name = ""
	else
		others = others $0 "\n"
}

FNR == 1 { paragraph_ends() }
/^[ \t]*#/ { next }
FILENAME ~ /\.sources$/ && /^[ \t]*$/ { paragraph_ends(); next }
FILENAME ~ /\.sources$/ { field_line(); next }
{ line_entry() }

END {
	paragraph_ends()
	if (!secured && base_uris != "") {
		if (id == "debian")
			gsub(/\/debian($|[\/ ])/, "/debian-security&", base_uris)
		gsub(/\/debian-security\/debian/, "/debian-security", base_uris)
		put(base_uris, " " codename "-security", base_components, base_rest)
	}
}
