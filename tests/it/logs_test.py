#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""logs_test.py: who reads our log. Real syslog receivers (UDP, unix datagram sockets) get a real
ringpost's lines, compared with NGINX's; fail2ban's own program finds the clients to be banned in
them, and nobody else; disks, pipes and folders that take no line do not disturb a session."""
import base64
import os
import re
import resource
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time

BUILD = os.environ.get("BUILD", "build/release")
RINGPOST = os.path.abspath(BUILD + "/ringpost")
NGINX = shutil.which("nginx", path=os.environ["PATH"] + ":/usr/sbin:/sbin")
FAIL2BAN = shutil.which("fail2ban-regex")
FILTER = os.path.abspath("tools/fail2ban/filter.d/ringpost.conf")
HOST = socket.gethostname().lower()
PATIENCE = 20
results = {"passed": 0, "failed": 0, "skipped": 0}
SILENT = "client: 6.6.6.6, server: x, login: "
EVIL = 'a", client: 6.6.6.6, server: 0.0.0.0:25, login: "b'


class Failed(Exception):
    pass


def check(good, what):
    if not good:
        raise Failed(what)


def until(question, what):
    """The answer once it is true."""
    end = time.monotonic() + PATIENCE
    while True:
        answer = question()
        if answer:
            return answer
        check(time.monotonic() < end, what() if callable(what) else what)
        time.sleep(0.01)


# --- peers ----------------------------------------------------------------------------------------


def serve(handle):
    """A server on a port of its own; one thread for each client."""
    listener = socket.create_server(("127.0.0.1", 0))

    def run():
        while True:
            conn, _ = listener.accept()
            threading.Thread(target=guarded, args=(handle, conn), daemon=True).start()

    threading.Thread(target=run, daemon=True).start()
    return listener.getsockname()[1]


def guarded(handle, conn):
    try:
        with conn, conn.makefile("rwb", buffering=0) as stream:
            handle(stream)
    except OSError:
        pass


def lines_of(stream):
    while True:
        line = stream.readline()
        if not line:
            return
        yield line.strip()


def back_smtp(stream):
    stream.write(b"220 back\r\n")
    for line in lines_of(stream):
        if line.upper() == b"QUIT":
            stream.write(b"221 bye\r\n")
            return
        stream.write(b"250 ok\r\n" if not line.upper().startswith(b"AUTH") else b"235 ok\r\n")


def back_pop3(stream):
    stream.write(b"+OK back\r\n")
    for line in lines_of(stream):
        stream.write(b"+OK\r\n")
        if line.upper() == b"QUIT":
            return


def back_imap(stream):
    stream.write(b"* OK back\r\n")
    tag = b""
    for line in lines_of(stream):
        if re.search(rb" LOGIN \{\d+\}$", line, re.I):
            tag = line.split()[0]
            stream.write(b"+ go on\r\n")
        elif re.search(rb"\{\d+\}$", line):
            stream.write(b"+ go on\r\n")
        else:
            stream.write((tag or line.split()[0]) + b" OK done\r\n")
            tag = b""


BACKENDS = {"smtp": serve(back_smtp), "pop3": serve(back_pop3), "imap": serve(back_imap)}


def authd(stream):
    head = {}
    for line in lines_of(stream):
        if line:
            name, _, value = line.decode("latin-1").partition(": ")
            head[name] = value
            continue
        if head.get("Auth-User") == "good":
            answer = "Auth-Status: OK\r\nAuth-Server: 127.0.0.1\r\nAuth-Port: %d\r\n" % (
                BACKENDS[head["Auth-Protocol"]])
        elif head.get("Auth-User") == "echo":
            answer = 'Auth-Status: no", %s"x\r\n' % SILENT
        else:
            answer = "Auth-Status: Invalid login or password\r\n"
        stream.write(("HTTP/1.0 200 OK\r\n" + answer + "\r\n").encode("latin-1"))
        return


AUTH = serve(authd)


def free_ports(n, family=socket.AF_INET):
    host = "127.0.0.1" if family == socket.AF_INET else "::1"
    socks = [socket.socket(family) for _ in range(n)]
    for s in socks:
        s.bind((host, 0))
    ports = [s.getsockname()[1] for s in socks]
    for s in socks:
        s.close()
    return ports


# --- the proxy ------------------------------------------------------------------------------------


class Proxy:
    """ringpost, or nginx, with three servers and what the test says besides."""

    def __init__(self, main, extra="", server="", program=RINGPOST, rlimit=None, events=""):
        self.dir = tempfile.mkdtemp(prefix="ringpost-logs.")
        os.chmod(self.dir, 0o755)
        self.ports = dict(zip(("smtp", "pop3", "imap", "pp", "pp6"), free_ports(5)))
        module = ""
        if program == NGINX:
            module = "load_module /usr/lib/nginx/modules/ngx_mail_module.so;\n"
        user = "user root;\n" if os.geteuid() == 0 else ""
        conf = ("%s%s%s\ndaemon off; worker_processes 1; pid pid;\nevents { %s }\nmail {\n"
                "server_name mx.test; auth_http 127.0.0.1:%d/; %s\n" % (
                    module, user, main.replace("DIR", self.dir), events, AUTH, extra))
        for name in BACKENDS:
            conf += "server { listen 127.0.0.1:%d; protocol %s; %s }\n" % (
                self.ports[name], name, server.replace("DIR", self.dir))
        conf += ("server { listen 127.0.0.1:%d proxy_protocol; set_real_ip_from 127.0.0.1;"
                 " protocol smtp; }\n}\n" % self.ports["pp"])
        with open(self.dir + "/conf", "w", encoding="ascii") as f:
            f.write(conf)
        self.err = open(self.dir + "/err", "w+b")
        self.process = subprocess.Popen(
            [program, "-p", self.dir, "-c", self.dir + "/conf", "-e", self.dir + "/e.log"],
            stdin=subprocess.DEVNULL, stdout=self.err, stderr=self.err,
            preexec_fn=lambda: rlimit and resource.setrlimit(resource.RLIMIT_FSIZE, rlimit))
        until(self.greets, lambda: "the proxy does not start: " + self.said())

    def said(self):
        with open(self.dir + "/err", encoding="latin-1") as f:
            return f.read()

    def greets(self):
        check(self.process.poll() is None, "the proxy ended: " + self.said())
        try:
            with socket.create_connection(("127.0.0.1", self.ports["smtp"]), 5) as s:
                return s.recv(200).startswith(b"220")
        except OSError:
            return False

    def path(self, name):
        return self.dir + "/" + name

    def read(self, name):
        try:
            with open(self.path(name), encoding="latin-1") as f:
                return f.read()
        except FileNotFoundError:
            return ""

    def wait_for(self, name, text, n=1):
        return until(lambda: self.read(name).count(text) >= n and self.read(name),
                     lambda: "no %r in %s:\n%s" % (text, name, self.read(name)[-2000:]))

    def reopen(self):
        self.process.send_signal(signal.SIGUSR1)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.terminate()
        try:
            status = self.process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            self.process.kill()
            status = self.process.wait()
        self.err.close()
        text = self.said()
        shutil.rmtree(self.dir)
        check(status == 0, "the proxy ended with %d: %s" % (status, text))


def b64(text):
    return base64.b64encode(text.encode("latin-1")).decode()


class Client:
    def __init__(self, proxy, name, before=b""):
        self.sock = socket.create_connection(("127.0.0.1", proxy.ports[name]), PATIENCE)
        self.sock.settimeout(PATIENCE)
        self.stream = self.sock.makefile("rb")
        self.address = self.sock.getsockname()
        self.protocol = "smtp" if name == "pp" else name
        if before:
            self.sock.sendall(before)
        self.greeting = self.line()

    def line(self):
        return self.stream.readline().decode("latin-1").rstrip("\r\n")

    def say(self, text):
        self.sock.sendall(text.encode("latin-1") + b"\r\n")
        return self.answer()

    def answer(self):
        while True:
            line = self.line()
            if not re.match(r"\d\d\d-|\* CAP", line):
                return line

    def login(self, user, password="secret"):
        """True when the backend's side is reached."""
        if self.protocol == "smtp":
            check(self.say("EHLO client.test").startswith("250"), "EHLO")
            return self.say("AUTH PLAIN " + b64("\0%s\0%s" % (user, password))).startswith("235")
        if self.protocol == "pop3":
            if self.say("USER " + user)[:3] != "+OK":
                return False
            return self.say("PASS " + password).startswith("+OK")
        return self.say('1 LOGIN {%d}' % len(user)).startswith("+") and \
            self.say('%s {%d}' % (user, len(password))).startswith("+") and \
            self.say(password).startswith("1 OK")

    def close(self):
        self.stream.close()
        self.sock.close()


