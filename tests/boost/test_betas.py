"""Mixture weights."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from boost import betas


def test_uniform_betas_leave_all_components_with_equal_weight():
    mixture_weights = []
    for step in range(1, 8):
        beta = betas.next_beta(step, "uniform", 0.5)
        mixture_weights = betas.next_mixture_weights(mixture_weights, beta)
    np.testing.assert_allclose(mixture_weights, np.full(7, 1 / 7))


def test_constant_betas_give_a_geometric_mixture():
    mixture_weights = []
    for step in range(1, 5):
        beta = betas.next_beta(step, "constant", 0.3)
        mixture_weights = betas.next_mixture_weights(mixture_weights, beta)
    np.testing.assert_allclose(mixture_weights, [0.7**3, 0.3 * 0.7**2, 0.3 * 0.7, 0.3])
    assert sum(mixture_weights) == pytest.approx(1)


@pytest.mark.parametrize(("step", "heur"), [(0, "uniform"), (2, "half")])
def test_bad_beta_arguments_are_named(step, heur):
    with pytest.raises(ValueError, match="got"):
        betas.next_beta(step, heur, 0.5)


@given(st.lists(st.floats(1e-6, 1 - 1e-6), max_size=30))
def test_each_component_keeps_what_all_later_ones_leave_it(later):
    """alpha_k = beta_k prod_{j > k} (1 - beta_j), which sums to 1 as the first beta is 1."""
    given_betas = [1.0, *later]
    expected = [
        beta * np.prod([1 - other for other in given_betas[number + 1 :]])
        for number, beta in enumerate(given_betas)
    ]
    found = betas.mixture_weights(given_betas)
    np.testing.assert_allclose(found, expected, rtol=1e-9)
    assert sum(found) == pytest.approx(1)


def test_the_first_component_has_all_the_weight_whatever_the_rule():
    assert betas.next_beta(1, "constant", 0.3) == betas.next_beta(1, "uniform", 0.3) == 1
    assert betas.next_beta(2, "constant", 0.3) == 0.3
    assert betas.mixture_weights([]) == []
