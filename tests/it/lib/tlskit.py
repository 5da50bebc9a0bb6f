# SPDX-License-Identifier: GPL-2.0-or-later
"""tlskit: what the Python programs of the TLS tests share: where everything is (secure.h tells),
openssl s_client, Python's ssl, and the first and last words of the three protocols."""
import os
import re
import signal
import socket
import ssl
import subprocess
import sys
import threading
import time

CERTS, PLACE = os.environ["CERTS"], os.environ["PLACE"]
PORT = {name: int(os.environ[name]) for name in
        ("SMTPS", "IMAPS", "POP3S", "SMTP", "IMAP", "POP3")}
PROTOCOLS = ("smtp", "imap", "pop3")
LEAVE = {"smtp": "QUIT", "imap": "z LOGOUT", "pop3": "QUIT"}
FAREWELL = {"smtp": "221 ", "imap": "z OK ", "pop3": "+OK"}
GREETING = {"smtp": b"220 ", "imap": b"* OK ", "pop3": b"+OK "}
START = {"smtp": b"STARTTLS", "imap": b"s STARTTLS", "pop3": b"STLS"}
GO_AHEAD = {"smtp": b"220 ", "imap": b"s OK ", "pop3": b"+OK"}
PATIENCE = 15


def cert(name):
    return os.path.join(CERTS, name)


def check(truth, text, *more):
    if not truth:
        sys.exit("\n".join([text] + [str(x) for x in more]))


def s_client(options, protocol="smtp", port=None, starttls=False):
    """Connects, hears the greeting, leaves politely; what s_client printed. `options` are one
    string."""
    word = ["-starttls", protocol] if starttls else []
    if port is None:
        port = PORT[protocol.upper() if starttls else protocol.upper() + "S"]
    command = ["openssl", "s_client", "-connect", "127.0.0.1:%d" % port, "-CAfile",
               cert("ca.pem"), "-ign_eof", "-crlf"] + word + options.split()
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT) as child:
        killer = threading.Timer(PATIENCE, child.kill)
        killer.start()
        text, ready = b"", b"Verify return code" if starttls else GREETING[protocol]
        for line in iter(child.stdout.readline, b""):
            text += line
            if ready and ready in line:
                child.stdin.write(LEAVE[protocol].encode() + b"\n")
                child.stdin.flush()
                ready = None
        killer.cancel()
    return re.sub("-----BEGIN.*?-----END|TLS session ticket:.*?Start", "...",
                  text.decode("latin-1"), flags=re.S)


def served(text, protocol="smtp"):
    return FAREWELL[protocol] in text


def expect(text, protocol, *patterns):
    check(served(text, protocol), "not served: " + text)
    for p in patterns:
        check(re.search(p, text, re.I), "no %s in: %s" % (p, text))


def context(**settings):
    c = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    c.load_verify_locations(cert("ca.pem"))
    for name, value in settings.items():
        setattr(c, name, value)
    return c


def lines_until(sock, begins):
    """Reads replies until a line begins so, or the connection ends; all of it."""
    text = b""
    while True:
        more = sock.recv(65536)
        text += more
        for line in text.split(b"\r\n")[:-1]:
            if line.startswith(begins):
                return text
        if not more:
            return text


def plain(port, address="127.0.0.1"):
    sock = socket.create_connection((address, port), timeout=PATIENCE)
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return sock


def secured(c, port, name="mx.test", session=None):
    return c.wrap_socket(plain(port), server_hostname=name, session=session)


def greeted(c, protocol="smtp", **more):
    """A connection with TLS at once that has been greeted."""
    sock = secured(c, PORT[protocol.upper() + "S"], **more)
    text = lines_until(sock, GREETING[protocol])
    check(text.startswith(GREETING[protocol]), "greeting %r" % text)
    return sock


def leave(sock, protocol="smtp"):
    sock.sendall(LEAVE[protocol].encode() + b"\r\n")
    text = lines_until(sock, FAREWELL[protocol].encode())
    check(FAREWELL[protocol].encode() in text, "farewell %r" % text)
    check(sock.recv(1) == b"", "more after the farewell")
    try:
        sock.unwrap()  # or OpenSSL would not want to resume the session again
    except OSError:
        pass
    sock.close()


def begun(protocol, port=None):
    """A plain connection that has been told to go ahead with TLS."""
    sock = plain(port or PORT[protocol.upper()])
    lines_until(sock, GREETING[protocol])
    if protocol == "smtp":
        sock.sendall(b"EHLO client.test\r\n")
        check(b"STARTTLS" in lines_until(sock, b"250 "), "STARTTLS is not offered")
    sock.sendall(START[protocol] + b"\r\n")
    text = lines_until(sock, GO_AHEAD[protocol])
    check(text.startswith(GO_AHEAD[protocol]), "answer to STARTTLS: %r" % text)
    return sock


def log():
    with open(os.path.join(PLACE, "proxy.log"), errors="replace") as f:
        return f.read()


def await_log(pattern, times=1):
    began = time.monotonic()
    while len(re.findall(pattern, log())) < times:
        check(time.monotonic() - began < PATIENCE, "not %d times in the log: %s" %
              (times, pattern), log()[-3000:])
        time.sleep(0.01)


def threads_that_accepted():
    return set(re.findall(r"\[info\] (\d+#\d+): \*\d+ client .* connected to", log()))


def reload():
    os.kill(int(os.environ["PROXY_PID"]), signal.SIGHUP)


def workers():
    pid = os.environ["PROXY_PID"]
    with open("/proc/%s/task/%s/children" % (pid, pid)) as f:
        return f.read().split()


def cpu_ticks():
    """Of the proxy's workers, user and system, in clock ticks."""
    total = 0
    for pid in workers():
        with open("/proc/%s/stat" % pid) as f:
            fields = f.read().rsplit(")", 1)[1].split()
        total += int(fields[11]) + int(fields[12])
    return total


def expect_rest():
    """No thread spins: the workers use no CPU to speak of while nothing happens. What the last
    test left behind may take its time to end."""
    for _ in range(20):
        before = cpu_ticks()
        time.sleep(0.5)
        spent = cpu_ticks() - before
        if spent <= 2:
            return
    sys.exit("the workers used %d ticks of CPU in half a second without a client" % spent)


def main(modes):
    arguments = sys.argv[1:]
    modes[arguments[0]](*arguments[1:])
