"""Samples of a run as a file."""

import os

import numpy as np
import pytest

from base.errors import UsageError
from commands import sample
from tests.commands.calls import call


def sampled(run, name, explicit=None, **command):
    path = os.path.join(os.path.dirname(run), name)
    sample.sample(call("sample", run, output=path, **command), explicit or {})
    return path


def test_as_many_points_as_asked_for_by_the_seed(run, caplog):
    one = np.load(sampled(run, "a.npy", num_samples=5000))
    assert (one.shape, one.dtype) == ((5000, 2), np.float32)
    assert "Wrote 5000 points of shape [2] to " in caplog.text
    np.testing.assert_array_equal(np.load(sampled(run, "b.npy", num_samples=5000)), one)
    table = np.loadtxt(sampled(run, "c.csv", num_samples=5000), delimiter=",", skiprows=1)
    np.testing.assert_allclose(table, one, rtol=1e-6)
    other = np.load(sampled(run, "d.npy", {"seed": 3}, num_samples=5000))
    assert len(np.unique(np.concatenate([one, other]), axis=0)) == 10000


def test_points_are_those_of_the_components_in_equal_shares(run, engine):
    """The fake components are normals: their mixture has the mean of their means."""
    points = np.load(sampled(run, "a.npy", num_samples=20000)).astype(float)
    learnt = [engine.learnt(path) for path in sorted(set(engine.asked))]
    assert len(learnt) == 2
    mean = np.mean([each["mean"] for each in learnt], axis=0)
    np.testing.assert_allclose(points.mean(axis=0), mean, atol=4 * points.std() / np.sqrt(20000))


@pytest.mark.parametrize(
    ("name", "explicit", "told"),
    [
        ("a.txt", {}, "needs a file that ends in .npy or .csv"),
        ("a.npy", {"epochs": 7}, "--epochs=7: the run in .* was made with --epochs=2"),
        ("run/components/a.npy", {}, "belongs to the run in"),
    ],
)
def test_what_is_wrong_is_told_before_any_work(run, engine, name, explicit, told):
    with pytest.raises(UsageError, match=told):
        sampled(run, name, explicit)
    assert engine.asked == []


def test_ranks_that_keep_nothing_write_nothing(run, engine, monkeypatch):
    monkeypatch.setattr(engine, "rank", 1, raising=False)
    assert not os.path.exists(sampled(run, "a.npy"))
