"""The line between workers: who is let in, what the chief shares, who has gone; in threads."""

import contextlib
import json
import os
import random
import signal
import socket
import struct
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from base import signals
from base.errors import Stopped, UsageError, WorkerLost
from estimator import connections, meeting, peers
from estimator.cluster import Cluster
from estimator.peers import Peers
from tests.conftest import ROOT

SHARED = {"--batch_size": 64, "version": "aa"}
TEXT = "process 1 on here\n"


def free_addresses(number):
    """Of ports that nobody listens at."""
    with contextlib.ExitStack() as stack:
        sockets = [stack.enter_context(socket.socket()) for _ in range(number)]
        for each in sockets:
            each.bind(("127.0.0.1", 0))
        return tuple(f"127.0.0.1:{each.getsockname()[1]}" for each in sockets)


@pytest.fixture
def lock_path(tmp_path):
    path = tmp_path / "lock"
    path.write_text(TEXT)
    return str(path)


@pytest.fixture
def together(lock_path):
    """Has workers meet; gives them, or what each of them was told instead."""

    def meet(shared, lock_paths=(), addresses=None):
        addresses = addresses or free_addresses(len(shared))
        all_peers = [Peers(Cluster(addresses, rank)) for rank in range(len(shared))]

        def one(rank):
            seen = dict(enumerate(lock_paths)).get(rank, lock_path)
            try:
                all_peers[rank].join(shared[rank], seen, "" if rank else TEXT)
            except (UsageError, WorkerLost) as error:
                return error
            return all_peers[rank]

        with ThreadPoolExecutor(len(shared)) as pool:
            return list(pool.map(one, range(len(shared))))

    return meet


def leave(worker):
    """What the end of its process does."""
    lines = list(worker._connections.values())
    worker._connections.clear()
    for line in lines:
        line._socket.shutdown(socket.SHUT_RDWR)


def test_all_get_what_the_chief_shares_in_its_order(together):
    chief, *others = together([SHARED] * 3)
    for value in ({"done": 7}, None, [1, "é"]):
        assert chief.share(value) == value
    for other in others:
        assert [other.share("ignored") for _ in range(3)] == [{"done": 7}, None, [1, "é"]]


@pytest.mark.parametrize("name", ["--batch_size", "version"])
def test_another_mind_is_refused_everywhere_and_named(together, name):
    *_, odd = found = together([SHARED, {**SHARED, name: 32}])
    assert {str(error) for error in found} == {str(odd)}
    assert isinstance(odd, UsageError)
    assert str(odd).startswith(f"{name}=32: worker 1 (127.0.0.1:")
    assert f"the chief {name}={SHARED[name]}" in str(odd)


def test_a_worker_without_the_files_is_refused(together, tmp_path, lock_path, monkeypatch):
    monkeypatch.setattr(meeting, "SHARED_SECONDS", 0.3)
    elsewhere = tmp_path / "elsewhere"
    elsewhere.write_text("process 1 on another host\n")
    os.mkfifo(str(tmp_path / "pipe"))  # which nobody writes
    for other in (str(elsewhere), str(tmp_path / "missing"), str(tmp_path / "pipe")):
        for error in together([SHARED, SHARED], [lock_path, other]):
            assert isinstance(error, UsageError)
            assert "does not see" in str(error)
            assert "share the --workdir" in str(error)


def test_a_worker_that_does_not_come_is_named(together, monkeypatch, lock_path):
    monkeypatch.setattr(meeting, "MEETING_SECONDS", 0.5)
    addresses = free_addresses(2)
    with pytest.raises(WorkerLost, match=rf"worker 1 \({addresses[1]}\) did not come within"):
        Peers(Cluster(addresses, 0)).join(SHARED, lock_path, TEXT)
    with pytest.raises(WorkerLost, match=rf"the chief \({addresses[0]}\) does not answer"):
        Peers(Cluster(addresses, 1)).join(SHARED, lock_path, TEXT)


def test_a_taken_port_is_named(lock_path):
    with socket.socket() as taken:
        taken.bind(("", 0))
        taken.listen()
        address = f"127.0.0.1:{taken.getsockname()[1]}"
        with pytest.raises(UsageError, match=rf"TF_CONFIG: {address}: Address already in use"):
            Peers(Cluster((address, "127.0.0.1:1"), 0)).join(SHARED, lock_path, TEXT)


def test_the_chief_does_not_open_the_lock_file():
    """Closing it again would give up a POSIX lock on it."""
    addresses = free_addresses(2)
    with ThreadPoolExecutor(1) as pool:
        met = pool.submit(Peers(Cluster(addresses, 0)).join, SHARED, "/not/there", TEXT)
        with connected(addresses[0]) as worker:
            worker.sendall(json.dumps({"rank": 1, "facts": SHARED}).encode() + b"\n")
            assert json.loads(worker.recv(1000).decode()) == {"witness": TEXT}
            worker.sendall(b'{"sees": true}\n')
            met.result(60)