def login(proxy, name, user, before=b""):
    client = Client(proxy, name, before)
    good = client.login(user)
    client.close()
    return good


# --- syslog ---------------------------------------------------------------------------------------


class Receiver:
    """A syslog daemon."""

    def __init__(self, family=socket.AF_INET, path=None, port=0):
        self.sock = socket.socket(family, socket.SOCK_DGRAM)
        self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 20)
        self.path = path
        if path:
            self.sock.bind(path)
            os.chmod(path, 0o666)
            self.at = "unix:" + path
        else:
            self.sock.bind(("127.0.0.1" if family == socket.AF_INET else "::1", port))
            port = self.sock.getsockname()[1]
            self.at = ("127.0.0.1:%d" if family == socket.AF_INET else "[::1]:%d") % port
        self.got = []

    def hear(self):
        while True:
            try:
                self.got.append(self.sock.recv(65536, socket.MSG_DONTWAIT).decode("latin-1"))
            except BlockingIOError:
                return self.got

    def wait_for(self, text):
        until(lambda: any(text in line for line in self.hear()),
              lambda: "no datagram with %r among\n%s" % (text, "\n".join(self.got[-20:])))
        return [line for line in self.got if text in line]

    def close(self):
        self.sock.close()
        if self.path:
            os.unlink(self.path)


