"""How long a worker waits for others, and what it does once they have gone."""

import signal
import threading
from unittest import mock

import pytest

from base import signals
from base.errors import Stopped, WorkerLost
from estimator import distributed


@pytest.fixture
def never():
    """Work that waits for a worker who has gone, until the test is over."""
    over = threading.Event()
    yield over.wait
    over.set()


def test_a_first_iteration_that_never_comes_names_what_to_look_at(worker, never, monkeypatch):
    monkeypatch.setattr(distributed, "FIRST_SECONDS", 0.2)
    agreement = mock.Mock(begun=1, left=False)
    with pytest.raises(WorkerLost, match="no iteration for 0 s .* ports .* firewall or a proxy"):
        worker._wait_for(never, agreement)


def test_later_iterations_may_take_longer(worker, never, monkeypatch):
    monkeypatch.setattr(distributed, "FIRST_SECONDS", 0.0)
    agreement = mock.Mock(begun=2, left=False)  # the first has come
    worker._wait_for(lambda: threading.Event().wait(0.5), agreement)
    monkeypatch.setattr(distributed, "NEXT_SECONDS", 0.2)
    with pytest.raises(WorkerLost, match="no iteration for 0 s"):
        worker._wait_for(never, agreement)


def test_a_signal_ends_a_training_that_is_not_left_together(worker, never, monkeypatch):
    monkeypatch.setattr(distributed, "LEAVE_SECONDS", 0.2)
    monkeypatch.setattr(signals, "_asked", signal.SIGTERM)
    with pytest.raises(Stopped, match="SIGTERM"):
        worker._wait_for(never, mock.Mock(begun=7, left=False))


def test_a_chief_that_is_left_alone_saves_first(worker, monkeypatch):
    monkeypatch.setattr(distributed, "LEAVE_SECONDS", 0.0)
    monkeypatch.setattr(signals, "_asked", signal.SIGTERM)
    worker._peers.lost.set_result("the other has ended")
    saved = []

    def save():
        threading.Event().wait(0.5)
        saved.append(True)

    worker._wait_for(save, mock.Mock(begun=7, left=True))
    assert saved
