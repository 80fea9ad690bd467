"""Refined sampling: calibration and acceptance against known densities, and where it is kept."""

import os
from unittest import mock

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import kstest, norm

from boost import refinement
from storage import sealed
from storage.workdir import Workdir


@given(st.floats(0.2, 5.0), st.floats(-2.0, 2.0), st.integers(0, 1000))
@settings(max_examples=25)
def test_calibration_finds_the_log_ratio_again(slope, offset, seed):
    """Logits that are an affine map of the true log ratio of two normals are mapped back."""
    rng = np.random.RandomState(seed)
    data, samples = 1.0 + rng.randn(40_000), rng.randn(40_000)

    def distorted(x):
        return (norm.logpdf(x, 1.0) - norm.logpdf(x) - offset) / slope

    found = refinement.calibrate(distorted(data), distorted(samples))
    assert found[0] == pytest.approx(slope, rel=0.1)
    assert found[1] == pytest.approx(offset, abs=0.1 * (1 + abs(offset)))
    assert found[2] > 0.05


def test_calibration_of_noise_is_given_up():
    """But for what two standard errors let through: few, and nearly nothing."""
    fits = []
    for seed in range(200):
        rng = np.random.RandomState(seed)
        fits.append(refinement.calibrate(3 * rng.randn(300), 3 * rng.randn(3000)))
    kept = [fit for fit in fits if fit.slope]
    assert len(kept) < 20
    assert all(fit.gain < 0.02 for fit in kept)
    assert all(fit == (0.0, 0.0, 0.0) for fit in fits if not fit.slope)


def test_logits_that_call_data_generated_are_given_up():
    rng = np.random.RandomState(0)
    assert refinement.calibrate(rng.randn(5000) - 1, rng.randn(5000)).slope == 0


def test_a_small_difference_on_many_points_is_kept():
    rng = np.random.RandomState(0)
    assert refinement.calibrate(0.1 + rng.randn(20_000), rng.randn(20_000)).slope > 0.05


def test_acceptance_by_the_true_ratio_is_exact_without_a_cap():
    """Proposals N(0, 1), data N(0, 1/2): the ratio is bounded, its largest value is at 0."""
    rng = np.random.Generator(np.random.Philox(1))
    proposals = rng.standard_normal(200_000)
    log_ratios = norm.logpdf(proposals, scale=0.5) - norm.logpdf(proposals)
    kept = proposals[refinement.accept(log_ratios, np.log(2.0), rng)]
    assert len(kept) == pytest.approx(100_000, rel=0.02)  # 1 / the largest ratio
    assert kstest(kept, norm(scale=0.5).cdf).pvalue > 0.01


def test_a_cap_leaves_what_lies_below_it_exact():
    rng = np.random.Generator(np.random.Philox(2))
    log_ratios = rng.standard_normal(100_000)
    kept = refinement.accept(log_ratios, 0.0, rng)
    assert kept[log_ratios > 0].all()
    below = (log_ratios > -1.1) & (log_ratios < -0.9)
    assert kept[below].mean() == pytest.approx(np.exp(-1.0), abs=0.02)


def test_the_text_of_a_refinement_both_ways():
    rounds = (refinement.Round("refinement/x/model", 1.5, -0.25, 0.1),)
    made = refinement.Refinement(rounds, 0.5, 0.125, {"refinement/x/model.index": "abc"})
    assert refinement.decode(refinement.encode(made)) == made
    damaged = sealed.seal(refinement.FORMAT, {"rounds": [{"checkpoint": "x"}]})
    with pytest.raises(ValueError, match="TypeError"):
        refinement.decode(damaged)


def test_a_refinement_is_of_one_state(tmp_path):
    workdir = Workdir(str(tmp_path / "run"))
    one, other = (mock.Mock(**{"fingerprint.return_value": letter * 64}) for letter in "ab")
    assert not refinement.is_made(workdir, one)
    directory = refinement.directory_of(workdir, one)
    assert directory.startswith(workdir.join("refinement", "a" * 16))
    os.makedirs(directory)
    assert not refinement.is_made(workdir, one)  # its training may have been stopped
    open(os.path.join(directory, refinement.MADE), "w").close()
    assert refinement.is_made(workdir, one)
    assert not refinement.is_made(workdir, other)
