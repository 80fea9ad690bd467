"""Modes counted by hand, and the width of what is known."""

import numpy as np
import pytest

from evaluation import modes


def test_modes_counted_by_hand():
    means, sigma = np.array([[0.0, 0], [10, 0], [20, 0], [30, 0]]), 1.0
    samples = np.array([[0.0, 0], [0, 2.9], [0, 3.1], [10, 0], [23.5, 0]])
    found = modes.evaluate(samples, means, sigma, np.full(4, 0.25))
    assert found.modes == 2  # the third is nearest to a sample of low quality only
    assert found.high_quality == pytest.approx(3 / 5)
    shares = np.array([3, 1, 1]) / 5
    assert found.reverse_kl == pytest.approx(np.sum(shares * np.log(shares / 0.25)))


def test_reverse_kl_of_the_true_weights_is_zero_for_unequal_modes():
    means = np.array([[0.0], [10.0]])
    samples = np.array([[0.0]] * 9 + [[10.0]])
    found = modes.evaluate(samples, means, 1.0, np.array([0.9, 0.1]))
    assert found.reverse_kl == pytest.approx(0)


def test_width_is_that_of_the_samples_of_high_quality():
    """Against the deviation of a normal distribution cut off at three sigma, in the plane."""
    rng = np.random.RandomState(0)
    means = np.array([[0.0, 0.0], [10.0, 0.0]])
    for true, factor in ((1.0, 1.0), (0.5, 0.5)):
        samples = means[rng.randint(2, size=200_000)] + true * rng.randn(200_000, 2)
        found = modes.evaluate(samples, means, 1.0, np.array([0.5, 0.5]))
        cut = 4.5 / factor**2
        expected = factor * np.sqrt(1 - cut * np.exp(-cut) / (1 - np.exp(-cut)))
        assert found.width == pytest.approx(expected, abs=0.005)