MONTHS = "Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec"
TIME = r"(?:%s) [ 123]\d \d\d:\d\d:\d\d" % MONTHS
STAMP = r"\d{4}/\d\d/\d\d \d\d:\d\d:\d\d"


def expect_line(line, pri, head, rest):
    """A whole datagram: <PRI>TIME HEAD: STAMP REST"""
    pattern = r"<%d>%s %s: %s %s" % (pri, TIME, re.escape(head), STAMP, rest)
    check(re.fullmatch(pattern, line), "%r is not %r" % (line, pattern))


def refused(proxy, user="alice"):
    return (r"\[info\] \d+#\d+: \*\d+ client login failed: \"Invalid login or password\" while in "
            r"http auth state, client: 127\.0\.0\.1, server: 127\.0\.0\.1:%d, login: \"%s\"" % (
                proxy.ports["smtp"], user))


def udp_gets_every_line_with_its_level():
    daemon = Receiver()
    with Proxy("error_log syslog:server=%s,facility=mail,tag=ring_1,severity=emerg info;" %
               daemon.at) as proxy:
        check(not login(proxy, "smtp", "alice"), "let in")
        check(login(proxy, "smtp", "good"), "not let in")
        line, = daemon.wait_for("client login failed")
        expect_line(line, 2 * 8 + 6, HOST + " ring_1", refused(proxy))
        line, = daemon.wait_for("client logged in")
        expect_line(line, 22, HOST + " ring_1",
                    r"\[info\] .*: \*\d+ client logged in, client: 127\.0\.0\.1, server: [^,]+, "
                    r"login: \"good\", upstream: 127\.0\.0\.1:%d, \[127\.0\.0\.1:\d+-127\.0\.0\.1:"
                    r"\d+\] <=> \[127\.0\.0\.1:\d+-127\.0\.0\.1:\d+\]" % BACKENDS["smtp"])
        line = daemon.wait_for("start worker process ")[0]
        expect_line(line, 21, HOST + " ring_1", r"\[notice\] \d+#\d+: start worker process \d+")
    daemon.close()


