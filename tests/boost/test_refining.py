"""Discriminators that refine: how long they train, how sharp they are, what calibrates them."""

from types import SimpleNamespace

import numpy as np
import pytest

from boost import refinement, refining
from boost.refining import RatioDiscriminators
from input_fn.datasets import Dataset
from model_fn.settings import (
    GanSettings,
    MixtureDiscriminatorSettings,
    ModelSettings,
    NetworkSettings,
    OptimizerSettings,
)


def made(number, dimension, engine=None, **network):
    points = np.random.RandomState(0).randn(number, dimension).astype(np.float32)
    models = ModelSettings(
        NetworkSettings(**network),
        OptimizerSettings(),
        GanSettings(),
        MixtureDiscriminatorSettings(),
    )
    dataset = Dataset(points, None, points[:0], None)
    return RatioDiscriminators(
        SimpleNamespace(engine=engine, dataset=dataset, models=models, seed=3)
    )


@pytest.mark.parametrize(
    ("number", "iterations"), [(100, 500), (10_240, 3000), (1_000_000, 12_000)]
)
def test_a_training_is_as_long_as_its_points_bear(number, iterations):
    assert made(number, 2).iterations == iterations


@pytest.mark.parametrize(("dimension", "octaves"), [(1, 5), (2, 5), (8, 3), (20, 1), (500, 1)])
def test_many_coordinates_have_fewer_octaves(dimension, octaves):
    assert made(20, dimension).network.d_frequencies == octaves


class Telling:
    """An engine whose folds know the points that they were trained on, and nothing else."""

    in_graph_loop = True

    def wrap_optimizers(self, optimizers):
        return optimizers

    def train(self, training, report):
        (of_data, of_samples) = training.predict_for.parts
        number, points_of = of_data
        points_of(np.arange(number))
        logits = np.zeros((of_data[0] + len(of_samples), 2))
        first = (of_data[0] + 1) // 2
        logits[:first, 0], logits[first : of_data[0], 1] = 100.0, 100.0
        return SimpleNamespace(predictions={"logits": logits})


def test_no_point_is_judged_by_the_fold_that_was_trained_on_it(monkeypatch, tmp_path):
    asked = []
    monkeypatch.setattr(refinement, "calibrate", lambda *logits: asked.append(logits))
    monkeypatch.setattr(refining, "POINTS", 50)
    made(101, 2, Telling()).train(1, str(tmp_path), np.zeros((80, 2), np.float32))
    ((of_data, of_samples),) = asked
    assert len(of_data) == 101
    assert not of_data.any()
    assert not of_samples.any()


def test_points_of_the_whole_file_calibrate(monkeypatch, tmp_path):
    """Not its first rows, which may be of one kind."""
    monkeypatch.setattr(refinement, "calibrate", lambda *logits: None)
    monkeypatch.setattr(refining, "POINTS", 50)
    monkeypatch.setattr(refining, "CALIBRATING", 20)
    discriminators = made(1000, 2, Telling())
    asked = []
    monkeypatch.setattr(
        Dataset, "train_points", lambda self, rows: asked.append(rows) or self.points[rows]
    )
    discriminators.train(1, str(tmp_path), np.zeros((80, 2), np.float32))
    assert len(set(asked[-1])) == 20
    for half, rows in zip(discriminators._halves(), np.split(asked[-1], 2)):
        assert set(rows) <= set(half)
        np.testing.assert_allclose(np.diff(rows), 100, atol=40)


def test_halves_hold_every_point_once():
    first, second = made(101, 2)._halves()
    assert sorted([*first, *second]) == list(range(101))
    assert abs(len(first) - len(second)) == 1