def connected(address):
    host, port = address.split(":")
    for _ in range(100):
        with contextlib.suppress(ConnectionRefusedError):
            return socket.create_connection((host, int(port)))
        time.sleep(0.05)
    raise AssertionError("nobody listens")


def test_workers_that_start_again_count_once(lock_path):
    addresses = free_addresses(3)
    chief, *others = [Peers(Cluster(addresses, rank)) for rank in range(3)]
    with ThreadPoolExecutor(3) as pool:
        met = [pool.submit(chief.join, SHARED, lock_path, TEXT)]
        for _ in range(2):
            with contextlib.closing(connected(addresses[0])) as earlier:
                earlier.sendall(json.dumps({"rank": 1, "facts": SHARED}).encode() + b"\n")
                time.sleep(0.2)
        met.append(pool.submit(others[1].join, SHARED, lock_path, ""))
        time.sleep(0.2)
        assert not met[0].done()  # worker 1 came twice, and went
        met.append(pool.submit(others[0].join, SHARED, lock_path, ""))
        for each in met:
            each.result(60)
    chief.share(5)
    assert [other.share() for other in others] == [5, 5]


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


def test_strangers_do_not_keep_workers_waiting(lock_path, monkeypatch):
    """All come first, and most stay; a hello may take longer than all of this test."""
    monkeypatch.setattr(connections, "HELLO_SECONDS", 1000.0)
    addresses = free_addresses(3)

    def come(stranger):
        with contextlib.suppress(OSError), contextlib.closing(connected(addresses[0])) as line:
            stranger(line)

    with ThreadPoolExecutor(3) as pool:
        all_peers = [Peers(Cluster(addresses, rank)) for rank in range(3)]
        met = [pool.submit(all_peers[0].join, SHARED, lock_path, TEXT)]
        for stranger in STRANGERS:
            threading.Thread(target=come, args=(stranger,), daemon=True).start()
        time.sleep(1.0)
        assert not met[0].done()
        met += [pool.submit(each.join, SHARED, lock_path, "") for each in all_peers[1:]]
        for each in met:
            each.result(60)
    all_peers[0].share(5)
    assert [each.share() for each in all_peers[1:]] == [5, 5]


def test_a_crowd_that_says_nothing_makes_room(together, monkeypatch):
    monkeypatch.setattr(connections, "HELLO_SECONDS", 1000.0)
    addresses = free_addresses(2)

    def crowd():
        first = connected(addresses[0])
        others = [connected(addresses[0]) for _ in range(300)]
        first.settimeout(60)
        assert first.recv(1) == b""
        return others

    with ThreadPoolExecutor(2) as pool:
        chief = pool.submit(Peers(Cluster(addresses, 0)).join, SHARED, "", TEXT)
        others = pool.submit(crowd).result(60)
        with connected(addresses[0]) as worker:
            worker.sendall(json.dumps({"rank": 1, "facts": {}}).encode() + b"\n")
            with pytest.raises(UsageError, match="--batch_size=None: worker 1"):
                chief.result(60)
    for other in others:
        other.close()


def test_a_guest_has_to_say_all_in_time(monkeypatch):
    monkeypatch.setattr(connections, "HELLO_SECONDS", 0.5)
    addresses = free_addresses(2)
    with ThreadPoolExecutor(2) as pool:
        chief = pool.submit(Peers(Cluster(addresses, 0)).join, SHARED, "", TEXT)
        with connected(addresses[0]) as stranger, pytest.raises(ConnectionError):
            drip(stranger)
        assert not chief.done()
        with connected(addresses[0]) as worker:
            worker.sendall(json.dumps({"rank": 1, "facts": {}}).encode() + b"\n")
            with pytest.raises(UsageError, match="--batch_size=None: worker 1"):
                chief.result(60)


def test_a_line_ends_whatever_comes_over_it():
    def speak(stranger, there):
        with contextlib.suppress(OSError), contextlib.closing(there):
            stranger(there)

    def end_of(stranger):
        here, there = socket.socketpair()
        threading.Thread(target=speak, args=(stranger, there), daemon=True).start()
        line = connections.Connection(here)
        while line.receive(1.0) is not None:
            pass
        assert len(line._unread) <= connections.LONGEST_LINE + (1 << 16)
        line.close()
        return line.end

    with ThreadPoolExecutor(len(STRANGERS)) as pool:
        ends = list(pool.map(end_of, STRANGERS))
    assert all(ends)
    assert ends[:3] == ["been silent for 1 s", "been silent for 1 s", "sent too long a line"]


def test_a_worker_passes_by_what_is_not_its_chief(lock_path, monkeypatch):
    monkeypatch.setattr(meeting, "MEETING_SECONDS", 60.0)
    addresses = free_addresses(2)
    host, port = addresses[0].split(":")
    worker, chief = [Peers(Cluster(addresses, rank)) for rank in (1, 0)]
    with ThreadPoolExecutor(2) as pool:
        met = pool.submit(worker.join, SHARED, lock_path, "")
        for text in (b"\n", b"[" * 200000 + b"\n", b"x" * (1 << 20), b'{"see": 1}\n'):
            with socket.socket() as listener:
                listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                listener.bind((host, int(port)))
                listener.listen()
                with listener.accept()[0] as line, contextlib.suppress(OSError):
                    line.sendall(text)
        pool.submit(chief.join, SHARED, lock_path, TEXT).result(60)
        met.result(60)
    chief.share(5)
    assert worker.share() == 5


