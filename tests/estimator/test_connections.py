"""Strangers at the door, and lines over which anything comes; in threads."""

import contextlib
import json
import socket
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from base.errors import UsageError
from estimator import connections
from estimator.cluster import Cluster
from estimator.peers import Peers
from tests.estimator.meetings import SHARED, TEXT, connected, free_addresses
from tests.estimator.strangers import STRANGERS, drip


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
