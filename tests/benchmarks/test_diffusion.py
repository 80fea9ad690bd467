"""The diffusion model's noise in closed form; its way back where the best denoiser is known."""

import numpy as np

from benchmarks import diffusion
from benchmarks.diffusion import BETAS, KEPT


def test_step_by_step_the_noise_comes_to_the_closed_form():
    """q(x_t | x_0) has mean sqrt(kept) x_0 and variance 1 - kept, by the recursion of eq. 2."""
    mean, variance = 1.0, 0.0
    for beta, kept in zip(BETAS, KEPT):
        mean, variance = (1 - beta) ** 0.5 * mean, (1 - beta) * variance + beta
        np.testing.assert_allclose([kept**0.5, 1 - kept], [mean, variance], rtol=1e-9)
    assert mean < 0.01  # the last step leaves noise alone


def test_points_are_noised_each_by_its_own_step():
    points, noise = np.array([[2.0, -1.0], [2.0, -1.0]]), np.array([[1.0, 1.0], [0.0, 4.0]])
    found = diffusion.noised(points, noise, np.array([[1.0], [0.36]]))
    np.testing.assert_allclose(found, [[2.0, -1.0], [1.2, -0.6 + 0.8 * 4]])


def test_the_best_denoiser_of_a_normal_leads_back_to_it():
    """Of N(m, s^2) it is linear: E[noise | x_t] by the joint normal of both."""
    mean, deviation = np.array([1.5, -0.5]), np.array([0.2, 0.6])

    def predict(points, step):
        kept = KEPT[step]
        variance = kept * deviation**2 + 1 - kept
        return (1 - kept) ** 0.5 * (points - kept**0.5 * mean) / variance

    found = diffusion.sample(predict, 20_000, 2, np.random.RandomState(0))
    np.testing.assert_allclose(found.mean(axis=0), mean, atol=0.02)
    np.testing.assert_allclose(found.std(axis=0), deviation, rtol=0.04)  # of finite steps
    assert abs(np.corrcoef(found.T)[0, 1]) < 0.03


def test_two_points_are_both_found_at_their_shares():
    """Data at -1 (a quarter) and 1: the best denoiser knows by Bayes which one it was."""
    where, share = np.array([-1.0, 1.0]), np.array([0.25, 0.75])

    def predict(points, step):
        kept = KEPT[step]
        logits = -((points - kept**0.5 * where) ** 2) / (2 * (1 - kept)) + np.log(share)
        by_point = np.exp(logits - logits.max(axis=1, keepdims=True))
        expected = by_point @ where / by_point.sum(axis=1)
        return (points - kept**0.5 * expected[:, None]) / (1 - kept) ** 0.5

    found = diffusion.sample(predict, 4000, 1, np.random.RandomState(0))[:, 0]
    np.testing.assert_allclose(np.abs(found), 1, atol=0.1)
    assert abs(np.mean(found > 0) - 0.75) < 0.03
