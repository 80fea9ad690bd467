"""Settings of boosting: what goes together, and what each makes of the algorithm."""

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from base.errors import UsageError
from boost import meta_algorithms, settings
from boost.settings import BoostSettings

NAMES = ("boosted", "vanilla", "best_of", "ensemble", "topk_last")


@given(st.integers(1, 10**9))
def test_pools_are_as_large_as_the_data_within_reason(points):
    assert settings.pool_size(points) == sorted([10_000, points, 64_000])[1]


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        ({"meta_algorithm": "vanilla"}, "vanilla: is one GAN, needs --steps=1, got 10"),
        ({"meta_algorithm": "best_of", "is_bagging": True}, "--is_bagging: stands for"),
        ({"meta_algorithm": "vanilla", "steps": 1, "is_bagging": True}, "--is_bagging: stands for"),
    ],
)
def test_what_does_not_go_together_is_refused(changed, told):
    with pytest.raises(UsageError, match=told):
        BoostSettings(**changed).check_combination()


@pytest.mark.parametrize(
    "changed",
    [
        {},
        {"is_bagging": True},
        {"meta_algorithm": "ensemble", "is_bagging": True},
        {"meta_algorithm": "vanilla", "steps": 1},
        {"meta_algorithm": "topk_last"},
    ],
)
def test_the_rest_is_accepted(changed):
    BoostSettings(**changed).check_combination()


@pytest.mark.parametrize(("name", "bagging"), itertools.product(NAMES, [False, True]))
def test_settings_and_algorithm_agree_on_whether_data_are_reweighted(name, bagging):
    """The memory that a run takes is foretold by the first, what it does by the second."""
    if bagging and name not in ("boosted", "ensemble"):
        return  # refused, as above
    given_settings = BoostSettings(meta_algorithm=name, is_bagging=bagging)
    made = meta_algorithms.make(given_settings, None)
    expected = name in ("boosted", "topk_last") and not bagging
    assert made.reweights == given_settings.reweights == expected
