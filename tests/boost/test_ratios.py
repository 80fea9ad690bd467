"""Density ratios from logits."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from boost import ratios


def test_ratios_of_the_optimal_discriminator_are_exact_where_its_probability_rounds_to_one():
    data, mixture = np.array([0.5, 0.3, 0.2]), np.array([0.9, 0.1, 1e-20])
    logits = np.log(data / mixture)
    np.testing.assert_allclose(ratios.density_ratios(logits), mixture / data, rtol=1e-12)


def test_ratios_stay_finite_for_any_finite_logit():
    found = ratios.density_ratios(np.array([-1e30, 0.0, 1e30]))
    assert np.all(np.isfinite(found))
    np.testing.assert_array_equal(found[1:], [1, 0])


def test_ratios_name_a_logit_that_is_not_finite():
    with pytest.raises(ValueError, match=r"logits\[1\] = nan"):
        ratios.density_ratios(np.array([0.0, np.nan]))


def test_effective_sample_size():
    assert ratios.effective_sample_size(np.full(8, 1 / 8)) == pytest.approx(8)
    assert ratios.effective_sample_size(np.array([1.0, 0, 0])) == pytest.approx(1)


@given(st.lists(st.floats(-500, 500), min_size=1, max_size=30))
def test_ratios_are_the_odds_against_the_data(logits):
    found = ratios.density_ratios(np.array(logits))
    np.testing.assert_allclose(np.log(found), -np.array(logits), rtol=1e-9, atol=1e-9)


@given(st.lists(st.floats(1e-3, 1e3), min_size=1, max_size=30), st.integers(0, 10))
def test_effective_points_are_at_most_those_of_positive_weight(positive, zeros):
    given_weights = np.array([*positive, *[0.0] * zeros])
    found = ratios.effective_sample_size(given_weights)
    assert 1 - 1e-9 <= found <= len(positive) * (1 + 1e-9)
    assert ratios.effective_sample_size(7 * given_weights) == pytest.approx(found)
