"""What runs side by side: the second process, and trainings that do not depend on each other."""

import os
import signal
import subprocess
import sys
import threading
import time
from unittest import mock

import numpy as np
import pytest

import endings
from boost import step, training
from boost.side_process import SideProcess
from boost.training import Task
from endings import Diverged, Stopped
from input_fn.weighted import Stream
from tests.conftest import ROOT


def test_the_second_process_answers_in_order_and_raises_what_a_call_raised():
    side = SideProcess()
    tickets = [side.submit(divmod, number, 3) for number in range(5)]
    bad = side.submit(divmod, 1, 0)
    assert side.result(tickets[4]) == (1, 1)
    assert side.result(tickets[0]) == (0, 0)
    with pytest.raises(ZeroDivisionError):
        side.result(bad)
    assert side.finished() == tickets


def test_the_second_process_ends_with_the_first_however_that_ends():
    code = (
        "import os\nfrom boost.side_process import SideProcess\n"
        "if __name__ == '__main__':\n"
        "    side = SideProcess()\n"
        "    print(side.result(side.submit(os.getpid)), flush=True)\n"
        "    import time; time.sleep(60)\n"
    )
    path = os.path.join(ROOT, "tests", "_side.py")
    with open(path, "w") as file:
        file.write(code)
    try:
        parent = subprocess.Popen(
            [sys.executable, path], stdout=subprocess.PIPE, env={**os.environ, "PYTHONPATH": ROOT}
        )
        child = int(parent.stdout.readline())
        os.kill(child, 0)
        parent.send_signal(signal.SIGKILL)
        parent.wait()
        for _ in range(100):
            try:
                os.kill(child, 0)
            except ProcessLookupError:
                return
            time.sleep(0.1)
        pytest.fail("the second process outlived the first")
    finally:
        os.remove(path)


class OneChunk:
    """An engine that trains on its first chunk of input only."""

    def __init__(self):
        self.started = []

    def train(self, model_fn, model_dir, params, stream, iterations, report, predict_for):
        self.started.append((model_dir, params))
        (chunk,) = stream.chunks(0, iterations, iterations)
        report(iterations, {"loss": 1.0})
        return float(chunk["x"].sum())


def counting_task():
    def draw(block, counts):
        for count in counts:
            yield {"x": np.ones((count, 2))}

    stream = Stream(draw, {"x": (2,)})
    return Task("Component 1/1", None, "dir", lambda number: number, stream, 10, None)


def test_a_training_that_diverges_is_tried_once_more_from_other_weights():
    engine, uses = OneChunk(), []

    def use(trained):
        uses.append(trained)
        if len(uses) < 2:
            raise Diverged("not finite")
        return "used"

    assert training.fit(engine, counting_task(), use) == ("used", 2)
    assert engine.started == [("dir", 1), (os.path.join("dir", "initialisation_2"), 2)]
    assert uses == [20.0, 20.0]


def test_a_training_that_always_diverges_says_so():
    def use(trained):
        raise Diverged("not finite; lower --rate")

    with pytest.raises(Diverged, match=r"Component 1/1: not finite; lower --rate \(2 init"):
        training.fit(OneChunk(), counting_task(), use)


class Run:
    """As much of a run as `trained_ahead` looks at."""

    def __init__(self, reweights, side_by_side, steps=6):
        self.boost = mock.Mock(reweights=reweights, steps=steps)
        self.engine = mock.Mock(trains_side_by_side=side_by_side)
        self.dataset = mock.Mock(number=4)


@pytest.mark.parametrize("side_by_side", [True, False])
def test_independent_components_come_in_order_however_many_train_at_once(monkeypatch, side_by_side):
    lock, now, most = threading.Lock(), [0], [0]

    def train(run, number, reweighting):
        with lock:
            now[0] += 1
            most[0] = max(most[0], now[0])
        time.sleep(0.1 if number % 2 else 0.01)
        with lock:
            now[0] -= 1
        return number, 1

    monkeypatch.setattr(step, "train_component", train)
    run = Run(False, side_by_side)
    assert list(step.trained_ahead(run, 3)) == [(number, 1) for number in (3, 4, 5, 6)]
    assert most[0] == (2 if side_by_side else 1)


def test_what_depends_on_the_steps_before_is_not_trained_ahead():
    assert list(step.trained_ahead(Run(True, True), 1)) == [None] * 6


def test_where_the_run_ends_early_other_trainings_are_asked_to_end(monkeypatch):
    asked = threading.Event()
    monkeypatch.setattr(endings, "ask", lambda number: asked.set())

    def train(run, number, reweighting):
        if number == 1:
            return number, 1
        if not asked.wait(60):
            raise AssertionError("nobody asked")
        raise Stopped(signal.SIGTERM)

    monkeypatch.setattr(step, "train_component", train)
    ahead = step.trained_ahead(Run(False, True), 1)
    assert next(ahead) == (1, 1)
    ahead.close()
    assert asked.is_set()
