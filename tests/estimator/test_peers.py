"""The line between workers that have met: what the chief shares, and who has gone; in threads."""

import signal
import socket
import time

import pytest

from base import signals
from base.errors import Stopped, WorkerLost
from estimator import peers
from tests.estimator.meetings import SHARED


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
