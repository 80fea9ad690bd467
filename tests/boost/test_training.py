"""A training is tried again from other weights when its numbers go wrong."""

import os

import numpy as np
import pytest

from base.errors import Diverged
from boost import training
from estimator.engine import Training
from input_fn.weighted import Stream


class OneChunk:
    """An engine that trains on its first chunk of input only."""

    def __init__(self):
        self.started = []

    def train(self, task, report):
        self.started.append((task.model_dir, task.params))
        (chunk,) = task.stream.chunks(0, task.iterations, task.iterations)
        report(task.iterations, {"loss": 1.0})
        return float(chunk["x"].sum())


def counting():
    def draw(block, counts):
        for count in counts:
            yield {"x": np.ones((count, 2))}

    stream = Stream(draw, {"x": (2,)})
    return Training(None, "dir", 1, stream, 10, None)


def fit(engine, use):
    return training.fit(engine, "Component 1/1", counting(), lambda number: number, use)


def test_a_training_that_diverges_is_tried_once_more_from_other_weights():
    engine, uses = OneChunk(), []

    def use(trained):
        uses.append(trained)
        if len(uses) < 2:
            raise Diverged("not finite")
        return "used"

    assert fit(engine, use) == ("used", 2)
    assert engine.started == [("dir", 1), (os.path.join("dir", "initialisation_2"), 2)]
    assert uses == [20.0, 20.0]


def test_a_training_that_always_diverges_says_so():
    def use(trained):
        raise Diverged("not finite; lower --rate")

    with pytest.raises(Diverged, match=r"Component 1/1: not finite; lower --rate \(2 init"):
        fit(OneChunk(), use)
