#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# What does testssl.sh say of a server that sets nothing but its certificates? IMAP with TLS at once
# and SMTP with STARTTLS: protocols, forward secrecy, vulnerabilities; no finding may be worse than
# "OK" or "INFO". SMTP's vulnerabilities, which are those of IMAP, only with TESTSSL=full: it takes
# a minute. PROXY=nginx looks at nginx's mail module with the same suites.
set -u
build=${BUILD:-build/release}
for testssl in testssl testssl.sh ''; do
	command -v "${testssl:-none}" >/dev/null && break
done
if [ -z "$testssl" ]; then
	echo "skip testssl: it is not installed"
	echo "0 passed, 0 failed, 1 skipped"
	exit 0
fi
tests/lib/make_certs build/test-certs || exit 1
certs=$PWD/build/test-certs
scratch=$(mktemp -d "${TMPDIR:-/tmp}/testssl.XXXXXX") || exit 1
pid=
trap '[ -z "$pid" ] || kill "$pid"; rm -rf "$scratch"' EXIT
trap 'exit 1' INT TERM

# Two ports that nobody listens on.
set -- $(python3 -c '
import socket
socks = [socket.socket() for _ in range(2)]
for s in socks:
    s.bind(("127.0.0.1", 0))
print(*[s.getsockname()[1] for s in socks])')
imaps=$1 smtp=$2
proxy=$build/ringpost module='' same=''
if [ "${PROXY:-}" = nginx ]; then
	proxy=/usr/sbin/nginx
	module='load_module /usr/lib/nginx/modules/ngx_mail_module.so;'
	same='ssl_protocols TLSv1.2 TLSv1.3; ssl_ciphers ECDHE+AESGCM:ECDHE+CHACHA20;'
fi
cat >"$scratch/proxy.conf" <<END
$module
daemon off;
$([ "$(id -u)" != 0 ] || echo 'user root;')
pid $scratch/proxy.pid;
error_log $scratch/proxy.log info;
events { }
mail {
	server_name mx.test;
	auth_http 127.0.0.1:1/auth;
	ssl_certificate $certs/ecdsa.pem;
	ssl_certificate_key $certs/ecdsa.key;
	ssl_certificate $certs/rsa.pem;
	ssl_certificate_key $certs/rsa.key;
	$same
	server { listen 127.0.0.1:$imaps ssl; protocol imap; }
	server { listen 127.0.0.1:$smtp; protocol smtp; starttls on; }
}
END
"$proxy" -p "$scratch" -c "$scratch/proxy.conf" >"$scratch/proxy.out" 2>&1 &
pid=$!
tries=0
until grep -q . "$scratch/proxy.pid" 2>/dev/null; do
	tries=$((tries + 1))
	kill -0 "$pid" 2>/dev/null && [ $tries -lt 100 ] || {
		cat "$scratch/proxy.out" "$scratch/proxy.log"
		pid=
		echo "0 passed, 1 failed"
		exit 1
	}
	sleep 0.1
done

# look NAME PORT OPTION...: both at a time, to stay short
look() {
	name=$1 port=$2
	shift 2
	"$testssl" --quiet --color 0 --warnings off --nodns none --connect-timeout 10 \
		--openssl-timeout 10 --jsonfile "$scratch/$name.json" -p -f "$@" \
		"localhost:$port" >"$scratch/$name.out" 2>&1 </dev/null
}
look imaps "$imaps" -U &
first=$!
full=
[ "${TESTSSL:-}" != full ] || full=-U
look smtp "$smtp" -t smtp $full
wait "$first"

passed=0 failed=0
for name in imaps smtp; do
	grep -vE '^ *$' "$scratch/$name.out"
	all=yes
	[ "$name$full" != smtp ] || all=no
	if python3 - "$scratch/$name.json" "$all" <<'END'
import json, sys
with open(sys.argv[1]) as f:
    found = json.load(f)
if isinstance(found, dict):
    found = found["scanResult"]
by_id = {x["id"]: x for x in found}
found = [x for x in found if x["id"] != "engine_problem"]  # which is about its own openssl
bad = [x for x in found if x["severity"] not in ("OK", "INFO", "DEBUG", "LOW")
       or x["severity"] == "LOW" and not x["id"].startswith(("BREACH", "LUCKY13"))]
for x in bad:
    print("found: %(id)s %(severity)s %(finding)s" % x)
for name in "SSLv2", "SSLv3", "TLS1", "TLS1_1":
    if "not offered" not in by_id[name]["finding"]:
        bad.append(name)
        print("offered: " + name)
for name in "TLS1_2", "TLS1_3":
    if by_id[name]["finding"].startswith("not offered"):
        bad.append(name)
        print("not offered: " + name)
for name in ("heartbleed", "CCS", "ROBOT", "secure_renego", "SWEET32", "FREAK", "DROWN", "LOGJAM",
             "RC4", "CRIME_TLS"):
    if name not in by_id and sys.argv[2] == "yes":
        bad.append(name)
        print("not looked at: " + name)
sys.exit(bool(bad))
END
	then
		passed=$((passed + 1))
	else
		echo "FAIL: $name"
		failed=$((failed + 1))
	fi
done
kill "$pid"
wait "$pid" || failed=$((failed + 1))
pid=
echo "$passed passed, $failed failed"
[ "$failed" = 0 ]