@pytest.mark.parametrize("text", [b"", b"\n"])
def test_an_address_that_takes_calls_and_says_nothing_is_no_chief(monkeypatch, lock_path, text):
    monkeypatch.setattr(meeting, "MEETING_SECONDS", 1.0)
    with socket.socket() as silent, ThreadPoolExecutor(1) as pool:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        addresses = (f"127.0.0.1:{silent.getsockname()[1]}", "127.0.0.1:1")
        met = pool.submit(Peers(Cluster(addresses, 1)).join, SHARED, lock_path, "")
        lines = []
        silent.settimeout(0.2)
        while not met.done():
            with contextlib.suppress(OSError):
                lines.append(silent.accept()[0])
                lines[-1].sendall(text)
        with pytest.raises(WorkerLost, match=r"the chief \(127.* does not answer for 1 s \(it has"):
            met.result()


def test_a_worker_that_goes_while_they_look_at_the_lock_file_is_lost(lock_path):
    addresses = free_addresses(2)
    with ThreadPoolExecutor(1) as pool:
        met = pool.submit(Peers(Cluster(addresses, 0)).join, SHARED, lock_path, TEXT)
        with connected(addresses[0]) as worker:
            worker.sendall(json.dumps({"rank": 1, "facts": SHARED}).encode() + b"\n")
            assert worker.recv(1000)
        with pytest.raises(WorkerLost, match="worker 1 .* has ended"):
            met.result(60)


SIGNALLED = """
import contextlib
from base import signals
from base.errors import Stopped
from estimator.cluster import Cluster
from estimator.peers import Peers
signals.listen(lambda: "")
print("here", flush=True)
try:
    with signals.deferred() if {deferred} else contextlib.suppress():
        Peers(Cluster(("127.0.0.1:{port}", "127.0.0.1:1"), {rank})).join({{}}, "", "")
except Stopped as stopped:
    raise SystemExit(stopped.status)
"""


@pytest.mark.parametrize("deferred", [False, True])
@pytest.mark.parametrize("rank", [0, 1])
def test_a_signal_ends_the_meeting(rank, deferred):
    (address,) = free_addresses(1)
    code = SIGNALLED.format(port=address.split(":")[1], rank=rank, deferred=deferred)
    process = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, cwd=ROOT)
    assert process.stdout.readline() == b"here\n"
    time.sleep(0.2)
    process.terminate()
    assert process.wait(60) == 128 + signal.SIGTERM
    process.stdout.close()


def test_a_signal_ends_the_wait_for_a_chief_that_says_nothing(together, monkeypatch):
    """It lives: its signs of life come."""
    monkeypatch.setattr(peers, "LEAVE_SECONDS", 1.0)
    _, other = together([SHARED] * 2)
    monkeypatch.setattr(signals, "_asked", signal.SIGTERM)
    with pytest.raises(Stopped, match="SIGTERM"):
        other.share()


def test_a_signal_here_explains_why_another_has_gone(together, monkeypatch):
    chief, other = together([SHARED] * 2)
    monkeypatch.setattr(signals, "_asked", signal.SIGTERM)
    leave(other)
    chief.lost.result(10)
    with pytest.raises(Stopped, match="SIGTERM"):
        chief.check()


@pytest.mark.parametrize("gone", [0, 1, 2])
def test_one_that_has_gone_is_known_to_all(together, gone):
    all_peers = together([SHARED] * 3)
    chief = all_peers[0]
    chief.share("last word")
    leave(all_peers[gone])
    name = chief._cluster.name(gone)
    for rank, each in enumerate(all_peers):
        if rank == gone:
            continue
        assert each.lost.result(10) == f"{name} has ended"
        with pytest.raises(WorkerLost, match="has ended"):
            each.check()
        if rank:
            assert each.share() == "last word"  # what was said before still counts
        with pytest.raises(WorkerLost):
            each.share("more")


def test_one_that_is_silent_has_gone(together, monkeypatch):
    monkeypatch.setattr(peers, "SILENCE_SECONDS", 0.5)
    monkeypatch.setattr(peers, "BEAT_SECONDS", 1.5)
    chief, _ = together([SHARED] * 2)
    assert chief.lost.result(10).endswith("has been silent for 0 s")


def test_signs_of_life_keep_the_line(together, monkeypatch):
    monkeypatch.setattr(peers, "SILENCE_SECONDS", 0.6)
    monkeypatch.setattr(peers, "BEAT_SECONDS", 0.1)
    chief, other = together([SHARED] * 2)
    time.sleep(1.5)
    assert not chief.lost.done()
    assert not other.lost.done()
