"""What each meta-algorithm reweights by, and what its components weigh."""

from unittest import mock

import numpy as np
import pytest

from boost import meta_algorithms
from boost.meta_algorithms import BestOf, Boosted, MetaAlgorithm, TopkLast
from boost.mixture import Mixture, Pool
from boost.settings import BoostSettings


def pool(value):
    points = np.full((4, 1), float(value))
    return Pool(points, points)


@pytest.mark.parametrize(
    ("settings", "kind"),
    [
        ({}, Boosted),
        ({"is_bagging": True}, MetaAlgorithm),
        ({"meta_algorithm": "ensemble"}, MetaAlgorithm),
        ({"meta_algorithm": "vanilla"}, MetaAlgorithm),
        ({"meta_algorithm": "best_of"}, BestOf),
        ({"meta_algorithm": "topk_last"}, TopkLast),
    ],
)
def test_the_settings_name_one(settings, kind):
    given = BoostSettings(**settings)
    made = meta_algorithms.make(given, None)
    assert type(made) is kind
    assert made.reweights == given.reweights


def test_independent_components_weigh_the_same():
    mixture = Mixture([pool(1), pool(2)], [0.5, 0.5])
    assert MetaAlgorithm().beta(3, mixture, pool(3)) == pytest.approx(1 / 3)


def test_boosting_reweights_for_the_weight_that_the_component_will_have():
    boosted = Boosted(BoostSettings(beta_heur="constant", beta_constant=0.25))
    ratios = np.repeat([1.8, 1 / 3, 0], [5, 3, 2])  # the worked example of Theorem 1
    by_state = np.add.reduceat(boosted.reweight(2, ratios).data_weights, [0, 5, 8])
    np.testing.assert_allclose(by_state, [0, 0.48, 0.52], atol=1e-12)
    assert boosted.beta(1, None, pool(0)) == 1.0
    assert boosted.beta(7, Mixture([pool(0)], [1.0]), pool(0)) == 0.25


def test_topk_looks_at_the_last_component_alone():
    topk, mixture = TopkLast(0.5), Mixture([pool(1), pool(2), pool(3)], [0.2, 0.3, 0.5])
    assert topk.reference(mixture).weights == [0.0, 0.0, 1.0]
    assert topk.reference(mixture).pools is mixture.pools
    weights = topk.reweight(4, np.array([4.0, 1.0, 3.0, 2.0])).data_weights
    np.testing.assert_array_equal(weights, [0, 0.5, 0, 0.5])
    assert topk.beta(4, mixture, pool(4)) == 0.25


@pytest.mark.parametrize("coverages", [(3, 1, 2), (1, 3, 2), (1, 2, 3), (2, 2, 2), (1, 3, 3)])
def test_the_best_of_several_ends_with_all_the_weight(coverages):
    scorer = mock.Mock()
    scorer.score = lambda points: (mock.Mock(coverage=points[0, 0]), None)
    best_of, mixture = BestOf(scorer), None
    for step, coverage in enumerate(coverages, 1):
        beta = best_of.beta(step, mixture, pool(coverage))
        before = mixture or Mixture([], [])
        weights = [(1 - beta) * weight for weight in before.weights] + [beta]
        mixture = before.with_component(pool(coverage), weights)
    assert mixture.weights.index(1.0) == int(np.argmax(coverages))  # the first of equals
    assert sum(mixture.weights) == 1.0
