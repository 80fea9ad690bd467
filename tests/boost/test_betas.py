"""Mixture weights."""

import numpy as np
import pytest

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