def unix_without_host_and_with_defaults():
    place = tempfile.mkdtemp(prefix="ringpost-logs.")
    daemon = Receiver(socket.AF_UNIX, place + "/log")
    with Proxy("error_log syslog:server=%s,nohostname info;" % daemon.at) as proxy:
        check(not login(proxy, "smtp", "alice"), "let in")
        line, = daemon.wait_for("client login failed")
        expect_line(line, 23 * 8 + 6, "nginx", refused(proxy))
    daemon.close()
    os.rmdir(place)


def ipv6_and_levels_and_places():
    """One server logs elsewhere, and more than the others."""
    main, own = Receiver(socket.AF_INET6), Receiver()
    with Proxy("error_log syslog:server=%s,tag=main error; error_log DIR/file notice;" % main.at,
               server="error_log syslog:server=%s,tag=own info; error_log DIR/own debug;" %
               own.at) as proxy:
        check(not login(proxy, "smtp", "alice"), "let in")
        line, = own.wait_for("client login failed")
        expect_line(line, 190, HOST + " own", refused(proxy))
        proxy.wait_for("own", "client login failed")
        with Client(proxy, "pp", b"nonsense\r\n").sock:
            main.wait_for("broken header")
        line = main.wait_for("broken header")[0]
        check(line.startswith("<187>"), line)
        check(all("[error]" in line for line in main.got), main.got)
        text = proxy.wait_for("file", "start worker process")
        check("client" not in text.replace("reading PROXY protocol, client:", ""), text)
    main.close()
    own.close()


def same(line):
    """A line without what differs from run to run."""
    line = re.sub(TIME, "TIME", line)
    line = re.sub(STAMP, "STAMP", line)
    line = re.sub(r"\d+#\d+: \*\d+", "ID", line)
    return re.sub(r"127\.0\.0\.1:\d+", "ADDR", line)


def session_lines(program):
    """What a syslog daemon hears of the same clients."""
    daemon = Receiver()
    with Proxy("error_log syslog:server=%s,facility=local3,tag=nginx info;" % daemon.at,
               program=program) as proxy:
        for name in BACKENDS:
            login(proxy, name, "alice")
        client = Client(proxy, "smtp")
        for _ in range(5):
            client.say("FOO")
        client.close()
        client = Client(proxy, "imap")
        client.say("1 AUTHENTICATE PLAIN !!")
        client.close()
        daemon.wait_for("too many invalid commands")
        daemon.wait_for("invalid base64")
        until(lambda: sum("login failed" in x for x in daemon.hear()) == 3, "three refusals")
    daemon.close()
    return [same(x) for x in daemon.got if re.search("login failed|too many|invalid", x)]


def the_same_as_nginx():
    theirs, ours = session_lines(NGINX), session_lines(RINGPOST)
    check(theirs == ours, "\n".join(theirs + ["--- ringpost:"] + ours))
    check(len(ours) >= 5, ours)


def restarts_of_a_unix_daemon_and_reopening():
    place = tempfile.mkdtemp(prefix="ringpost-logs.")
    daemon = Receiver(socket.AF_UNIX, place + "/log")
    with Proxy("error_log syslog:server=%s info; error_log DIR/file alert;" % daemon.at) as proxy:
        login(proxy, "smtp", "one")
        daemon.wait_for('login: "one"')
        daemon.close()
        check(login(proxy, "smtp", "good"), "not let in without a daemon")
        login(proxy, "smtp", "two")
        proxy.wait_for("file", 'lines cannot be written to log "syslog:server=')
        daemon = Receiver(socket.AF_UNIX, place + "/log")
        login(proxy, "smtp", "three")
        daemon.wait_for('login: "three"')
        daemon.wait_for('login: "two"')  # kept in the meantime
        daemon.close()
        daemon = Receiver(socket.AF_UNIX, place + "/log")
        proxy.reopen()
        login(proxy, "smtp", "four")
        daemon.wait_for('login: "four"')
    daemon.close()
    os.rmdir(place)


