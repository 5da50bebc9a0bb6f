#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""tls_injection.py PROTOCOL: commands behind STARTTLS, in one segment with it and split at every
offset. What was said in clear is never carried out: after TLS one NOOP has one answer. Either the
clear text is dropped, or it spoils the handshake."""
import os
import ssl
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "lib"))
from tlskit import *

INJECTED = {"smtp": b"EHLO injected.test\r\nRSET\r\nQUIT\r\n",
            "imap": b"x NOOP\r\ny LOGOUT\r\n", "pop3": b"CAPA\r\nNOOP\r\nQUIT\r\n"}
NOOP = {"smtp": b"NOOP\r\n", "imap": b"n NOOP\r\n", "pop3": b"NOOP\r\n"}
ANSWER = {"smtp": b"250 2.0.0 OK\r\n", "imap": b"n OK completed\r\n", "pop3": b"+OK\r\n"}


def opened(protocol):
    sock = plain(PORT[protocol.upper()])
    lines_until(sock, GREETING[protocol])
    if protocol == "smtp":
        sock.sendall(b"EHLO client.test\r\n")
        lines_until(sock, b"250 ")
    return sock


def go_ahead(sock, protocol):
    """The one line that answers STARTTLS, byte by byte; nothing after it is ours to read."""
    line = b""
    while not line.endswith(b"\r\n"):
        more = sock.recv(1)
        check(more, "%s: ended after %r" % (protocol, line))
        line += more
    check(line.startswith(GO_AHEAD[protocol]), "%s: %r" % (protocol, line))


def attempt(protocol, cut):
    """True if the handshake was done all the same."""
    text = START[protocol] + b"\r\n" + INJECTED[protocol]
    sock = opened(protocol)
    sock.sendall(text[:cut])
    if text[cut:]:
        time.sleep(0.001)
        sock.sendall(text[cut:])
    go_ahead(sock, protocol)
    try:
        tls = context().wrap_socket(sock, server_hostname="mx.test")
    except (ssl.SSLError, OSError):
        return False
    tls.sendall(NOOP[protocol])
    got = tls.recv(4096)
    check(got == ANSWER[protocol], "%s, cut at %d: NOOP is answered by %r" % (protocol, cut, got))
    tls.settimeout(0.02)
    try:
        more = tls.recv(4096)
        check(False, "%s, cut at %d: then came %r" % (protocol, cut, more))
    except TimeoutError:
        pass
    tls.settimeout(PATIENCE)
    leave(tls, protocol)
    return True


def run(protocol):
    whole = len(START[protocol] + b"\r\n" + INJECTED[protocol])
    done = [attempt(protocol, cut) for cut in range(1, whole + 1)]
    print("%s: %d of %d handshakes done" % (protocol, sum(done), len(done)))
    sock = opened(protocol)
    sock.sendall(START[protocol] + b"\r\n")
    go_ahead(sock, protocol)
    tls = context().wrap_socket(sock, server_hostname="mx.test")
    leave(tls, protocol)
    # a second STARTTLS, within TLS, is refused
    tls = greeted(context(), protocol)
    if protocol == "smtp":
        tls.sendall(b"EHLO client.test\r\n")
        check(b"STARTTLS" not in lines_until(tls, b"250 "), "STARTTLS is offered within TLS")
    tls.sendall(START[protocol] + b"\r\n")
    got = tls.recv(4096)
    check(not got.startswith(GO_AHEAD[protocol]), "STARTTLS within TLS: %r" % got)
    leave(tls, protocol)


for name in sys.argv[1:]:
    run(name)
