# SPDX-License-Identifier: GPL-2.0-or-later
"""minitls: a TLS client (RFC 8446, RFC 5246) small enough to be bent: every message is made by hand
and may be left out, repeated or broken. It knows ChaCha20-Poly1305, SHA-256 and X25519 only, and
verifies nothing. Never for anything but tests."""
import hashlib
import hmac
import os
import struct
import subprocess

HANDSHAKE, ALERT, CCS, DATA = 22, 21, 20, 23
HELLO_RETRY = bytes.fromhex("cf21ad74e59a6111be1d8c021e65b891c2a211167abb8c5e079e09e2c8a8339c")
P25519 = 2 ** 255 - 19


def x25519(scalar, point=(9).to_bytes(32, "little")):
    k = int.from_bytes(scalar, "little") & ~7 & (2 ** 255 - 1) | 2 ** 254
    x1 = int.from_bytes(point, "little") & (2 ** 255 - 1)
    x2, z2, x3, z3, swap = 1, 0, x1, 1, 0
    for t in range(254, -1, -1):
        bit = k >> t & 1
        if swap ^ bit:
            x2, x3, z2, z3 = x3, x2, z3, z2
        swap = bit
        a, b = (x2 + z2) % P25519, (x2 - z2) % P25519
        da, cb = (x3 - z3) * a % P25519, (x3 + z3) * b % P25519
        aa, bb = a * a % P25519, b * b % P25519
        x3, z3 = (da + cb) ** 2 % P25519, x1 * (da - cb) ** 2 % P25519
        x2, z2 = aa * bb % P25519, (aa - bb) * (aa + 121665 * (aa - bb)) % P25519
    if swap:
        x2, z2 = x3, z3
    return (x2 * pow(z2, P25519 - 2, P25519) % P25519).to_bytes(32, "little")


def chacha_block(key, counter, nonce):
    start = struct.unpack("<16I", b"expand 32-byte k" + key + struct.pack("<I", counter) + nonce)
    s = list(start)
    rounds = ((0, 4, 8, 12), (1, 5, 9, 13), (2, 6, 10, 14), (3, 7, 11, 15),
              (0, 5, 10, 15), (1, 6, 11, 12), (2, 7, 8, 13), (3, 4, 9, 14))
    for _ in range(10):
        for a, b, c, d in rounds:
            for x, y, z, turn in ((a, b, d, 16), (c, d, b, 12), (a, b, d, 8), (c, d, b, 7)):
                s[x] = (s[x] + s[y]) & 0xffffffff
                v = s[z] ^ s[x]
                s[z] = (v << turn | v >> (32 - turn)) & 0xffffffff
    return struct.pack("<16I", *[(x + y) & 0xffffffff for x, y in zip(s, start)])