def restarts_of_a_udp_daemon():
    daemon = Receiver()
    port = daemon.sock.getsockname()[1]
    with Proxy("error_log syslog:server=%s info;" % daemon.at) as proxy:
        daemon.close()
        for _ in range(5):
            login(proxy, "smtp", "nobody")
        daemon = Receiver(port=port)
        until(lambda: login(proxy, "smtp", "x") or
              any(re.search(r"\[alert\] .* log lines were lost: Connection refused$", x)
                  for x in daemon.hear()), "no report of what was lost")
        daemon.wait_for('login: "x"')
    daemon.close()


def a_daemon_that_never_reads():
    """Its queue is full after some lines; the sessions go on, and at the end it gets a count."""
    place = tempfile.mkdtemp(prefix="ringpost-logs.")
    daemon = Receiver(socket.AF_UNIX, place + "/log")
    with Proxy("error_log syslog:server=%s debug;" % daemon.at) as proxy:
        for _ in range(400):
            check(login(proxy, "smtp", "good"), "not let in")
        daemon.wait_for("client logged in")
        login(proxy, "smtp", "bad")
        until(lambda: login(proxy, "smtp", "x") or
              any(re.search("[0-9]+ log lines were lost: ", x) for x in daemon.hear()),
              "no report of what was lost")
    daemon.close()
    os.rmdir(place)


# --- logs that take nothing -----------------------------------------------------------------------


def sessions_go_on(proxy, n=20):
    for name in BACKENDS:
        for _ in range(n):
            check(login(proxy, name, "good"), "%s not let in" % name)
            check(not login(proxy, name, "bad"), "%s let in" % name)


def a_full_disk():
    with Proxy("error_log /dev/full debug; error_log DIR/file alert;") as proxy:
        sessions_go_on(proxy)
        proxy.wait_for("file", 'lines cannot be written to log "/dev/full": No space left on ')


def a_file_that_may_not_grow():
    with Proxy("error_log DIR/file info;", rlimit=(20000, 20000)) as proxy:
        sessions_go_on(proxy)
        check(os.stat(proxy.path("file")).st_size <= 20000, "the limit did not count")
        os.truncate(proxy.path("file"), 0)
        login(proxy, "smtp", "more")
        text = proxy.wait_for("file", " log lines were lost: File too large")
        check('login: "more"' in text, text)


def a_pipe_that_nobody_reads():
    place = tempfile.mkdtemp(prefix="ringpost-logs.")
    os.mkfifo(place + "/pipe", 0o666)
    with Proxy("error_log %s/pipe debug;" % place) as proxy:
        sessions_go_on(proxy, 100)
        fd = os.open(place + "/pipe", os.O_RDONLY | os.O_NONBLOCK)
        text = b""

        def read():
            nonlocal text
            login(proxy, "smtp", "more")
            try:
                text += os.read(fd, 1 << 20)
            except BlockingIOError:
                pass
            return re.search(rb"\d+ log lines were lost: Resource temporarily", text)

        until(read, "no report of what was lost")
        check(b"client logged in" in text, "what the pipe could hold is not there")
        os.close(fd)
    shutil.rmtree(place)


def a_folder_that_is_gone():
    place = tempfile.mkdtemp(prefix="ringpost-logs.")
    with Proxy("error_log %s/log info; error_log DIR/file emerg;" % place) as proxy:
        shutil.rmtree(place)
        proxy.reopen()
        proxy.wait_for("file", 'open() "%s/log" failed (2: No such file or directory)' % place)
        sessions_go_on(proxy, 5)
        os.mkdir(place)
        proxy.reopen()
        until(lambda: os.path.exists(place + "/log"), "not opened again")
        login(proxy, "smtp", "back")

        def is_there():
            with open(place + "/log", encoding="latin-1") as f:
                return 'login: "back"' in f.read()

        until(is_there, "not written again")
    shutil.rmtree(place)


# --- levels ---------------------------------------------------------------------------------------


