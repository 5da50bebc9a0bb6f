#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""tls_mail.py: mail programs of Python over TLS; one mode for each test of tls_mail.c."""
import hashlib
import imaplib
import os
import poplib
import random
import smtplib
import sys
import time
from email.message import EmailMessage

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "lib"))
from tlskit import *

poplib._MAXLINE = 1 << 20
HOST = "localhost"


def smtp(starttls):
    c = context()
    if starttls:
        client = smtplib.SMTP(HOST, PORT["SMTP"], timeout=PATIENCE)
        client.starttls(context=c)
    else:
        client = smtplib.SMTP_SSL(HOST, PORT["SMTPS"], timeout=PATIENCE, context=c)
    with client:
        client.login("alice", "secret")
        for size in 0, 3000, 200000:
            message = EmailMessage()
            message["From"], message["To"] = "a@client.test", "b@sink.test"
            message.set_content("\n".join(["a line", ".", "..dots"] * (size // 10 + 1)))
            client.send_message(message)


def imap_box(starttls):
    if starttls:
        box = imaplib.IMAP4(HOST, PORT["IMAP"], timeout=PATIENCE)
        box.starttls(context())
    else:
        box = imaplib.IMAP4_SSL(HOST, PORT["IMAPS"], ssl_context=context(), timeout=PATIENCE)
    box.login("alice", "secret")
    return box


def there_and_back(box, text):
    box.append("INBOX", "", None, text)
    last = box.select("INBOX")[1][0]
    parts = box.fetch(last, "(BODY.PEEK[])")[1]
    got = b"".join(p[1] for p in parts if isinstance(p, tuple))
    check(hashlib.sha256(got).digest() == hashlib.sha256(text).digest(),
          "for %d bytes, %d others came back" % (len(text), len(got)))


def some_text(size):
    dice = random.Random(size)
    lines = [b"Subject: bytes", b""]
    while size > 0:
        line = bytes(dice.choices(range(32, 256), k=dice.randrange(0, 900)))
        lines += [line, b"." + line[:50]] * 20
        size -= 20 * (len(line) + 55)
    return b"\r\n".join(lines) + b"\r\n"


def imap(starttls):
    box = imap_box(starttls)
    for size in 100, 20000, 300000:
        there_and_back(box, some_text(size))
    box.logout()


def pop3(starttls):
    if starttls:
        box = poplib.POP3(HOST, PORT["POP3"], timeout=PATIENCE)
        box.stls(context())
    else:
        box = poplib.POP3_SSL(HOST, PORT["POP3S"], timeout=PATIENCE, context=context())
    box.user("alice")
    box.pass_("secret")
    for i in range(1, box.stat()[0] + 1):
        box.retr(i)
    box.quit()


def clients():
    for starttls in False, True:
        smtp(starttls)
        imap(starttls)
        pop3(starttls)


def mailboxes():
    for starttls in False, True:
        imap(starttls)
        pop3(starttls)


def big():
    """10 MB, there and back, with TLS at once and without."""
    text = some_text(10 * 1024 * 1024)
    box = imap_box(False)
    there_and_back(box, text)
    box.logout()
    box = imaplib.IMAP4(HOST, PORT["IMAP"], timeout=PATIENCE)
    box.login("alice", "secret")
    there_and_back(box, text)
    box.logout()


def slow():
    """A client that reads slowly gets every byte; the proxy does not keep the rest meanwhile."""
    text = some_text(10 * 1024 * 1024)
    box = imap_box(False)
    there_and_back(box, text)
    box.logout()
    sock = greeted(context(), "imap")
    for line, reply in (b"a LOGIN alice secret", b"a OK"), (b"b SELECT INBOX", b"b OK"):
        sock.sendall(line + b"\r\n")
        lines_until(sock, reply)
    before = resident()
    sock.sendall(b"c FETCH * (BODY.PEEK[])\r\n")
    got = b""
    for pause in range(10):
        time.sleep(0.05)
        got += sock.recv(20000)
    check(resident() - before < 16 << 20, "the proxy keeps %d bytes" % (resident() - before))
    parts = [got]
    while not got.endswith(b"c OK Fetch completed.\r\n") and b"c OK" not in got[-200:]:
        got = sock.recv(65536)
        parts.append(got)
    check(text in b"".join(parts), "other bytes came")


def resident():
    total = 0
    for pid in workers():
        with open("/proc/%s/statm" % pid) as f:
            total += int(f.read().split()[1]) * os.sysconf("SC_PAGESIZE")
    return total


main(globals())
