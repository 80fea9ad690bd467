"""What makes a mixture of single GANs: each rule by hand, or against a brute-force choice."""

from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from boost import meta_algorithms, weights
from boost.meta_algorithms import BestOf, Boosted, MetaAlgorithm, TopkLast
from boost.mixture import Mixture, Pool
from boost.settings import BoostSettings


def pool(value=0.0):
    return Pool(np.full((4, 2), -1.0), np.full((4, 2), value))


class Scorer:
    """Takes a pool's number for its coverage."""

    def score(self, drawn):
        return SimpleNamespace(metrics=SimpleNamespace(coverage=float(drawn[0, 0])))


@given(st.lists(st.floats(0, 1), min_size=1, max_size=12))
def test_best_of_ends_with_all_weight_on_the_first_best_component(coverages):
    algorithm, mixture = BestOf(Scorer()), None
    for step, coverage in enumerate(coverages, 1):
        beta = algorithm.beta(step, mixture, pool(coverage))
        before = mixture or Mixture([], [])
        new = [(1 - beta) * weight for weight in before.weights]
        mixture = before.with_component(pool(coverage), [*new, beta])
    expected = [float(number == int(np.argmax(coverages))) for number in range(len(coverages))]
    assert mixture.weights == expected


def test_topk_last_tells_the_data_from_the_last_component_alone():
    before = Mixture([pool(1), pool(2), pool(3)], [0.2, 0.3, 0.5])
    reference = TopkLast(0.25).reference(before)
    assert reference.weights == [0, 0, 1]
    drawn = reference.for_evaluation(4, np.random.default_rng(0))
    np.testing.assert_array_equal(drawn, before.pools[2].for_evaluation)
    assert before.weights == [0.2, 0.3, 0.5]


def test_topk_last_keeps_the_share_of_the_smallest_ratios():
    ratios = np.array([3.0, 0.1, 2.0, 0.2, 5.0, 4.0, 6.0, 7.0])
    found = TopkLast(0.25).reweight(2, ratios).data_weights
    np.testing.assert_allclose(found, [0, 0.5, 0, 0.5, 0, 0, 0, 0])


def test_the_others_take_the_mixture_as_it_is():
    before = Mixture([pool(1), pool(2)], [0.5, 0.5])
    for algorithm in (MetaAlgorithm(), Boosted(BoostSettings()), BestOf(Scorer())):
        assert algorithm.reference(before) is before


@pytest.mark.parametrize(
    ("heur", "expected"), [("uniform", [1, 1 / 2, 1 / 3, 1 / 4]), ("constant", [1, 0.3, 0.3, 0.3])]
)
def test_boosted_betas_follow_their_rule_and_are_those_of_the_weights(heur, expected):
    algorithm = Boosted(BoostSettings(beta_heur=heur, beta_constant=0.3))
    found = [algorithm.beta(step, None, pool()) for step in range(1, 5)]
    assert found == pytest.approx(expected)
    ratios = np.array([1.8] * 5 + [1 / 3] * 3 + [0.0] * 2)
    for step in (2, 3, 4):
        used = algorithm.reweight(step, ratios)
        # The one lambda* of Theorem 1, whatever k it comes to.
        beta = expected[step - 1]
        excess = np.maximum(used.lambda_star - (1 - beta) * ratios, 0)
        assert excess.mean() == pytest.approx(beta)
        np.testing.assert_allclose(used.data_weights, excess / excess.sum(), atol=1e-12)


def test_the_papers_example_of_boosted_weights():
    boosted = Boosted(BoostSettings(beta_heur="constant", beta_constant=0.25))
    ratios = np.repeat([1.8, 1 / 3, 0], [5, 3, 2])  # the worked example of Theorem 1
    by_state = np.add.reduceat(boosted.reweight(2, ratios).data_weights, [0, 5, 8])
    np.testing.assert_allclose(by_state, [0, 0.48, 0.52], atol=1e-12)


@pytest.mark.parametrize("rule", ["theory_star", "theory_dagger", "topk"])
def test_boosted_weights_follow_their_rule(rule):
    ratios = np.random.RandomState(0).exponential(size=50)
    functions = {
        "theory_star": lambda: weights.star_weights(ratios, 0.5),
        "theory_dagger": lambda: weights.dagger_weights(ratios, 0.5),
        "topk": lambda: weights.topk_weights(ratios, 0.1),
    }
    given_settings = BoostSettings(weights_heur=rule, topk_constant=0.1)
    found = Boosted(given_settings).reweight(2, ratios)
    np.testing.assert_array_equal(found.data_weights, functions[rule]().data_weights)


def test_independent_components_weigh_the_same_on_data_as_they_are():
    algorithm = MetaAlgorithm()
    assert not algorithm.reweights
    assert [algorithm.beta(step, None, pool()) for step in (1, 2, 4)] == [1, 0.5, 0.25]
    found = algorithm.reweight(2, np.array([5.0, 1.0, 0.0, 0.0])).data_weights
    np.testing.assert_array_equal(found, np.full(4, 0.25))


@pytest.mark.parametrize(
    ("changed", "kind"),
    [
        ({}, Boosted),
        ({"is_bagging": True}, MetaAlgorithm),
        ({"meta_algorithm": "ensemble", "is_bagging": True}, MetaAlgorithm),
        ({"meta_algorithm": "vanilla"}, MetaAlgorithm),
        ({"meta_algorithm": "topk_last"}, TopkLast),
        ({"meta_algorithm": "best_of"}, BestOf),
    ],
)
def test_settings_name_the_algorithm(changed, kind):
    assert type(meta_algorithms.make(BoostSettings(**changed), Scorer())) is kind
