"""The Gaussian mixture that a GAN has to beat, on densities that are known."""

import warnings

import numpy as np
import pytest

from evaluation import simple_model
from evaluation.simple_model import fit_and_sample


@pytest.fixture(autouse=True)
def _without_warnings():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        yield


def test_a_normal_distribution_takes_hardly_any():
    rng = np.random.RandomState(0)
    covariance = np.array([[1.0, 0.6], [0.6, 1.0]])
    training = rng.multivariate_normal([1, 2], covariance, 3000)
    samples, components = fit_and_sample(training, 20_000, seed=1)
    assert components <= 2  # by noise, two may do as well
    np.testing.assert_allclose(samples.mean(axis=0), [1, 2], atol=0.08)
    np.testing.assert_allclose(np.cov(samples.T), covariance, atol=0.1)


def test_four_modes_take_four_components():
    rng = np.random.RandomState(1)
    modes = np.array([[-1, -1], [-1, 1], [1, -1], [1, 1]])
    training = modes[rng.randint(4, size=2000)] + 0.1 * rng.randn(2000, 2)
    samples, components = fit_and_sample(training, 4000, seed=2)
    assert components == 4
    distances = np.abs(samples[:, None] - modes).max(axis=-1)
    assert distances.min(axis=1).max() < 0.6
    np.testing.assert_allclose(np.bincount(distances.argmin(axis=1)) / 4000, 0.25, atol=0.04)
    # In random order: neither half lacks a mode.
    np.testing.assert_allclose(np.bincount(distances[:2000].argmin(axis=1)), 500, atol=90)


def test_the_same_seed_gives_the_same_and_the_caller_keeps_its_rows():
    training = np.random.RandomState(2).randn(300, 3)
    before = training.copy()
    first, again, other = (fit_and_sample(training, 50, seed)[0] for seed in (3, 3, 4))
    np.testing.assert_array_equal(first, again)
    assert not np.array_equal(first, other)
    np.testing.assert_array_equal(training, before)


@pytest.mark.parametrize(
    "training",
    [
        np.random.RandomState(3).randn(12, 6),
        np.random.RandomState(3).randn(12, 1),
        np.random.RandomState(3).randn(3, 2),
        np.random.RandomState(3).randn(12, 800),
        np.zeros((12, 3)),
        np.repeat(np.random.RandomState(4).randn(3, 4), 10, axis=0),
        (np.random.RandomState(5).rand(500, 8) < 0.3) * 2.0 - 1,
    ],
    ids=["few", "one column", "three", "few of many", "constant", "duplicates", "discrete"],
)
def test_any_table(training):
    samples, components = fit_and_sample(training, 100, seed=5)
    assert samples.shape == (100, training.shape[1])
    assert samples.dtype == np.float64
    assert np.isfinite(samples).all()
    assert np.abs(samples).max() < 10 * (1 + np.abs(training).max())
    assert 1 <= components <= len(training)


@pytest.mark.parametrize("share", [0.01, 0.5, 0.99])
def test_any_share_of_few_rows_chooses(share):
    training = np.random.RandomState(6).randn(10, 2)
    assert fit_and_sample(training, 1, seed=6, validation_share=share)[0].shape == (1, 2)


def test_few_numbers_are_met_closely():
    training = np.where(np.random.RandomState(7).rand(2000, 1) < 0.3, 1.5, -0.65)
    samples, components = fit_and_sample(training, 2000, seed=7)
    assert components >= 2
    from_grid = np.abs(samples - [[1.5, -0.65]]).min(axis=1)
    assert np.median(from_grid) < 2 * np.sqrt(simple_model.LEAST_VARIANCE)
    assert np.mean(samples > 0.4) == pytest.approx(0.3, abs=0.05)


def test_it_stops_where_more_components_are_no_better(monkeypatch):
    tried = []
    fit = simple_model._quietly_fitted
    monkeypatch.setattr(
        simple_model,
        "_quietly_fitted",
        lambda mixture, rows: tried.append(mixture.n_components) or fit(mixture, rows),
    )
    fit_and_sample(np.random.RandomState(8).randn(1000, 10), 10, seed=8)
    assert tried == [1, 2, 4, 1]  # and the best again, on all rows


def test_at_least_three_rows():
    with pytest.raises(ValueError, match="training has 2 rows"):
        fit_and_sample(np.zeros((2, 3)), 10, seed=9)
