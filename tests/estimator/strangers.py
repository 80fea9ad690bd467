"""Whoever may come to a port: each does something to a line, and no worker does that."""

import random
import socket
import struct
import time


def drip(line):
    for _ in range(3000):
        line.sendall(b" ")
        time.sleep(0.01)


def fuzz(line, rng):
    parts = [b"{", b"}", b"[", b'"rank"', b":", b"1", b"-", b"1e999", b"NaN", b",", b"\n", b"\xff"]
    line.sendall(b"".join(rng.choice(parts) for _ in range(rng.randrange(40))) + b"\n")


TEXTS = [
    b"GET / HTTP/1.0\n", b"[]", b"7", b"null", b"{}", b'{"rank": 9}', b'{"rank": 0}',
    b'{"rank": 1}', b'{"rank": true, "facts": {}}', b'{"rank": 1.0, "facts": {}}',
    b'{"rank": "1", "facts": {}}', b'{"rank": [1], "facts": {}}', b'{"rank": 1, "facts": [[]]}',
    b'{"rank": -1e999}', b'{"rank": NaN}', b"\xff\xfe", b"\x16\x03\x01\x02\x00", b"\0" * 100,
    b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", b"[" * 200000, b'{"a":' * 50000,
    b'{"rank": ' + b"1" * 250000 + b"}",
]  # fmt: skip
AT_ONCE = struct.pack("ii", 1, 0)
STRANGERS = [
    lambda line: time.sleep(30),
    drip,
    lambda line: [line.sendall(b"x" * (1 << 20)) for _ in range(200)],
    lambda line: [line.sendall(b"\n" * 1000) for _ in range(100)],
    lambda line: line.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, AT_ONCE),
    *[lambda line, text=text: line.sendall(text + b"\n") for text in TEXTS],
    *[lambda line, seed=seed: fuzz(line, random.Random(seed)) for seed in range(100)],
]
