"""Scores: on which points, and what a perfect sampler's draws are made of."""

import numpy as np
import pytest
from scipy.stats import norm

from boost import scoring
from evaluation import metrics
from evaluation.metrics import Sizes
from input_fn import datasets
from input_fn.datasets import Dataset
from input_fn.settings import DataSettings

SIZES = Sizes(30, 20, 10, 40)


def images(held_out):
    """Three training points, and some held out, each a [2, 2] array of its own number."""
    rows = np.arange(held_out, dtype=np.float32)
    points = np.zeros((3, 2, 2), np.float32)
    return Dataset(points, None, np.broadcast_to(rows[:, None, None], (held_out, 2, 2)), None)


def test_the_evaluation_and_the_choice_of_a_component_take_other_points():
    dataset = images(60)
    for validation, first in ((False, 0), (True, 10)):
        real = scoring.scorer(dataset, SIZES, validation).real
        assert (real.shape, real.dtype) == ((10, 4), np.float64)
        np.testing.assert_array_equal(real[:, 0], np.arange(first, first + 10))


def test_images_are_scored_as_flat_points():
    dataset, rng = images(60), np.random.RandomState(0)
    scorer = scoring.scorer(dataset, SIZES)
    drawn = (rng.randn(SIZES.samples + SIZES.validation, 2, 2) * 5).astype(np.float32)
    found, density = scorer.score(drawn)
    # Mean log density of the first ten points under kernels at the first thirty samples.
    flat = drawn.reshape(-1, 4).astype(np.float64)[:30]
    logs = norm.logpdf(scorer.real[:, None], flat[None], density.bandwidth).sum(axis=-1)
    assert found.log_p == pytest.approx(np.mean(np.log(np.mean(np.exp(logs), axis=1))))
    assert np.isnan(found[2:]).all()  # modes are not known


def test_of_a_file_every_draw_divides_what_was_held_out_anew(monkeypatch):
    held_out = np.arange(60, dtype=np.float32)[:, None]
    seen = []

    def score(self, drawn):
        seen.append((drawn.ravel(), self.real.ravel()))
        return metrics.Metrics(float(len(seen)), *[0.0] * 5), None

    monkeypatch.setattr(scoring.Scorer, "score", score)
    spread = scoring.perfect_sampler(None, held_out, SIZES, 5)
    assert len(seen) == 20
    for drawn, real in seen:
        assert (len(drawn), len(real)) == (50, 10)
        np.testing.assert_array_equal(np.sort([*drawn, *real]), held_out.ravel())
    assert len({tuple(real) for _, real in seen}) == 20
    assert spread.median.log_p == 10.5
    assert (spread.low.log_p, spread.high.log_p) == pytest.approx((1.95, 19.05))


def test_of_a_known_truth_every_draw_takes_new_points(monkeypatch):
    data = datasets.load(DataSettings(toy_dataset_size=50), 60, 10)
    seen = []

    def score(self, drawn):
        seen.append(np.concatenate([drawn, self.real]))
        return metrics.Metrics(*[0.0] * 6), None

    monkeypatch.setattr(scoring.Scorer, "score", score)
    scoring.perfect_sampler(data.truth, data.held_out, SIZES, 5)
    everything = np.concatenate([*seen, data.held_out, data.points])
    assert len(everything) == 20 * (SIZES.of_model + SIZES.real) + 60 + 50
    assert len(np.unique(everything, axis=0)) == len(everything)


@pytest.mark.parametrize(
    ("number", "low_c", "high_c", "log_p"),
    [(1, 0.919, 0.956, -4.473), (5, 0.895, 0.938, -4.873), (10, 0.874, 0.933, -2.231)],
)
def test_a_perfect_sampler_scores_what_was_measured_of_it(number, low_c, high_c, log_p):
    """Medians of 20 draws lie within the 5-95 % band of single draws; log_p within 0.1."""
    data = datasets.load(DataSettings(gmm_modes_num=number, toy_dataset_size=100), 2000, 64)
    sizes = metrics.published_sizes(metrics.EvaluationSettings())
    spread = scoring.perfect_sampler(data.truth, data.held_out, sizes, 821)
    assert low_c <= spread.median.coverage <= high_c
    assert spread.median.log_p == pytest.approx(log_p, abs=0.12)
    assert spread.median.modes == number
    assert spread.median.high_quality == pytest.approx(1 - np.exp(-4.5), abs=0.005)
