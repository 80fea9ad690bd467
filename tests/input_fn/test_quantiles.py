"""Which tails are long, and normal scores against ranks."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from input_fn import quantiles


@pytest.mark.parametrize(
    ("draw", "is_long"),
    [
        (lambda rng: rng.standard_normal(5000), False),
        (lambda rng: rng.random_sample(5000), False),
        (lambda rng: rng.standard_normal(5000) + 9 * rng.randint(3, size=5000), False),
        (lambda rng: rng.lognormal(size=5000), True),
        (lambda rng: rng.standard_cauchy(5000), True),
        (lambda rng: rng.exponential(size=5000), True),
        (lambda rng: np.append(rng.standard_normal(4999), 60.0), True),
        (lambda rng: (rng.random_sample(5000) < 0.01).astype(float), False),  # nearly constant
    ],
)
def test_which_tails_are_long(draw, is_long):
    rows = draw(np.random.RandomState(0)).reshape(-1, 1)
    assert quantiles.long_tailed(rows, rows.min(axis=0), rows.max(axis=0)) == [is_long]


@given(st.lists(st.floats(-1e6, 1e6), min_size=2, max_size=400).filter(lambda v: len(set(v)) > 1))
def test_knots_rise_and_are_normal_scores_of_ranks(numbers):
    column = np.array(numbers)
    values, scores = quantiles.knots(column)
    assert (np.diff(values) > 0).all()
    assert (np.diff(scores) > 0).all()
    assert (values[0], values[-1]) == (column.min(), column.max())
    ranks = stats.rankdata(column)  # ties share the mean of their ranks
    for value, score in zip(values, scores):
        rank = ranks[column == value][0]
        assert score == pytest.approx(stats.norm.ppf((rank - 0.5) / len(column)), abs=1e-9)
