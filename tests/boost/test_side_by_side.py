"""What runs beside the training: the second process, and trainings prepared ahead."""

import os
import signal
import subprocess
import sys
import time

import numpy as np
import pytest

from boost.side_process import SideProcess
from boost.training import Task, Training
from endings import Diverged
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


class SlowEngine:
    """Trains on its first chunk of input only, in the way that the real engines do."""

    def __init__(self, prepares_ahead):
        self.prepares_ahead = prepares_ahead
        self.started = []

    def train(self, model_fn, model_dir, params, stream, iterations, report, predict_for):
        self.started.append(model_dir)
        (chunk,) = stream.chunks(0, iterations, iterations)
        report(iterations, {"loss": 1.0})
        return float(chunk["x"].sum())


def counting_stream():
    def draw(block, counts):
        for count in counts:
            yield {"x": np.ones((count, 2))}

    return Stream(draw, {"x": (2,)})


def make_training(engine, use=lambda trained: trained):
    task = Task(None, "dir", lambda number: number, {"x": (2,)}, 0, 10, None, use, "Component 1/1")
    return Training(engine, task)


@pytest.mark.parametrize("prepares_ahead", [True, False])
def test_a_training_waits_for_its_input(prepares_ahead):
    engine = SlowEngine(prepares_ahead)
    training = make_training(engine)
    time.sleep(0.2)
    assert engine.started == (["dir"] if prepares_ahead else [])
    training.begin(counting_stream())
    assert training.result() == 20.0


def test_a_training_raises_what_its_input_raised():
    def draw(block, counts):
        raise ZeroDivisionError
        yield

    training = make_training(SlowEngine(True))
    training.begin(Stream(draw, {"x": (2,)}))
    with pytest.raises(ZeroDivisionError):
        training.result()


def test_a_training_prepared_in_vain_ends():
    training = make_training(SlowEngine(True))
    training.cancel()
    with pytest.raises(RuntimeError, match="cancelled"):
        training.result()


@pytest.mark.parametrize("prepares_ahead", [True, False])
def test_a_training_that_diverges_is_tried_once_more_from_other_weights(prepares_ahead):
    engine, uses = SlowEngine(prepares_ahead), []

    def use(trained):
        uses.append(trained)
        if len(uses) < 2:
            raise Diverged("not finite")
        return "used"

    training = make_training(engine, use)
    training.begin(counting_stream())
    assert training.result() == "used"
    assert training.initialisations == 2
    assert engine.started == ["dir", os.path.join("dir", "initialisation_2")]
    assert uses == [20.0, 20.0]


def test_a_training_that_always_diverges_says_so():
    def use(trained):
        raise Diverged("not finite; lower --rate")

    training = make_training(SlowEngine(True), use)
    training.begin(counting_stream())
    with pytest.raises(Diverged, match=r"Component 1/1: not finite; lower --rate \(2 init"):
        training.result()
