#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""conf_test.py [NAME...]: configurations and command lines, good and bad, through "nginx -t" with
the mail module and through "ringpost -t": the same exit status and the same words.

A case in conf/*.txt is a line "NAME PLACE: TEXT", and "    FILE NAME: TEXT" lines below it for more
files. PLACE says what the text stands in: main, events, mail, server; whole is the file itself;
args are the arguments of the program. In texts \\n \\t \\r \\\\ \\xHH are bytes, \\{X*N} is X N
times, %D the folder, %C one with certificates; |...| in args is one argument with spaces.

Compared are the exit status and every line of nginx's with a level, or about an option, without
the program's name. Ours may say more: lines of its own at [warn] and [notice], and what to do about
it in brackets at the end. What differs on purpose is in conf/accepted.txt, each with its reason;
what is there and does not differ any more fails as well. The nginx that counts is 1.22: what a
later one does not do like it is in CHANGES. What nginx does as root only is in NEEDS_ROOT.
"""
import concurrent.futures
import glob
import os
import re
import shutil
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
TOP = os.path.dirname(os.path.dirname(HERE))
OURS = os.path.abspath(os.path.join(os.environ.get("BUILD", "build/release"), "ringpost"))
NGINX = shutil.which("nginx", path=os.environ.get("PATH", "") + ":/usr/sbin:/sbin")
MODULE = "load_module /usr/lib/nginx/modules/ngx_mail_module.so;"
# What nginx says since a version: (since, its words, 1.22's words or None, why it is skipped then).
CHANGES = (
    ((1, 25, 1), r'\[emerg\] unknown directive "ssl" in ', None,
     "nginx knows no ssl directive since 1.25.1"),
    ((1, 25, 5), r'\[emerg\] invalid parameter (".*") in ', r"[emerg] the invalid \1 parameter in ",
     None),
)
NEEDS_ROOT = {
    "user-twice": "nginx reads the user directive as root only",
    "user-without-group": "nginx reads the user directive as root only",
}
GOOD_MAIL = "mail { auth_http 127.0.0.1:9; server { listen 127.0.0.1:2525; protocol smtp; } }"
PLACES = {
    "whole": "%s",
    "main": "%s\nevents { }\n" + GOOD_MAIL + "\n",
    "events": "events {\n%s\n}\n" + GOOD_MAIL + "\n",
    "mail": "events { }\nmail {\nauth_http 127.0.0.1:9;\n%s\n"
            "server { listen 127.0.0.1:2525; protocol smtp; }\n}\n",
    "server": "events { }\nmail {\nauth_http 127.0.0.1:9;\nserver {\n"
              "listen 127.0.0.1:2525;\nprotocol smtp;\n%s\n}\n}\n",
}


class Case:
    def __init__(self, name, place, text):
        self.name, self.place, self.text, self.files = name, place, text, []


def unescape(text):
    def one(m):
        if m.group(1):
            return m.group(1) * int(m.group(2))
        if m.group(3):
            return chr(int(m.group(3), 16))
        return {"n": "\n", "t": "\t", "r": "\r"}.get(m.group(4), m.group(4))
    return re.sub(r"\\(?:\{(.+?)\*(\d+)\}|x([0-9a-f]{2})|(.))", one, text)


def read_cases():
    cases = []
    for path in sorted(glob.glob(os.path.join(HERE, "conf", "*.txt"))):
        if path.endswith("accepted.txt"):
            continue
        with open(path, encoding="latin-1") as f:
            for line in f.read().split("\n"):
                case = re.match(r"(\S+) (\w+):(?: (.*)|(.*))$", line)
                more = re.match(r"    FILE (\S+): (.*)$", line)
                if more:
                    cases[-1].files.append(more.groups())
                elif line and not line.startswith("#"):
                    name, place, text, attached = case.groups()
                    cases.append(Case(name, place, text if text is not None else attached))
    names = [c.name for c in cases]
    for name in names:
        if names.count(name) > 1:
            sys.exit("two cases are called " + name)
    return cases


def read_accepted():
    accepted = {}
    with open(os.path.join(HERE, "conf", "accepted.txt")) as f:
        for line in f:
            if line.strip() and not line.startswith("#"):
                name, why = line.split(None, 1)
                accepted[name] = why.strip()
    return accepted


def certificates():
    folder = os.path.abspath("build/test-certs")
    subprocess.run([os.path.join(TOP, "tests/lib/make_certs"), folder], check=True)
    return folder


def write(folder, name, text):
    path = os.path.join(folder, name)
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "w", encoding="latin-1", newline="") as f:
        f.write(text)


def fill(text, folder, certs):
    return unescape(text).replace("%D", folder).replace("%C", certs)


def version():
    """Of nginx, as numbers."""
    said = subprocess.run([NGINX, "-v"], stderr=subprocess.PIPE, text=True, check=True).stderr
    return tuple(int(n) for n in re.search(r"nginx/(\d+)\.(\d+)\.(\d+)", said).groups())


def as_reference(lines, now):
    """Lines of an nginx of this version, as 1.22 would say them; or why they cannot be."""
    for since, words, before, why in CHANGES:
        if now < since:
            continue
        if before is None and any(re.match(words, line) for line in lines):
            return None, why
        if before is not None:
            lines = [re.sub("^" + words, before, line) for line in lines]
    return lines, None


def prepare(case, folder, certs):
    """The files of a case; its arguments for nginx and for us."""
    text = fill(case.text, folder, certs)
    for name, more in case.files:
        write(folder, name, fill(more, folder, certs))
    if case.place == "args":
        log = " error_log %s/log;" % folder
        for name, more in (("c", log), ("d", ""), ("bad", log + " foo;")):
            write(folder, name, MODULE + " pid pid; events { }" + more + "\n" + GOOD_MAIL)
        words = [w.strip("|") for w in re.findall(r"\|[^|]*\||\S+", text)]
        return words, words
    frame = PLACES[case.place]
    if case.place == "server" and re.search(r"\bauth_http\b", text):
        frame = frame.replace("auth_http 127.0.0.1:9;\n", "\n")
    write(folder, "c", frame.replace("%s", text))
    pid = "" if re.search(r"\bpid\b", text) else "pid %s/pid;" % folder
    common = ["-t", "-p", folder, "-c", "c", "-e", folder + "/error.log"]
    return common + ["-g", MODULE + pid], common + (["-g", pid] if pid else [])


def run(program, arguments, folder):
    done = subprocess.run([program] + arguments, cwd=folder, stdin=subprocess.DEVNULL,
                          stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, timeout=60)
    lines = []
    for line in done.stderr.decode("latin-1").split("\n"):
        line = re.sub(r"^(nginx|ringpost): ", "", line)
        line = re.sub(r"^\d{4}/\d\d/\d\d \d\d:\d\d:\d\d (\[\w+\]) \d+#\d+: ", r"\1 ", line)
        lines.append(line.replace(folder, "DIR").replace("DIR//", "DIR/"))
    return done.returncode, lines


def matters(line):
    return re.match(r"\[\w+\] |invalid option|option |the configuration|configuration file", line)


def same(theirs, ours):
    """Ours may have what to do about it behind."""
    return ours == theirs or (ours.startswith(theirs + " (") and ours.endswith(")"))


def differences(theirs, ours):
    """theirs and ours: exit status and lines."""
    found = []
    if theirs[0] != ours[0]:
        found.append("exit status %d, ours %d" % (theirs[0], ours[0]))
    rest = [line for line in ours[1] if matters(line)]
    for line in filter(matters, theirs[1]):
        if ours[0] and line.startswith("[warn]"):
            continue  # what cannot be used is told alone
        for own in rest:
            if same(line, own):
                rest.remove(own)
                break
        else:
            found.append("nginx:    " + line)
    for line in rest:
        if not re.match(r"\[(warn|notice)\] ", line):
            found.append("ringpost: " + line)
    return found


def play(case, certs, now):
    """What differs, and why the case is to be skipped."""
    got = []
    if case.name in NEEDS_ROOT and os.geteuid() != 0:
        return None, NEEDS_ROOT[case.name]
    for program, which in ((NGINX, 0), (OURS, 1)):
        folder = tempfile.mkdtemp(prefix="ringpost-conf.")
        try:
            arguments = prepare(case, folder, certs)[which]
            got.append(run(program, arguments, folder))
        finally:
            shutil.rmtree(folder)
    lines, why = as_reference(got[0][1], now)
    if why:
        return None, why
    return differences((got[0][0], lines), got[1]), None


def judge(case, found, accepted):
    """What is wrong with the case, or None."""
    if found and case.name not in accepted:
        return "differs:\n    " + "\n    ".join(found)
    if not found and case.name in accepted:
        return "is accepted to differ, and does not"
    return None


def main(wanted):
    accepted, certs, now = read_accepted(), certificates(), version()
    cases = [c for c in read_cases() if not wanted or c.name in wanted]
    stale = (set(accepted) | set(NEEDS_ROOT)) - {c.name for c in cases} if not wanted else set()
    failed, skipped = len(stale), 0
    for name in sorted(stale):
        print("FAIL %s: accepted.txt or NEEDS_ROOT knows it, and it is no case" % name)
    with concurrent.futures.ThreadPoolExecutor(max_workers=os.cpu_count() or 2) as pool:
        for case, (found, why) in zip(cases, pool.map(lambda c: play(c, certs, now), cases)):
            wrong = None if why else judge(case, found, accepted)
            skipped += why is not None
            failed += wrong is not None
            if why:
                print("skip %s: %s" % (case.name, why))
            elif wrong:
                print("FAIL %s: %s" % (case.name, wrong))
            elif wanted:
                print("ok %s%s" % (case.name, "".join("\n    " + f for f in found)))
    passed = len(cases) + len(stale) - failed - skipped
    print("%d passed, %d failed, %d skipped" % (passed, failed, skipped))
    return 1 if failed else 0


sys.exit(main(sys.argv[1:]))
