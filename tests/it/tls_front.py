#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""tls_front.py: clients of all kinds at the proxy's TLS listeners; one mode for each test of
tls_front.c and tls_resume.c."""
import os
import shutil
import ssl
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "lib"))
from tlskit import *

TLS12_ECDSA = ("ECDHE-ECDSA-AES128-GCM-SHA256", "ECDHE-ECDSA-AES256-GCM-SHA384",
               "ECDHE-ECDSA-CHACHA20-POLY1305")
TLS12_RSA = ("ECDHE-RSA-AES128-GCM-SHA256", "ECDHE-RSA-AES256-GCM-SHA384",
             "ECDHE-RSA-CHACHA20-POLY1305")
OLD_ECDSA = ("ECDHE-ECDSA-AES128-SHA256", "ECDHE-ECDSA-AES256-SHA384")
OLD_RSA = ("ECDHE-RSA-AES128-SHA256", "ECDHE-RSA-AES256-SHA384")
DHE = ("DHE-RSA-AES128-GCM-SHA256", "DHE-RSA-AES256-GCM-SHA384", "DHE-RSA-CHACHA20-POLY1305")
KEY_TRANSPORT = ("AES128-GCM-SHA256", "AES256-GCM-SHA384", "AES128-SHA256")
TLS13 = ("TLS_AES_128_GCM_SHA256", "TLS_AES_256_GCM_SHA384", "TLS_CHACHA20_POLY1305_SHA256")
STRICT = "-verify_return_error -verify_hostname mx.test "


def suites(*lists):
    """Each of these TLS 1.2 suites is what is agreed upon when it is all that is offered."""
    for suite in [s for names in lists for s in globals()[names]]:
        text = s_client(STRICT + "-tls1_2 -cipher " + suite)
        expect(text, "smtp", "Protocol +: TLSv1.2", "Cipher +: %s\n" % suite)


def suites13():
    for suite in TLS13:
        text = s_client(STRICT + "-tls1_3 -ciphersuites " + suite)
        expect(text, "smtp", "New, TLSv1.3, Cipher is " + suite)


def starttls():
    for protocol in PROTOCOLS:
        for version in "1_2", "1_3":
            for start in False, True:
                text = s_client(STRICT + "-tls" + version, protocol, starttls=start)
                expect(text, protocol, "TLSv" + version.replace("_", "."),
                       r"Verify return code: 0 \(ok\)")


def groups():
    for name, key in (("X25519", "X25519"), ("P-256", "ECDH, prime256v1"),
                      ("P-384", "ECDH, secp384r1")):
        text = s_client(STRICT + "-tls1_3 -groups " + name)
        expect(text, "smtp", "(Server|Peer) Temp Key: " + key)
        # the certificate's curve is one of those that count in TLS 1.2 (RFC 8422 section 5.1)
        text = s_client(STRICT + "-tls1_2 -cipher aRSA -groups " + name)
        expect(text, "smtp", "(Server|Peer) Temp Key: " + key)
    # a key share of a group that the server may not like: it may ask for another (RFC 8446 4.1.4)
    expect(s_client(STRICT + "-tls1_3 -groups P-521:X25519"), "smtp")


def order(server_first):
    """Of two suites that both sides know, whose first one counts."""
    first, second = TLS12_ECDSA[1], TLS12_ECDSA[0]  # as ssl_ciphers has them
    text = s_client("-tls1_2 -cipher %s:%s" % (second, first))
    expect(text, "smtp", "Cipher +: %s\n" % (first if server_first == "on" else second))


def refused(options):
    check("Cipher is (NONE)" in s_client(options), "served: " + options)


def curve():
    """With ssl_ecdh_curve secp384r1."""
    text = s_client("-tls1_3 -groups X25519:P-384")
    expect(text, "smtp", "(Server|Peer) Temp Key: ECDH, secp384r1")
    refused("-tls1_3 -groups X25519")


def commands():
    """With MinProtocol TLSv1.3 and one suite."""
    expect(s_client("-tls1_3"), "smtp", "Cipher is TLS_CHACHA20_POLY1305_SHA256")
    refused("-tls1_2")
    refused("-tls1_3 -ciphersuites TLS_AES_128_GCM_SHA256")


def lifetime(seconds):
    for version in "1_2", "1_3":
        expect(s_client("-tls" + version), "smtp",
               r"session ticket lifetime hint: %s \(seconds\)" % seconds)


def kinds():
    """RSA and ECDSA of one server, each for those who can verify only one of them."""
    for version, ecdsa, rsa in (
            ("1_2", "-sigalgs ECDSA+SHA256", "-sigalgs RSA+SHA256"),
            ("1_3", "-sigalgs ECDSA+SHA256", "-sigalgs RSA-PSS+SHA256:RSA+SHA256")):
        text = s_client(STRICT + "-tls%s %s" % (version, ecdsa))
        expect(text, "smtp", "Peer signature type: ECDSA", "Server public key is 256 bit")
        text = s_client(STRICT + "-tls%s %s" % (version, rsa))
        expect(text, "smtp", "Peer signature type: RSA", "Server public key is 2048 bit")
    expect(s_client(STRICT + "-tls1_2 -cipher aRSA"), "smtp", "Server public key is 2048 bit")
    expect(s_client(STRICT + "-tls1_2 -cipher aECDSA"), "smtp", "Server public key is 256 bit")


def ed25519():
    for version in "1_2", "1_3":
        expect(s_client(STRICT + "-tls" + version), "smtp", "Peer signature type: Ed25519")


def old_versions():
    for version in "-tls1", "-tls1_1":
        text = s_client(version + " -cipher DEFAULT@SECLEVEL=0")
        check(not served(text), "an old version is served: " + text)
    expect(s_client("-tls1_2"), "smtp")
    await_log("handshaking")


def versions(good, bad):
    expect(s_client(STRICT + "-tls" + good), "smtp")
    text = s_client("-tls" + bad)
    check(not served(text), "a version that is switched off: " + text)


def common_name(protocol, server_name):
    text = s_client("-servername " + server_name if server_name else "-noservername", protocol)
    check(served(text, protocol), text)
    return re.search(r"subject=.*CN ?= ?(\S+)", text).group(1)


def names():
    for asked, got in (("a.exact.test", "a.exact.test"), ("A.Exact.Test", "a.exact.test"),
                       ("b.exact.test", "mx.test"), ("b.wild.test", "*.wild.test"),
                       ("a.b.wild.test", "mx.test"), ("wild.test", "mx.test"),
                       ("mx.test", "mx.test"), ("unknown.test", "mx.test"), ("", "mx.test")):
        name = common_name("smtp", asked)
        check(name == got, "%s has got the certificate of %s" % (asked, name))
    check(common_name("imap", "b.wild.test") == "*.wild.test", "imap")


def many_names():
    """Each name has its own; a reload takes up the new file of one."""
    for asked, got in (("n0.many.test", "*.wild.test"), ("n777.many.test", "a.exact.test"),
                       ("n999.many.test", "*.wild.test"), ("n1000.many.test", "mx.test")):
        check(common_name("smtp", asked) == got, asked)
    install("renewed")
    reload()
    began = time.monotonic()
    while common_name("smtp", "n777.many.test") != "mx.test":
        check(time.monotonic() - began < PATIENCE, "the new certificate is not served")
    check(common_name("smtp", "n778.many.test") == "*.wild.test", "n778")


def alpn():
    for protocol in PROTOCOLS:
        text = s_client(STRICT + "-alpn %s" % protocol, protocol)
        expect(text, protocol, "ALPN protocol: " + protocol)
        expect(s_client(STRICT + "-alpn http/1.1,%s" % protocol, protocol), protocol)
        expect(s_client(STRICT, protocol), protocol)
    for protocol, wrong in (("smtp", "http/1.1"), ("imap", "h2,pop3"), ("pop3", "imap")):
        for version in "1_2", "1_3":
            text = s_client("-alpn %s -tls%s" % (wrong, version), protocol)
            check(not served(text, protocol), "%s is served to %s" % (protocol, wrong))
            check(re.search("alert no application protocol", text), text)


# --- resumption ---------------------------------------------------------------------------------

def session_of(c, protocol="smtp"):
    sock = greeted(c, protocol)
    session = sock.session
    leave(sock, protocol)
    return session


def resumes(c, session, times, protocol="smtp"):
    """How often a session is resumed in that many connections, several at a time."""
    good = 0
    while times > 0:
        socks = [greeted(c, protocol, session=session) for _ in range(min(times, 8))]
        good += sum(s.session_reused for s in socks)
        times -= len(socks)
        for s in socks:
            leave(s, protocol)
    return good


def contexts():
    two = ssl.TLSVersion.TLSv1_2
    return {"ticket12": context(maximum_version=two),
            "ticket13": context(minimum_version=ssl.TLSVersion.TLSv1_3),
            "id": context(maximum_version=two, options=context().options | ssl.OP_NO_TICKET)}


def resume(*kinds_of):
    for kind in kinds_of:
        c = contexts()[kind]
        session = session_of(c)
        good = resumes(c, session, 64)
        check(good == 64, "%s: %d of 64 are resumed" % (kind, good))
        check(session.has_ticket == (kind != "id"), "%s: has_ticket" % kind)
    check(len(threads_that_accepted()) >= 2, "all connections went to one thread")


def no_resumption(kind):
    c = contexts()[kind]
    check(resumes(c, session_of(c), 4) == 0, "%s: a session is resumed" % kind)


def s_client_resumes():
    path = os.path.join(PLACE, "session")
    for version in "1_2", "1_3":
        expect(s_client(STRICT + "-tls%s -sess_out %s" % (version, path)), "smtp", "New, TLSv1")
        expect(s_client(STRICT + "-tls%s -sess_in %s" % (version, path)), "smtp", "Reused, TLSv1")


def install(name):
    for kind in "pem", "key":
        shutil.copy(cert("%s.%s" % (name, kind)), os.path.join(PLACE, "current.%s.new" % kind))
        os.rename(os.path.join(PLACE, "current.%s.new" % kind),
                  os.path.join(PLACE, "current." + kind))


def served_with(c):
    sock = greeted(c)
    der = sock.getpeercert(True)
    leave(sock)
    return der


def await_certificate(name):
    c = context()
    with open(cert(name + ".pem")) as f:
        der = ssl.PEM_cert_to_DER_cert(f.read())
    began = time.monotonic()
    while served_with(c) != der:
        check(time.monotonic() - began < PATIENCE, "the new certificate is not served")
        time.sleep(0.02)


def reload_and_wait():
    before = set(workers())
    reload()
    began = time.monotonic()
    while before & set(workers()):
        check(time.monotonic() - began < PATIENCE, "the old workers stay")
        time.sleep(0.01)


def renewal():
    """After a reload the tickets of before are good, as their key has stayed; another reload
    takes up a new certificate."""
    await_certificate("ecdsa")
    sessions = {kind: session_of(c) for kind, c in held.items()}
    reload_and_wait()
    for kind, c in held.items():
        check(resumes(c, sessions[kind], 16) == 16, "%s: not resumed after a reload" % kind)
    install("renewed")
    reload()
    await_certificate("renewed")


held = {k: c for k, c in contexts().items() if k != "id"}


def two_places(port):
    """Sessions of this proxy at another one with the same ticket keys, and back."""
    for kind, c in held.items():
        session = session_of(c)
        PORT["SMTPS"], other = int(port), PORT["SMTPS"]
        check(resumes(c, session, 4) == 4, "%s: not resumed at the other proxy" % kind)
        session = session_of(c)
        PORT["SMTPS"] = other
        check(resumes(c, session, 4) == 4, "%s: not resumed at the first proxy" % kind)


def rotation():
    """A second key still decrypts what it encrypted when it was the first."""
    sessions = {kind: session_of(c) for kind, c in held.items()}
    names = [os.path.join(PLACE, n) for n in ("keys-1", "keys-2", "keys-swap")]
    for old, new in (0, 2), (1, 0), (2, 1):
        os.rename(names[old], names[new])
    reload_and_wait()
    for kind, c in held.items():
        check(resumes(c, sessions[kind], 8) == 8, "%s: not resumed by the second key" % kind)


def install_keys():
    shutil.copy(cert("ticket-1.key"), os.path.join(PLACE, "keys-1"))
    shutil.copy(cert("ticket-2.key"), os.path.join(PLACE, "keys-2"))


main(globals())
