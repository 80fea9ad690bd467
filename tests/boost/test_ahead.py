"""Independent components: two at a time, in order, and what becomes of them when a run ends."""

import signal
import threading
import time
from unittest import mock

import numpy as np
import pytest

from base import signals
from base.errors import Stopped
from boost.ahead import IndependentComponents

WEIGHTS = np.full(4, 0.25)


class Trainer:
    """As much of `Components` as is used."""

    def __init__(self, side_by_side, train):
        self.engine = mock.Mock(trains_side_by_side=side_by_side)
        self.train = train


@pytest.mark.parametrize("side_by_side", [True, False])
def test_independent_components_come_in_order_however_many_train_at_once(side_by_side):
    lock, now, most = threading.Lock(), [0], [0]

    def train(number, data_weights):
        assert data_weights is WEIGHTS
        with lock:
            now[0] += 1
            most[0] = max(most[0], now[0])
        time.sleep(0.1 if number % 2 else 0.01)
        with lock:
            now[0] -= 1
        return number

    with IndependentComponents(Trainer(side_by_side, train), WEIGHTS, 3, 6) as ahead:
        assert [ahead.train(number, WEIGHTS) for number in (3, 4, 5, 6)] == [3, 4, 5, 6]
    assert most[0] == (2 if side_by_side else 1)


def test_where_the_run_ends_early_other_trainings_are_asked_to_end(monkeypatch):
    asked = threading.Event()
    monkeypatch.setattr(signals, "ask", lambda number: asked.set())

    def train(number, data_weights):
        if number == 1:
            return number
        if not asked.wait(60):
            raise AssertionError("nobody asked")
        raise Stopped(signal.SIGTERM)

    with IndependentComponents(Trainer(True, train), WEIGHTS, 1, 6) as ahead:
        assert ahead.train(1, WEIGHTS) == 1
    assert asked.is_set()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_all_trainings_by_itself(monkeypatch, number):
    monkeypatch.setattr(signals, "_asked", number)
    monkeypatch.setattr(signals, "ask", lambda _: pytest.fail("asked again"))

    def train(_, data_weights):
        signals.check()

    with pytest.raises(Stopped, match=signal.Signals(number).name), IndependentComponents(
        Trainer(True, train), WEIGHTS, 1, 6
    ) as ahead:
        ahead.train(1, WEIGHTS)
