"""Star, dagger and topk against the paper's values, brute force, and their guarantees."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import brentq, minimize

from boost import weights

THREE_STATES = np.repeat([1.8, 1 / 3, 0], [5, 3, 2])  # ten points stand for P_d = (.5, .3, .2)


def by_state(data_weights):
    return np.add.reduceat(data_weights, [0, 5, 8])


@pytest.mark.parametrize(
    ("beta", "expected", "multiplier"), [(0.25, [0, 0.48, 0.52], 0.65), (0.5, [0.1, 0.5, 0.4], 1)]
)
def test_star_weights_of_three_states(beta, expected, multiplier):
    found = weights.star_weights(THREE_STATES, beta)
    np.testing.assert_allclose(by_state(found.data_weights), expected, atol=1e-12)
    assert found.lambda_star == pytest.approx(multiplier, abs=1e-12)


@pytest.mark.parametrize(
    ("beta", "expected", "multiplier"),
    [(0.25, [0, 0.2, 0.8], 10 / 3), (0.5, [0.1, 0.5, 0.4], 1)],
)
def test_dagger_weights_of_three_states(beta, expected, multiplier):
    found = weights.dagger_weights(THREE_STATES, beta)
    np.testing.assert_allclose(by_state(found.data_weights), expected, atol=1e-12)
    assert found.lambda_star == pytest.approx(multiplier, abs=1e-12)


def test_dagger_fills_up_with_points_that_the_mixture_never_produces():
    found = weights.dagger_weights(np.array([2.0, 1.0, 0.0, 0.0]), 0.5)
    np.testing.assert_array_equal(found.data_weights, [0, 0, 0.5, 0.5])


def test_topk_is_uniform_on_the_worst_covered_share():
    found = weights.topk_weights(np.array([4.0, 1.0, 3.0, 2.0]), 0.5)
    np.testing.assert_array_equal(found.data_weights, [0, 0.5, 0, 0.5])


ratios_strategy = st.lists(
    st.one_of(st.floats(0, 10), st.floats(0, 1e-6), st.floats(0, 1e12), st.just(0.0)),
    min_size=1,
    max_size=60,
).map(np.array)
share_strategy = st.floats(0.01, 1.0)
RULES = [weights.star_weights, weights.dagger_weights, weights.topk_weights]


@pytest.mark.parametrize("rule", RULES)
@settings(max_examples=150)
@given(ratios=ratios_strategy, share=share_strategy, data=st.data())
def test_weights_are_a_distribution_that_falls_in_h_and_follows_permutations(
    rule, ratios, share, data
):
    found = rule(ratios, share).data_weights
    assert np.all(found >= 0)
    assert np.all(np.isfinite(found))
    assert found.sum() == pytest.approx(1, abs=1e-9)
    assert np.all(np.diff(found[np.argsort(ratios, kind="stable")]) <= 1e-12)
    order = np.array(data.draw(st.permutations(range(len(ratios)))))
    np.testing.assert_allclose(rule(ratios[order], share).data_weights, found[order], atol=1e-12)


@settings(max_examples=200)
@given(
    ratios=st.lists(st.floats(0, 50), min_size=2, max_size=40).map(np.array), beta=share_strategy
)
def test_star_agrees_with_a_root_finder(ratios, beta):
    """Lambda* is the root of sum (lambda - (1 - beta) h)_+ = N beta; found here by bisection."""
    number = len(ratios)

    def excess(multiplier):
        return np.maximum(multiplier - (1 - beta) * ratios, 0).sum() - number * beta

    root = brentq(excess, 0, (1 - beta) * ratios.max() + number * beta + 1, xtol=1e-14, rtol=1e-14)
    expected = np.maximum(root - (1 - beta) * ratios, 0) / (number * beta)
    found = weights.star_weights(ratios, beta)
    np.testing.assert_allclose(found.data_weights, expected, atol=1e-10)
    assert found.lambda_star == pytest.approx(root, abs=1e-10)


def test_star_minimises_the_divergence_by_brute_force():
    """Theorem 1 against a general optimizer over all Q, for the chi-square divergence."""
    rng = np.random.RandomState(5)
    for _ in range(10):
        number, beta = 6, rng.uniform(0.2, 0.8)
        mixture = rng.dirichlet(np.full(number, 0.5))

        def chi_square(q, mixture=mixture, beta=beta):
            return np.sum(np.square((1 - beta) * mixture + beta * q - 1 / 6) * 6)

        best = minimize(
            chi_square,
            np.full(number, 1 / number),
            bounds=[(0, 1)] * number,
            constraints={"type": "eq", "fun": lambda q: q.sum() - 1},
            options={"ftol": 1e-15, "maxiter": 1000},
        )
        found = weights.star_weights(mixture * number, beta).data_weights
        assert chi_square(found) <= best.fun + 1e-9
        np.testing.assert_allclose(found, best.x, atol=1e-4)


def jensen_shannon(p, q):
    middle = (p + q) / 2

    def kl(a):
        return np.sum(a[a > 0] * np.log(a[a > 0] / middle[a > 0]))

    return 0.5 * (kl(p) + kl(q))


@pytest.mark.parametrize("rule", [weights.star_weights, weights.dagger_weights])
@settings(max_examples=300)
@given(
    mixture=st.lists(st.floats(0, 1), min_size=2, max_size=30).filter(lambda p: sum(p) > 1e-3),
    beta=st.floats(0.05, 0.95),
)
def test_an_ideal_step_shrinks_the_divergence_as_the_paper_promises(rule, mixture, beta):
    """JS(new, P_d) <= (1 - beta) JS(P_g, P_d), for true ratios on N equally likely points."""
    mixture = np.array(mixture) / np.sum(mixture)
    data = np.full(len(mixture), 1 / len(mixture))
    component = rule(mixture / data, beta).data_weights
    new = (1 - beta) * mixture + beta * component
    assert jensen_shannon(new, data) <= (1 - beta) * jensen_shannon(mixture, data) + 1e-12


def test_weights_stay_exact_beside_huge_equal_ratios():
    found = weights.star_weights(np.array([1e250, 1e250, 1e250]), 0.1)
    np.testing.assert_allclose(found.data_weights, 1 / 3)


@pytest.mark.parametrize("rule", RULES)
@pytest.mark.parametrize(
    ("ratios", "share", "message"),
    [
        ([1.0, np.nan], 0.5, r"ratios\[1\] = nan"),
        ([1.0, np.inf], 0.5, r"ratios\[1\] = inf"),
        ([-1.0, 1.0], 0.5, r"ratios\[0\] = -1"),
        ([], 0.5, "N >= 1"),
        ([1.0], 0.0, r"\(0, 1\], got 0"),
        ([1.0], 1.5, r"\(0, 1\], got 1.5"),
    ],
)
def test_bad_arguments_are_named(rule, ratios, share, message):
    with pytest.raises(ValueError, match=message):
        rule(np.array(ratios), share)
