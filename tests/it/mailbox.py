#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""mailbox.py: mail that is hard to pass on, and clients that prove that it was.

mailbox.py make MAILDIR COUNT SUMS     COUNT messages, one of them over 10 MB, and their SHA-256
mailbox.py maildir MAILDIR SUMS        are exactly these messages there?
mailbox.py imap PORT USER PASS SUMS    the same of an inbox, with imaplib; then what APPEND adds
mailbox.py pop3 PORT USER PASS SUMS    the same with poplib; then delete all of them
mailbox.py files SUMS PATH...          is each of these files one of the messages?
mailbox.py login PROTOCOL PORT FROM USER PASS   logs in from that address, prints its own port

A sum is that of the message as it is in transit, with CRLF at the end of each line.
"""
import collections
import hashlib
import imaplib
import os
import poplib
import random
import socket
import sys

poplib._MAXLINE = 1 << 20

BIG = 10 * 1024 * 1024 + 4711
NUMBER_OF_BIG = 77


def digest(message):
    return hashlib.sha256(message).hexdigest()


def line(dice):
    """One line without its end, of every kind that has ever troubled a mail program."""
    kind = dice.randrange(8)
    if kind == 0:
        return b"." * dice.randrange(1, 5)
    if kind == 1:
        return b".line with a dot"
    if kind == 2:
        return b""
    if kind == 3:
        return bytes(dice.choices(range(128, 256), k=dice.randrange(1, 200)))
    if kind == 4:
        return bytes(dice.choices([9, 27, 26, 127, 1, 37, 123, 125, 34, 92, 255], k=30))
    if kind == 5:
        return b"long " * dice.randrange(200, 1800)
    if kind == 6:
        return b"From here {100+}"
    return b"an ordinary line of text, %d" % dice.randrange(1000000)


def message(number):
    size = BIG if number == NUMBER_OF_BIG else 300 + number * number % 30011
    dice = random.Random(number)
    lines = [b"From: a@client.test", b"To: b@server.test", b"Subject: message %d" % number,
             b"Message-ID: <%d@mailbox.test>" % number, b"MIME-Version: 1.0",
             b"Content-Type: text/plain; charset=iso-8859-1", b"Content-Transfer-Encoding: 8bit",
             b""]
    n = sum(len(x) + 2 for x in lines)
    chunk = [line(dice) for _ in range(2000)] if size > 100000 else []
    while n < size:
        more = chunk or [line(dice)]
        lines += more
        n += sum(len(x) + 2 for x in more)
    return b"\r\n".join(lines) + b"\r\n"


def make(maildir, count, sums):
    for sub in "cur", "new", "tmp":
        os.makedirs(os.path.join(maildir, sub))
    with open(sums, "w") as out:
        for i in range(int(count)):
            text = message(i)
            out.write(digest(text) + "\n")
            name = "%d.M%dP1.mailbox" % (1700000000 + i, i)
            with open(os.path.join(maildir, "new", name), "wb") as f:
                f.write(text.replace(b"\r\n", b"\n"))


def wanted(sums):
    with open(sums) as f:
        return collections.Counter(f.read().split())


def compare(name, want, got):
    missing, strange = want - got, got - want
    if missing or strange:
        sys.exit("%s: of %d messages, %d are missing and %d are others" %
                 (name, sum(want.values()), sum(missing.values()), sum(strange.values())))
    print("%s: %d messages, all intact" % (name, sum(got.values())))


def check_maildir(maildir, sums):
    got = collections.Counter()
    for sub in "cur", "new":
        for name in os.listdir(os.path.join(maildir, sub)):
            with open(os.path.join(maildir, sub, name), "rb") as f:
                lines = f.read().split(b"\n")
            # mbsync's own mark on what it copies
            lines = [x for x in lines if not x.startswith(b"X-TUID: ")]
            got[digest(b"\r\n".join(lines))] += 1
    compare(maildir, wanted(sums), got)


def read_all(box, folder):
    got = collections.Counter()
    count = int(box.select(folder)[1][0])
    for first in range(1, count + 1, 50):
        _, parts = box.fetch("%d:%d" % (first, min(first + 49, count)), "(BODY.PEEK[])")
        got.update(digest(p[1]) for p in parts if isinstance(p, tuple))
    return got


def check_imap(port, user, password, sums):
    box = imaplib.IMAP4("127.0.0.1", int(port), timeout=20)
    box.login(user, password)
    compare("imap", wanted(sums), read_all(box, "INBOX"))
    box.create("Copies")
    copies = [message(i) for i in (1, NUMBER_OF_BIG, 5)]
    for text in copies:
        box.append("Copies", None, None, text)
    compare("append", collections.Counter(map(digest, copies)), read_all(box, "Copies"))
    box.logout()


def check_pop3(port, user, password, sums):
    box = poplib.POP3("127.0.0.1", int(port), timeout=20)
    box.user(user)
    box.pass_(password)
    got = collections.Counter()
    count = box.stat()[0]
    for i in range(1, count + 1):
        got[digest(b"\r\n".join(box.retr(i)[1]) + b"\r\n")] += 1
        box.dele(i)
    box.quit()
    compare("pop3", wanted(sums), got)
    box = poplib.POP3("127.0.0.1", int(port), timeout=20)
    box.user(user)
    box.pass_(password)
    left = box.stat()[0]
    box.quit()
    if left:
        sys.exit("%d messages are left" % left)


def check_files(sums, *paths):
    want = wanted(sums)
    for path in paths:
        with open(path, "rb") as f:
            if digest(f.read()) not in want:
                sys.exit("%s: no message of ours" % path)


def login(protocol, port, source, user, password):
    plain = socket.create_connection

    def from_source(address, timeout=20, source_address=None):
        return plain(address, timeout, (source, 0))

    socket.create_connection = from_source
    if protocol == "imap":
        box = imaplib.IMAP4("127.0.0.1", int(port), timeout=20)
        print(box.sock.getsockname()[1])
        box.login(user, password)
        box.logout()
    else:
        box = poplib.POP3("127.0.0.1", int(port), timeout=20)
        print(box.sock.getsockname()[1])
        box.user(user)
        box.pass_(password)
        box.quit()


{"make": make, "maildir": check_maildir, "imap": check_imap, "pop3": check_pop3,
 "files": check_files, "login": login}[sys.argv[1]](*sys.argv[2:])
