#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""tls_verify.py MODE: clients with certificates at a proxy whose ssl_verify_client is MODE: what
they hear, and what the authentication service is told about them."""
import base64
import hashlib
import os
import re
import ssl
import sys
import urllib.parse

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "lib"))
from tlskit import *

CLIENTS = (None, "good", "revoked", "expired", "self")
GOOD, MISSING, BAD = "good", "missing", "bad"
SAYS = {
    "smtp": {GOOD: b"220 mx.test ESMTP ready\r\n",
             MISSING: b"421 4.7.1 No required SSL certificate\r\n",
             BAD: b"421 4.7.1 SSL certificate error\r\n"},
    "imap": {GOOD: b"* OK IMAP4 ready\r\n", MISSING: b"* BYE No required SSL certificate\r\n",
             BAD: b"* BYE SSL certificate error\r\n"},
    "pop3": {GOOD: b"+OK POP3 ready\r\n", MISSING: b"-ERR No required SSL certificate\r\n",
             BAD: b"-ERR SSL certificate error\r\n"},
}
ERRORS = {"revoked": (23, "certificate revoked"), "expired": (10, "certificate has expired"),
          "self": (18, "self-signed certificate")}
TABLE = {
    "on": {None: MISSING, "good": GOOD},
    # without a CRL
    "optional": {None: GOOD, "good": GOOD, "revoked": GOOD},
    "optional_no_ca": {None: GOOD, "good": GOOD, "revoked": GOOD, "self": GOOD},
    "off": {name: GOOD for name in CLIENTS},
}


def own(name, version):
    c = context(minimum_version=version, maximum_version=version)
    if name:
        c.load_cert_chain(cert(name + ".pem"), cert(name + ".key"))
    return c


def hear(name, version, protocol):
    sock = secured(own(name, version), PORT[protocol.upper() + "S"])
    text = b""
    try:
        while not text.endswith(b"\r\n"):
            more = sock.recv(4096)
            text += more
            if not more:
                break
    except OSError as error:
        text += repr(error).encode()
    return sock, text


def heard(mode, name, version, protocol):
    want = TABLE[mode].get(name, BAD)
    sock, text = hear(name, version, protocol)
    check(text == SAYS[protocol][want], "ssl_verify_client %s, client %s, %s: %r" %
          (mode, name, version, text))
    if want == GOOD:
        leave(sock, protocol)
    else:
        check(sock.recv(1) == b"", "more after the refusal")
        sock.close()
    return want


def requests():
    with open(os.path.join(PLACE, "record"), "rb") as f:
        return f.read()


def pem_of(name):
    with open(cert(name + ".pem")) as f:
        text = f.read()
    return text[:text.index("-----END CERTIFICATE-----")] + "-----END CERTIFICATE-----\n"


def openssl_says(name, what):
    text = subprocess.run(["openssl", "x509", "-noout", "-in", cert(name + ".pem")] + what.split(),
                          stdout=subprocess.PIPE, check=True).stdout.decode()
    return text.strip().split("=", 1)[1]


def headers_wanted(mode, name):
    """Of Auth-SSL, in NGINX's order: what it says of that client."""
    want = [("Auth-SSL", "on"), ("Auth-SSL-Protocol", "TLSv1.3"),
            ("Auth-SSL-Cipher", "TLS_AES_256_GCM_SHA384")]
    if mode == "off":
        return want
    if not name:
        return want + [("Auth-SSL-Verify", "NONE")]
    verdict = "SUCCESS" if name in ("good", "revoked") else "FAILED:" + ERRORS[name][1]
    der = ssl.PEM_cert_to_DER_cert(pem_of(name))
    want += [("Auth-SSL-Verify", verdict),
             ("Auth-SSL-Subject", openssl_says(name, "-subject -nameopt RFC2253")),
             ("Auth-SSL-Issuer", openssl_says(name, "-issuer -nameopt RFC2253")),
             ("Auth-SSL-Serial", openssl_says(name, "-serial")),
             ("Auth-SSL-Fingerprint", hashlib.sha1(der).hexdigest())]
    if mode == "on":
        want.append(("Auth-SSL-Cert", urllib.parse.quote(pem_of(name), safe="-._~+/=")))
    return want


def told(mode, name):
    """Logs in, and compares what the service was told, byte for byte."""
    before = len(requests())
    c = own(name, ssl.TLSVersion.TLSv1_3)
    sock = greeted(c)
    sock.sendall(b"EHLO client.test\r\n")
    lines_until(sock, b"250 ")
    sock.sendall(b"AUTH PLAIN " + base64.b64encode(b"\0alice\0secret") + b"\r\n")
    check(b"235 " in lines_until(sock, b"235 "), "no login")
    sock.close()
    request = requests()[before:].decode()
    got = [tuple(line.split(": ", 1)) for line in request.split("\r\n")
           if line.startswith("Auth-SSL")]
    want = headers_wanted(mode, name)
    for g, w in zip(got, want):
        if w[0] == "Auth-SSL-Cipher" and g[1].startswith("TLS_"):
            continue  # which is the server's choice
        check(g == w, "%s: told %s: %s, not %s: %s" % ((name,) + g + w))
    check(len(got) == len(want), "%s: %s" % (name, got))


def run(mode):
    for name in CLIENTS:
        for version in ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3:
            want = heard(mode, name, version, "smtp")
        for protocol in "imap", "pop3":
            heard(mode, name, ssl.TLSVersion.TLSv1_3, protocol)
        if mode == "on" and name == "self":
            await_log("client SSL certificate verify error: ", 12)  # NGINX: about its CRL
        elif want == BAD:
            await_log(r"client SSL certificate verify error: \(%d:%s\)" %
                      (ERRORS[name][0], ERRORS[name][1]), 4)
        elif want == MISSING:
            await_log("client sent no required SSL certificate", 4)
        else:
            told(mode, name)


def depth(deep):
    """With ssl_verify_depth 1, or 3."""
    for name in "good", "deep":
        for version in ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3:
            sock, text = hear(name, version, "smtp")
            want = GOOD if name == "good" or deep == "3" else BAD
            check(text == SAYS["smtp"][want], "%s: %r" % (name, text))
            if want == GOOD:
                leave(sock)
            else:
                await_log(r"client SSL certificate verify error: \((20|22):")


main({"on": lambda: run("on"), "optional": lambda: run("optional"), "off": lambda: run("off"),
      "optional_no_ca": lambda: run("optional_no_ca"), "depth": depth})