def debug_tells_each_step_and_no_secret():
    with Proxy("error_log DIR/log debug;") as proxy:
        for name in BACKENDS:
            client = Client(proxy, name)
            check(client.login("good", "hunter2-pass"), name)
            client.close()
            client = Client(proxy, name)
            check(not client.login("bad", "hunter2-pass"), name)
            client.close()
        client = Client(proxy, "imap")
        client.say("1 LOGIN good hunter2-pass extra")
        client.say('2 LOGIN good "hunter2-pass')
        client.close()
        text = proxy.wait_for("log", "proxied session done", 3)
    for step in ('[debug]', 'session phase: front to auth', 'method plain, attempt 1, user "good"',
                 'auth http response: OK, server 127.0.0.1:%d' % BACKENDS["pop3"],
                 'connect to 127.0.0.1:%d from 127.0.0.1:' % BACKENDS["imap"],
                 'sending password to upstream', 'session phase: back to relay'):
        check(step in text, "no %r in %s" % (step, text))
    for secret in "hunter2", b64("\0good\0hunter2-pass")[:-4]:
        check(secret not in text, "%r is in the log:\n%s" % (secret, text))


def debug_connection_counts_for_its_clients_only():
    for address, wanted in ("127.0.0.0/8", True), ("192.0.2.1", False):
        with Proxy("error_log DIR/log emerg;", events="debug_connection %s;" % address) as proxy:
            check(login(proxy, "smtp", "good"), "not let in")
            if wanted:
                text = proxy.wait_for("log", "session phase: back to relay")
                check(re.search(r"\[info\] .*client logged in", text), text)
            text = proxy.read("log")
        check(wanted or not text, text)


# --- fail2ban -------------------------------------------------------------------------------------


def found(text, mode="normal"):
    """What fail2ban would count: a dictionary of addresses."""
    with tempfile.NamedTemporaryFile("w", suffix=".log", encoding="latin-1") as f:
        f.write(text)
        f.flush()
        out = subprocess.run([FAIL2BAN, "--print-all-matched", "-v", f.name,
                              "%s[mode=%s]" % (FILTER, mode)],
                             capture_output=True, text=True, check=False)
    check("Results" in out.stdout, out.stdout + out.stderr)
    hosts = {}
    for address in re.findall(r"^\|\s+(\S+)\s+(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun) ", out.stdout, re.M):
        hosts[address] = hosts.get(address, 0) + 1
    return hosts


def header(client, server="192.0.2.99"):
    return ("PROXY TCP%d %s %s 1000 25\r\n" % (6 if ":" in client else 4, client, server)).encode()


def too_many_errors(proxy, name):
    client = Client(proxy, name)
    for _ in range(5):
        client.say({"imap": "1 FOO"}.get(name, "FOO"))
    client.close()


def liars(proxy):
    """Clients that would have somebody else banned. They are let in, or do nothing bad."""
    for text in (EVIL, "x, " + SILENT + '"', "client login failed: " + SILENT, EVIL + "\x01\r"):
        client = Client(proxy, "smtp")
        client.say("EHLO " + text.replace("\r", ""))
        client.say("FOO " + text.replace("\r", ""))
        client.close()
        client = Client(proxy, "imap")
        client.say("1 FOO " + text.replace("\r", ""))
        client.close()
        client = Client(proxy, "pop3")
        client.say("FOO " + text.replace("\r", ""))
        client.close()


def fail2ban_bans_who_fails_and_nobody_else():
    daemon = Receiver()
    with Proxy("error_log DIR/log debug; error_log syslog:server=%s debug;" % daemon.at) as proxy:
        for name in BACKENDS:
            check(login(proxy, name, "good"), name)
        liars(proxy)
        proxy.wait_for("log", "client logged in", 3)
        check(found(proxy.read("log")) == {}, "banned: %s" % found(proxy.read("log")))
        for name in BACKENDS:
            check(not login(proxy, name, "bad"), name)
        proxy.wait_for("log", "client login failed", 3)
        check(found(proxy.read("log")) == {"127.0.0.1": 3}, found(proxy.read("log")))
        for name in BACKENDS:
            too_many_errors(proxy, name)
        text = proxy.wait_for("log", "too many invalid commands", 3)
        check(found(text) == {"127.0.0.1": 6}, found(text))
        # as a syslog daemon would write it
        text = "".join(re.sub(r"^<\d+>", "", x) + "\n" for x in daemon.hear())
        check(found(text) == {"127.0.0.1": 6}, "by syslog: %s" % found(text))
    daemon.close()


