#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""tls_hostile.py: clients that do not keep to TLS; one mode for each test of tls_hostile.c. Every
one of their sessions must end with a word in the log, and others must be served as before."""
import os
import random
import re
import socket
import struct
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "lib"))
import minitls
from minitls import ALERT, CCS, DATA, HANDSHAKE, Client, Closed
from tlskit import *

OLD, NEW = 0x0303, 0x0304
NGINX = os.environ.get("PROXY") == "nginx"  # which is silent about some ends


opened = []


def client(version=NEW, port="SMTPS"):
    opened.append(plain(PORT[port]))
    return Client(opened[-1], version)


def until_end(sock, most=1 << 20):
    """All that comes until the connection ends."""
    text = b""
    try:
        while len(text) < most:
            more = sock.recv(65536)
            if not more:
                break
            text += more
    except ConnectionError:
        pass
    sock.close()
    return text


def sessions():
    return set(re.findall(r"(\*\d+) client \S+ connected to", log()))


def ended(before):
    """Each session since then has a last word in the log."""
    began = time.monotonic()
    while True:
        text = log()
        mute = [n for n in sessions() - before
                if not re.search(r"\]\s\S+: %s (?!client \S+ connected to)" % re.escape(n), text)]
        if not mute:
            return
        check(time.monotonic() - began < PATIENCE, "sessions without a last word: %s" % mute,
              text[-3000:])
        time.sleep(0.02)


def attack(do, *arguments, word=True):
    """word: what ends in the handshake must be in the log; an end in peace need not."""
    before = sessions()
    try:
        do(*arguments)
    except (Closed, ConnectionError):
        pass
    while opened:
        opened.pop().close()
    if word and not NGINX:
        ended(before)


def others_are_served():
    for protocol in PROTOCOLS:
        leave(greeted(context(), protocol), protocol)
    expect_rest()


def refused(c, what):
    """The server says nothing but alerts, and closes."""
    try:
        text = c.line()
    except (Closed, ConnectionError):
        return
    sys.exit("%s: served all the same, with %r" % (what, text))


# --- certificates without proof -----------------------------------------------------------------

def with_certificate(version, proof):
    """A certificate of a good client, with the proof that it is ours or without."""
    c = client(version)
    c.say(c.hello(groups=(29, 23)))
    c.server_hello()
    c.server_flight()
    check(c.certificate_wanted, "no certificate is wanted")
    c.say(c.certificate(cert("good.pem")))
    if version == OLD:
        c.key_exchange()
    if proof == "good":
        c.say(c.certificate_verify(cert("good.key")))
    elif proof == "of another":
        c.say(c.certificate_verify(cert("revoked.key")))
    elif proof == "twice":
        c.say(c.certificate(cert("good.pem")))
    if version == OLD:
        c.change()
        c.end12()
    else:
        c.end13()
    return c


def proof():
    for version in OLD, NEW:
        text = with_certificate(version, "good").line()
        check(text.startswith(b"220 "), "the good one hears %r" % text)
        for wrong in "none", "of another", "twice":
            def do():
                refused(with_certificate(version, wrong), "%x, proof %s" % (version, wrong))
            attack(do)
    c = client(NEW)
    c.connect()
    check(c.line() == b"421 4.7.1 No required SSL certificate\r\n", "a client without one")
    others = context()
    others.load_cert_chain(cert("good.pem"), cert("good.key"))
    leave(greeted(others))
    expect_rest()


# --- ChangeCipherSpec, empty records, KeyUpdate -------------------------------------------------

def ccs_first(version, n):
    c = client(version)
    for _ in range(n):
        c.send(CCS, b"\1")
    c.say(c.hello())
    c.server_hello()


def ccs_after_hello(version, n):
    c = client(version)
    c.say(c.hello())
    c.sock.sendall(minitls.record(CCS, b"\1") * n)
    until_end(c.sock)


def ccs_wrong(version, text):
    c = client(version)
    c.say(c.hello())
    c.send(CCS, text)
    until_end(c.sock)


def ccs_late(version):
    c = client(version)
    c.connect()
    c.line()
    c.sock.sendall(minitls.record(CCS, b"\1") * 5000)
    until_end(c.sock)


def ccs():
    for version in OLD, NEW:
        for n in 1, 2, 5000:
            attack(ccs_first, version, n)
            attack(ccs_after_hello, version, n)
        attack(ccs_wrong, version, b"\2")
        attack(ccs_wrong, version, b"")
        attack(ccs_wrong, version, b"\1\1")
        attack(ccs_late, version, word=False)
    others_are_served()


def empty_in_handshake(version, kind, n):
    c = client(version)
    c.sock.sendall(minitls.record(kind, b"") * n)
    c.say(c.hello())
    until_end(c.sock)


def empty_data(version):
    c = client(version)
    c.connect()
    c.line()
    c.sock.sendall(b"".join(c.seal(DATA, b"") for _ in range(600)))
    c.send(DATA, b"QUIT\r\n")
    until_end(c.sock)


def empty():
    for version in OLD, NEW:
        for kind in HANDSHAKE, ALERT, DATA:
            attack(empty_in_handshake, version, kind, 1)
            attack(empty_in_handshake, version, kind, 5000)
        attack(empty_data, version, word=False)
    others_are_served()


def bare(kind, step):
    """A sealed record with nothing within, not even its type."""
    c = client(NEW)
    c.say(c.hello())
    c.server_hello()
    if step > 0:
        c.server_flight()
    if step > 1:
        c.end13()
        c.line()
    head = struct.pack(">BHH", kind, OLD, 16)
    text = minitls.record(kind, minitls.tag(c.write.key, c.write.nonce(), b"", head))
    c.sock.sendall(text + c.seal(DATA, b"QUIT\r\n"))
    until_end(c.sock)


def without_type():
    for _ in range(10):
        for kind in ALERT, HANDSHAKE, DATA, 24:
            for step in range(3):
                attack(bare, kind, step, word=False)
    if not NGINX:
        check("record without a content type" in log(), log()[-2000:])
        check("exited on signal" not in log(), log()[-2000:])
    others_are_served()


def key_updates(wanted, n):
    c = client(NEW)
    c.connect()
    c.line()
    for _ in range(n):
        c.key_update(wanted)
    c.send(DATA, b"QUIT\r\n")
    if wanted == 0 and n < 10:
        check(c.line().startswith(b"221 "), "not served after a KeyUpdate")
    until_end(c.sock)


def updates():
    key_updates(0, 3)
    for wanted, n in (1, 2000), (0, 1000), (7, 1):
        attack(key_updates, wanted, n, word=False)
    others_are_served()


# --- no TLS at all, or not to its end -----------------------------------------------------------

GARBAGE = (
    b"EHLO client.test\r\nQUIT\r\n", b"a LOGIN alice secret\r\n", b"GET / HTTP/1.0\r\n\r\n",
    b"\0" * 4000, b"\xff" * 4000, b"\x16\x03\x01\x00\x00", b"\x16\x03\x01\xff\xff" + b"x" * 70000,
    b"\x16\x03\x01\x00\x05\x01\x00\x00\x01\x00", b"\x80\x2e\x01\x00\x02" + b"\0" * 60,
    b"\x15\x03\x01\x00\x02\x02\x28", b"\x17\x03\x03\x00\x05hello", b"\x16\x03\x03\x40\x01\x01",
    b"\x16\x03\x01\x00\x04\x01\xff\xff\xff" + b"\x16\x03\x01\x40\x00" + b"y" * 16384)


def garbage_one(port, text):
    sock = plain(PORT[port])
    try:
        sock.sendall(text)
        sock.shutdown(socket.SHUT_WR)
    except OSError:
        pass
    got = until_end(sock)
    check(not re.search(rb"\d\d\d [A-Z]|\* OK|\+OK", got), "an answer in clear: %r" % got)


def garbage():
    dice = random.Random(7)
    texts = list(GARBAGE) + [dice.randbytes(dice.randrange(1, 3000)) for _ in range(20)]
    hello = minitls.record(HANDSHAKE, Client(None).hello())
    for _ in range(40):
        broken = bytearray(hello)
        for _ in range(dice.randrange(1, 6)):
            broken[dice.randrange(len(broken))] = dice.randrange(256)
        texts.append(bytes(broken))
    for i, text in enumerate(texts):
        attack(garbage_one, PROTOCOLS[i % 3].upper() + "S", text)
    for protocol in PROTOCOLS:
        for text in GARBAGE[:4]:
            def do():
                sock = begun(protocol)
                try:
                    sock.sendall(text)
                    sock.shutdown(socket.SHUT_WR)
                except OSError:
                    pass
                until_end(sock)
            attack(do)
    others_are_served()


def stop_after(n, hard):
    sock = plain(PORT["SMTPS"])
    sock.sendall(minitls.record(HANDSHAKE, Client(None).hello())[:n])
    if hard:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
    sock.close()


def stop_before(version, step):
    c = client(version)
    c.say(c.hello())
    c.server_hello()
    if step > 0:
        c.server_flight()
    if step > 1 and version == OLD:
        c.key_exchange()
    if step > 2 and version == OLD:
        c.change()
    c.sock.close()


def stay():
    """Clients that stop and stay: they are timed out, half of a hello, half of a handshake."""
    before = sessions()
    hello = minitls.record(HANDSHAKE, Client(None).hello())
    socks = []
    for n in 0, 1, 5, 60, len(hello) - 1:
        sock = plain(PORT["SMTPS"])
        sock.sendall(hello[:n])
        socks.append(sock)
    c = client(OLD)
    c.say(c.hello())
    c.server_hello()
    socks.append(c.sock)
    for sock in socks:
        until_end(sock)
    if NGINX:
        return
    ended(before)
    check(len(re.findall(r"client timed out \(110: Connection timed out\) while SSL handshaking",
                         log())) >= len(socks), log()[-2000:])


def stop():
    whole = len(minitls.record(HANDSHAKE, Client(None).hello()))
    for n in list(range(0, whole, 29)) + [whole]:
        attack(stop_after, n, n % 2)
    for version in OLD, NEW:
        for step in range(4):
            attack(stop_before, version, step)
    stay()
    others_are_served()


# --- unusual, and right -------------------------------------------------------------------------

def pieces():
    """A hello that comes byte by byte, in packets or in records, is a hello."""
    for version in OLD, NEW:
        for cut in "packets", "records", "records of 100":
            c = client(version)
            hello = c.hello()
            c.transcript = hello
            step = 100 if cut.endswith("100") else 1
            text = minitls.record(HANDSHAKE, hello) if cut == "packets" else b"".join(
                minitls.record(HANDSHAKE, hello[i:i + step]) for i in range(0, len(hello), step))
            try:
                for i in range(len(text) if cut == "packets" else 0):
                    c.sock.sendall(text[i:i + 1])
                if cut != "packets":
                    c.sock.sendall(text)
                c.server_hello()
                c.server_flight()
                if version == NEW:
                    c.end13()
                else:
                    c.key_exchange()
                    c.change()
                    c.end12()
                check(c.line().startswith(b"220 "), "not served")
            except Closed as why:
                # of those, a server may refuse hundreds of records of one byte only
                check(cut == "records", "%x in %s: %s" % (version, cut, why))
            c.sock.close()
    others_are_served()


# --- after close_notify -------------------------------------------------------------------------

STATES = ((), (b"EHLO client.test",), (b"EHLO client.test", b"AUTH LOGIN"),
          (b"AUTH PLAIN AGFsaWNlAHNlY3JldA==",),
          (b"AUTH PLAIN AGFsaWNlAHNlY3JldA==", b"MAIL FROM:<a@client.test>",
           b"RCPT TO:<b@sink.test>", b"DATA", None))


def closed(version, lines, clear):
    """Clear text behind close_notify is not looked at, whatever came before."""
    c = client(version)
    c.connect()
    c.line()
    for line in lines:
        if line is None:
            c.send(DATA, b"Subject: cut short\r\n")
            continue
        c.send(DATA, line + b"\r\n")
        while not re.match(rb"[23]\d\d ", c.line().split(b"\r\n")[-2]):
            pass
    c.sock.sendall(c.seal(ALERT, b"\1\0") + clear)
    text = until_end(c.sock)
    check(not re.search(rb"[2345]\d\d [0-9A-Z]", text), "an answer in clear: %r" % text)


def close_notify():
    for version in OLD, NEW:
        for clear in (b"", b"NOOP\r\n", b"QUIT\r\n", b"\0", b"EHLO x\r\n" * 1000,
                      minitls.record(DATA, b"QUIT\r\n")):
            for lines in STATES:
                attack(closed, version, lines, clear, word=False)
    check("client logged in" in log() and "EHLO x" not in log(), "clear text has been read")
    others_are_served()


def clear_text(version, clear):
    """Clear text in the midst of a session ends it."""
    c = client(version)
    c.connect()
    c.line()
    c.sock.sendall(clear)
    text = until_end(c.sock)
    check(b"250" not in text, "an answer in clear: %r" % text)


def clear():
    for version in OLD, NEW:
        for text in (b"EHLO client.test\r\n", minitls.record(DATA, b"EHLO client.test\r\n"),
                     minitls.record(DATA, b""), minitls.record(HANDSHAKE, b"\0\0\0\0") * 300,
                     minitls.record(99, b"x"), minitls.record(DATA, b"z" * 16000) * 4):
            attack(clear_text, version, text, word=False)
    others_are_served()


# --- resumption with a HelloRetryRequest, and suites twice --------------------------------------

def retried(suites1, suites2, offered, taken):
    c = client(NEW)
    c.psk = offered and offered["secret"]
    c.say(c.hello(suites=suites1, share=False, psk=offered))
    check(c.server_hello(), "no HelloRetryRequest")
    c.say(c.hello(suites=suites2, psk=offered))
    c.server_hello()
    c.server_flight()
    c.end13()
    text = c.line()
    check(not taken or text.startswith(b"220 "), "%r" % text)
    c.sock.close()


def twice():
    c = client(NEW)
    c.connect()
    c.line()
    if not c.ticket:
        c.send(DATA, b"NOOP\r\n")
        c.line()
    check(c.ticket, "no ticket has come")
    ticket = c.ticket
    c.sock.close()
    retried((0x1303,), (0x1303,), None, True)
    retried((0x1303,), (0x1303,), ticket, True)
    for suites1, suites2 in (((0x1303,) * 2, (0x1303,) * 2), ((0x1303,), (0x1303,) * 300),
                             ((0x1303,) * 300, (0x1303,) * 300), ((0x1303,) * 8, (0x1303,) * 150),
                             ((0x1303, 0x1301, 0x1303), (0x1301, 0x1303, 0x1301, 0x1303) * 40)):
        attack(retried, suites1, suites2, ticket, False,
               word=False)
    broken = dict(ticket, ticket=ticket["ticket"][:-1] + b"?")
    attack(retried, (0x1303,) * 9, (0x1303,) * 90, broken, False, word=False)
    attack(retried, (0x1303,) * 9, (0x1303,) * 90, dict(ticket, ticket=b"x" * 30000), False,
           word=False)
    others_are_served()


# --- all at once --------------------------------------------------------------------------------

def reset(sock):
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
    sock.close()


def crowd():
    """Two hundred sessions that are reset wherever they are: in a hello, before the greeting, in
    a reply, while their message is on its way, behind a farewell."""
    dice = random.Random(11)
    hello = minitls.record(HANDSHAKE, Client(None).hello())
    login = b"EHLO client.test\r\nAUTH PLAIN AGFsaWNlAHNlY3JldA==\r\n"
    lines = (b"EHLO client.test\r\n", login, login + b"MAIL FROM:<a@client.test>\r\n" +
             b"RCPT TO:<b@sink.test>\r\nDATA\r\n" + b"x" * 300000, b"QUIT\r\n")
    c = context()
    for _ in range(25):
        held = []
        for _ in range(8):
            kind = dice.randrange(6)
            if kind == 0:
                sock = plain(PORT["SMTPS"])
                sock.sendall(hello[:dice.randrange(len(hello))])
            elif kind == 1:
                sock = begun(dice.choice(PROTOCOLS))
            else:
                sock = secured(c, PORT["SMTPS"])
                sock.setblocking(False)
                try:
                    sock.sendall(lines[kind - 2])
                except OSError:
                    pass
            held.append(sock)
        for sock in held:
            if dice.randrange(2):
                reset(sock)
            else:
                sock.close()
    others_are_served()


main(globals())