def chacha(key, nonce, text):
    stream = b"".join(chacha_block(key, 1 + i, nonce) for i in range((len(text) + 63) // 64))
    return bytes(x ^ y for x, y in zip(text, stream))


def poly1305(key, text):
    r = int.from_bytes(key[:16], "little") & 0x0ffffffc0ffffffc0ffffffc0fffffff
    sum_ = 0
    for i in range(0, len(text), 16):
        sum_ = (sum_ + int.from_bytes(text[i:i + 16] + b"\1", "little")) * r % (2 ** 130 - 5)
    return ((sum_ + int.from_bytes(key[16:], "little")) % 2 ** 128).to_bytes(16, "little")


def tag(key, nonce, text, aad):
    padded = aad + bytes(-len(aad) % 16) + text + bytes(-len(text) % 16)
    return poly1305(chacha_block(key, 0, nonce)[:32],
                    padded + struct.pack("<QQ", len(aad), len(text)))


def hash_of(text):
    return hashlib.sha256(text).digest()


def mac(key, text):
    return hmac.new(key, text, hashlib.sha256).digest()


def expand(secret, label, context, n):
    label = b"tls13 " + label
    info = struct.pack(">HB", n, len(label)) + label + bytes([len(context)]) + context
    out, t, i = b"", b"", 1
    while len(out) < n:
        t = mac(secret, t + info + bytes([i]))
        out += t
        i += 1
    return out[:n]


def prf(secret, label, seed, n):
    a, out = label + seed, b""
    while len(out) < n:
        a = mac(secret, a)
        out += mac(secret, a + label + seed)
    return out[:n]


def vector(width, text):
    return len(text).to_bytes(width, "big") + text


def extension(kind, text):
    return struct.pack(">H", kind) + vector(2, text)


def message(kind, text):
    return bytes([kind]) + vector(3, text)


def record(kind, text, version=0x0303):
    return struct.pack(">BHH", kind, version, len(text)) + text


class Keys:
    """One direction."""

    def __init__(self, key, iv, secret=None):
        self.key, self.iv, self.secret, self.sequence = key, iv, secret, 0

    @staticmethod
    def of(secret):
        return Keys(expand(secret, b"key", b"", 32), expand(secret, b"iv", b"", 12), secret)

    def next_generation(self):
        return Keys.of(expand(self.secret, b"traffic upd", b"", 32))

    def nonce(self):
        n = bytes(x ^ y for x, y in zip(self.iv, bytes(4) + struct.pack(">Q", self.sequence)))
        self.sequence += 1
        return n


class Closed(Exception):
    pass


class Client:
    def __init__(self, sock, version=0x0304):
        self.sock, self.version = sock, version
        self.transcript = b""
        self.secret = os.urandom(32)
        self.random = os.urandom(32)
        self.session = os.urandom(32)
        self.write, self.read = None, None
        self.pending = b""
        self.alerts = []
        self.certificate_wanted = False
        self.ticket = None

    # --- records ---------------------------------------------------------------------------------

    def seal(self, kind, text):
        """The record of this text, under the keys of now."""
        if not self.write:
            return record(kind, text)
        if self.version == 0x0304:
            text += bytes([kind])
            aad = struct.pack(">BHH", DATA, 0x0303, len(text) + 16)
            kind = DATA
        else:
            aad = struct.pack(">QBHH", self.write.sequence, kind, 0x0303, len(text))
        nonce = self.write.nonce()
        text = chacha(self.write.key, nonce, text)
        return record(kind, text + tag(self.write.key, nonce, text, aad))

    def send(self, kind, text):
        self.sock.sendall(self.seal(kind, text))

    def say(self, text):
        self.transcript += text
        self.send(HANDSHAKE, text)

    def exactly(self, n):
        text = b""
        while len(text) < n:
            try:
                more = self.sock.recv(n - len(text))
            except ConnectionError:
                more = b""
            if not more:
                raise Closed("the connection has ended, alerts %s" % self.alerts)
            text += more
        return text

    def receive(self):
        """The next record but a ChangeCipherSpec: its kind, its text."""
        while True:
            head = self.exactly(5)
            kind, text = head[0], self.exactly(struct.unpack(">H", head[3:])[0])
            if kind == CCS and self.version == 0x0304:
                continue
            if self.read and not (kind == ALERT and self.version == 0x0304):
                text, seal = text[:-16], text[-16:]
                aad = head if self.version == 0x0304 else (
                    struct.pack(">Q", self.read.sequence) + head[:3] +
                    struct.pack(">H", len(text)))
                nonce = self.read.nonce()
                if tag(self.read.key, nonce, text, aad) != seal:
                    raise Closed("a record of the server is broken")
                text = chacha(self.read.key, nonce, text)
                if self.version == 0x0304:
                    text = text.rstrip(b"\0")
                    kind, text = text[-1], text[:-1]
            if kind == ALERT:
                self.alerts.append(text[1])
                if self.version == 0x0304 or text[0] == 2 or text[1] == 0:
                    raise Closed("alert %d" % text[1])
                continue
            return kind, text

    def hear(self):
        """The next handshake message: its kind, all of it."""
        while len(self.pending) < 4 or \
                len(self.pending) < 4 + int.from_bytes(self.pending[1:4], "big"):
            kind, text = self.receive()
            if kind != HANDSHAKE:
                raise Closed("a record of kind %d in the handshake" % kind)
            self.pending += text
        n = 4 + int.from_bytes(self.pending[1:4], "big")
        text, self.pending = self.pending[:n], self.pending[n:]
        return text[0], text

    # --- handshake -------------------------------------------------------------------------------

    def hello(self, suites=None, share=True, psk=None, groups=(29,), more=b""):
        """A ClientHello; psk: a ticket of Client.ticket, offered."""
        new = self.version == 0x0304
        suites = suites or ((0x1303,) if new else (0xcca9, 0xcca8))
        extensions = extension(10, vector(2, b"".join(struct.pack(">H", g) for g in groups)))
        extensions += extension(11, vector(1, b"\0"))
        extensions += extension(13, vector(2, bytes.fromhex("0403080408070401")))
        extensions += extension(23, b"")
        if new:
            extensions += extension(43, vector(1, b"\x03\x04"))
            share = struct.pack(">H", 29) + vector(2, x25519(self.secret)) if share else b""
            extensions += extension(51, vector(2, share))
            extensions += extension(45, vector(1, b"\1"))
        extensions += more
        binder = 0
        if psk:
            identity = vector(2, vector(2, psk["ticket"]) + struct.pack(">I", psk["age"]))
            extensions += extension(41, identity + vector(2, vector(1, bytes(32))))
            binder = 35
        text = b"\3\3" + self.random + vector(1, self.session)
        text += vector(2, b"".join(struct.pack(">H", s) for s in suites)) + b"\1\0"
        text = message(1, text + vector(2, extensions))
        if psk:
            early = mac(bytes(32), psk["secret"])
            key = expand(expand(early, b"res binder", hash_of(b""), 32), b"finished", b"", 32)
            text = text[:-32] + mac(key, hash_of(self.transcript + text[:-binder]))
        return text

    def server_hello(self):
        """True if it was a HelloRetryRequest."""
        kind, text = self.hear()
        if kind != 2:
            raise Closed("message %d instead of a ServerHello" % kind)
        if text[6:38] == HELLO_RETRY:
            first = self.transcript
            self.transcript = message(254, hash_of(first)) + text
            return True
        self.transcript += text
        self.server_random = text[6:38]
        at = 39 + text[38] + 3
        self.psk_taken = False
        peer, end = None, at + 2 + int.from_bytes(text[at:at + 2], "big") if at < len(text) else 0
        at += 2
        while at < end:
            kind, n = struct.unpack(">HH", text[at:at + 4])
            if kind == 51:
                peer = text[at + 8:at + 4 + n]
            self.psk_taken |= kind == 41
            at += 4 + n
        if self.version == 0x0304:
            self.schedule(x25519(self.secret, peer))
        return False

    def schedule(self, shared, psk=bytes(32)):
        none = hash_of(b"")
        early = mac(bytes(32), getattr(self, "psk", None) if self.psk_taken else psk)
        self.handshake = mac(expand(early, b"derived", none, 32), shared)
        so_far = hash_of(self.transcript)
        self.write = Keys.of(expand(self.handshake, b"c hs traffic", so_far, 32))
        self.read = Keys.of(expand(self.handshake, b"s hs traffic", so_far, 32))

    def server_flight(self):
        """The rest of what the server says before us."""
        while True:
            kind, text = self.hear()
            self.transcript += text
            self.certificate_wanted |= kind == 13
            if kind == 12:
                at = 4 + 3
                self.peer = text[at + 1:at + 1 + text[at]]
            if kind == (20 if self.version == 0x0304 else 14):
                break
        if self.version == 0x0304:
            self.master = mac(expand(self.handshake, b"derived", hash_of(b""), 32), bytes(32))
            so_far = hash_of(self.transcript)
            self.next = (Keys.of(expand(self.master, b"c ap traffic", so_far, 32)),
                         Keys.of(expand(self.master, b"s ap traffic", so_far, 32)))

    def certificate(self, path=None):
        """Our Certificate message; without a path an empty one."""
        chain = b""
        if path:
            der = subprocess.run(["openssl", "x509", "-in", path, "-outform", "DER"],
                                 stdout=subprocess.PIPE, check=True).stdout
            chain = vector(3, der) + (b"\0\0" if self.version == 0x0304 else b"")
        return message(11, (b"\0" if self.version == 0x0304 else b"") + vector(3, chain))

    def certificate_verify(self, key):
        text = self.transcript
        if self.version == 0x0304:
            text = b" " * 64 + b"TLS 1.3, client CertificateVerify\0" + hash_of(text)
        signature = subprocess.run(["openssl", "dgst", "-sha256", "-sign", key], input=text,
                                   stdout=subprocess.PIPE, check=True).stdout
        return message(15, b"\4\3" + vector(2, signature))

    def finished(self):
        if self.version == 0x0304:
            key = expand(self.write.secret, b"finished", b"", 32)
            return message(20, mac(key, hash_of(self.transcript)))
        return message(20, prf(self.master, b"client finished", hash_of(self.transcript), 12))

    def key_exchange(self):
        """TLS 1.2: our key, and from it all others; with Extended Master Secret (RFC 7627)."""
        text = message(16, vector(1, x25519(self.secret)))
        self.say(text)
        self.master = prf(x25519(self.secret, self.peer), b"extended master secret",
                          hash_of(self.transcript), 48)
        block = prf(self.master, b"key expansion", self.server_random + self.random, 88)
        self.next = (Keys(block[:32], block[64:76]), Keys(block[32:64], block[76:88]))

    def change(self):
        """TLS 1.2: ChangeCipherSpec, after which we encrypt."""
        self.send(CCS, b"\1")
        self.write = self.next[0]

    def end13(self):
        """TLS 1.3: our Finished, then the keys of data."""
        self.say(self.finished())
        self.write, self.read = self.next

    def end12(self):
        self.say(self.finished())
        kind, text = 0, b""
        while kind != CCS:
            kind, text = self.receive()
            if kind == HANDSHAKE:
                self.transcript += text  # NewSessionTicket
        self.read = self.next[1]
        if self.hear()[0] != 20:
            raise Closed("no Finished")

    def connect(self):
        """A whole handshake, well behaved, without a certificate."""
        text = self.hello()
        self.say(text)
        self.server_hello()
        self.server_flight()
        if self.certificate_wanted:
            self.say(self.certificate())
        if self.version == 0x0304:
            self.end13()
        else:
            self.key_exchange()
            self.change()
            self.end12()

    # --- afterwards ------------------------------------------------------------------------------

    def line(self):
        """Data up to the end of a line; tickets are kept."""
        text = b""
        while not text.endswith(b"\n"):
            kind, more = self.receive()
            if kind == DATA:
                text += more
            elif kind == HANDSHAKE and more[0] == 4:
                self.take_ticket(more)
        return text

    def take_ticket(self, text):
        age = struct.unpack(">I", text[8:12])[0]
        nonce = text[13:13 + text[12]]
        at = 13 + text[12]
        ticket = text[at + 2:at + 2 + int.from_bytes(text[at:at + 2], "big")]
        resumption = expand(self.master, b"res master", hash_of(self.transcript), 32)
        self.ticket = {"ticket": ticket, "age": age,
                       "secret": expand(resumption, b"resumption", nonce, 32)}

    def key_update(self, wanted):
        self.send(HANDSHAKE, message(24, bytes([wanted])))
        self.write = self.write.next_generation()