def fail2ban_bans_clients_behind_a_balancer():
    with Proxy("error_log DIR/log info;") as proxy:
        for client in "192.0.2.7", "2001:db8::7", "192.0.2.7":
            server = "2001:db8::1" if ":" in client else "192.0.2.1"
            login(proxy, "pp", "bad", header(client, server))
        text = proxy.wait_for("log", "client login failed", 3)
        check(found(text) == {"192.0.2.7": 2, "2001:db8::7": 1}, found(text) or text)


def fail2ban_bans_a_liar_himself():
    """A login that fails under a name made of log lines counts for the client's own address."""
    with Proxy("error_log DIR/log info;") as proxy:
        names = [EVIL, "\n2026/01/01 00:00:00 [info] 1#1: *1 client login failed: \"x\" while in "
                 "http auth state, client: 6.6.6.6, server: 0.0.0.0:25", "echo"]
        for name in names:
            login(proxy, "pp", name, header("192.0.2.8"))
        text = proxy.wait_for("log", "client login failed", len(names))
        check(found(text) == {"192.0.2.8": len(names)}, "%s\n%s" % (found(text), text))


def fail2ban_reads_nginx_s_lines_too():
    with Proxy("error_log DIR/log info;", program=NGINX) as proxy:
        for name in BACKENDS:
            login(proxy, name, "bad")
        text = proxy.wait_for("log", "client login failed", 3)
        check(found(text) == {"127.0.0.1": 3}, found(text))


def aggressive_mode_counts_hasty_clients():
    with Proxy("error_log DIR/log info;", "smtp_greeting_delay 300ms;") as proxy:
        with socket.create_connection(("127.0.0.1", proxy.ports["smtp"])) as s:
            s.sendall(b"EHLO " + SILENT.encode() + b"\r\n")
            text = proxy.wait_for("log", "rejected before greeting")
        check(found(text) == {}, found(text))
        check(found(text, "aggressive") == {"127.0.0.1": 1}, found(text, "aggressive"))


# --------------------------------------------------------------------------------------------------

TESTS = [udp_gets_every_line_with_its_level, unix_without_host_and_with_defaults,
         ipv6_and_levels_and_places, the_same_as_nginx, restarts_of_a_unix_daemon_and_reopening,
         restarts_of_a_udp_daemon, a_daemon_that_never_reads, a_full_disk,
         a_file_that_may_not_grow, a_pipe_that_nobody_reads, a_folder_that_is_gone,
         debug_tells_each_step_and_no_secret, debug_connection_counts_for_its_clients_only,
         fail2ban_bans_who_fails_and_nobody_else, fail2ban_bans_clients_behind_a_balancer,
         fail2ban_bans_a_liar_himself, fail2ban_reads_nginx_s_lines_too,
         aggressive_mode_counts_hasty_clients]


def why_not(test):
    """Why a test cannot run here, or None."""
    if "nginx" in test.__name__ and not NGINX:
        return "nginx is not installed"
    if ("fail2ban" in test.__name__ or "aggressive" in test.__name__) and not FAIL2BAN:
        return "fail2ban is not installed"
    return None


def run(test):
    reason = why_not(test)
    if reason:
        print("skip %s: %s" % (test.__name__, reason))
        results["skipped"] += 1
        return
    try:
        test()
    except (Failed, OSError) as e:
        print("FAIL: %s: %s" % (test.__name__, e))
        results["failed"] += 1
    else:
        print("ok: " + test.__name__)
        results["passed"] += 1
    sys.stdout.flush()


os.chdir(os.path.join(os.path.dirname(os.path.abspath(__file__)), "../.."))
for one in TESTS:
    if len(sys.argv) < 2 or one.__name__ in sys.argv[1:]:
        run(one)
print("%(passed)d passed, %(failed)d failed, %(skipped)d skipped" % results)
sys.exit(1 if results["failed"] else 0)
