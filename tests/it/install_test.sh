#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# What gets installed, and is it what it says? Installs into a scratch folder, looks at the
# hardening of the program, tests the configurations that a newcomer is shown, and uninstalls.
set -u
unset MAKEFLAGS MAKELEVEL MFLAGS
build=${BUILD:-build/release}
scratch=$(mktemp -d "${TMPDIR:-/tmp}/install.XXXXXX") || exit 1
trap 'rm -rf "$scratch"' EXIT
trap 'exit 1' INT TERM
root=$scratch/root

passed=0 failed=0
# check TEXT COMMAND...: one test
check() {
	text=$1
	shift
	if "$@" >"$scratch/out" 2>&1; then
		passed=$((passed + 1))
		echo "ok: $text"
	else
		failed=$((failed + 1))
		echo "FAIL: $text"
		sed 's/^/    /' "$scratch/out" | tail -n 20
	fi
}
has() { grep -Eq "$2" "$1" || { echo "no $2 in $1" && false; }; }
files() { (cd "$root" && find . -type f) | sort; }

check "make install" make install DESTDIR="$root" PREFIX=/usr FLAVOUR="$(basename "$build")"
program=$root/usr/sbin/ringpost
for f in sbin/ringpost share/man/man8/ringpost.8 share/man/man5/ringpost.conf.5 \
	share/doc/ringpost/README.md share/doc/ringpost/LICENSE \
	share/doc/ringpost/seccomp-ringpost.json \
	lib/systemd/system/ringpost.service; do
	check "installs $f" test -s "$root/usr/$f"
done
check "the unit starts the installed program" \
	has "$root/usr/lib/systemd/system/ringpost.service" '^ExecStart=/usr/sbin/ringpost$'
check "the manual lists the directives" \
	has "$root/usr/share/man/man5/ringpost.conf.5" 'smtp_greeting_delay'

"$program" -v >"$scratch/version" 2>&1
check "the program says its version" has "$scratch/version" '^ringpost version: ringpost/[0-9.]+$'
readelf -hldW "$program" >"$scratch/elf"
readelf -sW "$program" >"$scratch/symbols"
check "position independent" has "$scratch/elf" 'Type: +DYN'
check "relocations read-only" has "$scratch/elf" 'GNU_RELRO'
check "bound at start" has "$scratch/elf" 'NOW'
check "stack not executable" has "$scratch/elf" 'GNU_STACK.*RW '
check "stack protector" has "$scratch/symbols" '__stack_chk_fail'
check "fortified" has "$scratch/symbols" '__[a-z]+_chk'

# Configurations as shown, but for places and ports that a test may not take.
tested() {
	pid="pid $scratch/ringpost.pid;"
	sed -e "s|/var/log/|$scratch/|; s|ringpost/error.log|error.log|; /^pid /d; 1i $pid" "$1" |
		awk -v port=$((20000 + $$ % 10000)) '
			/^[ \t]*protocol smtp;/ { next } # for all servers: no port tells it now
			/^[ \t]*server \{/ { $0 = $0 " protocol smtp;" }
			/^[ \t]*listen/ { sub(/listen[ \t]+[^ \t;]+/, "listen 127.0.0.1:" port++) }
			{ print }' >"$scratch/try.conf"
	has "$scratch/try.conf" 'mail \{' &&
		"$program" -t -p "$scratch" -c "$scratch/try.conf" -e "$scratch/error.log"
}
sed -n '/^```nginx/,/^```$/p' README.md | sed '/^```nginx/d; /^```$/,$d' >"$scratch/readme.conf"
# The certificates that conf.example/mail.conf names, and those that it has for more.
tests/lib/make_certs build/test-certs
mkdir "$scratch/tls"
for name in mail.example.org=ecdsa mail.example.org-rsa=rsa example.net=wild; do
	cp "build/test-certs/${name#*=}.pem" "$scratch/tls/${name%=*}.pem"
	cp "build/test-certs/${name#*=}.key" "$scratch/tls/${name%=*}.key"
done
more=$scratch/more.conf
sed -E '/#(ssl_certificate|ssl_server_name|\t|\})/s/#//' \
	"$root/usr/share/doc/ringpost/conf.example/mail.conf" >"$more"
check "all of mail.conf's certificates" tested "$more"
check "README's first configuration" tested "$scratch/readme.conf"
for conf in "$root"/usr/share/doc/ringpost/conf.example/*.conf; do
	check "$(basename "$conf")" tested "$conf"
done

check "no key is installed" test ! -e "$root/usr/share/doc/ringpost/conf.example/tls"
rm -rf "$scratch/tls" && cp -R conf.example/tls "$scratch/tls"
check "mail.conf with the certificate that make leaves" tested conf.example/mail.conf

make uninstall DESTDIR="$root" PREFIX=/usr >/dev/null 2>&1
check "make uninstall leaves nothing" test -z "$(files)"

echo "$passed passed, $failed failed"
[ "$failed" = 0 ]
