"""Which columns are fitted by quantiles: those become normal, and come back."""

import numpy as np
import pytest
from scipy.stats import ks_2samp, kstest

from tests.input_fn.made_columns import long_tails, of


def test_long_tails_become_normal_and_come_back():
    rows = long_tails()
    made = of(rows)
    assert sorted(made.columns.knots) == [0, 2, 3]
    for column in (0, 2):
        assert kstest(made.points[:, column], "norm").statistic < 0.03
    back = made.columns.decode(made.points)
    np.testing.assert_array_equal(back[:, 2], rows[:, 2])
    np.testing.assert_allclose(back[:, [0, 1, 3]], rows[:, [0, 1, 3]], rtol=1e-3, atol=1e-4)
    drawn = np.random.RandomState(1).randn(3000, 4).astype(np.float32)
    assert ks_2samp(made.columns.decode(drawn)[:, 0], rows[:, 0]).statistic < 0.04
    assert not of(rows, column_transform="standard").columns.knots
    assert len(of(rows, column_transform="quantile").columns.knots) == 4


def test_clusters_have_no_long_tails():
    rng = np.random.RandomState(0)
    rows = rng.uniform(-9, 9, (6, 3))[rng.randint(6, size=4000)] + 0.3 * rng.randn(4000, 3)
    assert not of(rows).columns.knots


def test_columns_of_few_values_are_normal_to_networks_and_come_out_as_often_as_they_came():
    rng = np.random.RandomState(0)
    rows = np.stack(
        [
            rng.choice([50.0, 51.0, 51.5, 60.0], 4000, p=[0.5, 0.3, 0.01, 0.19]),
            rng.poisson(3, 4000),
            rng.randn(4000),
        ],
        axis=1,
    )
    made = of(rows)
    assert sorted(made.columns.bounds) == [0, 1]
    spread = made.columns.dequantise(made.points.copy(), np.random.default_rng(0))
    for column in (0, 1):
        assert kstest(spread[:, column], "norm").statistic < 0.03
    np.testing.assert_array_equal(spread[:, 2], made.points[:, 2])
    np.testing.assert_array_equal(made.columns.decode(spread)[:, :2], rows[:, :2])
    drawn = made.columns.decode(rng.randn(20000, 3).astype(np.float32))
    for value in (50, 51, 51.5, 60):
        share = np.mean(rows[:, 0] == value)
        assert np.mean(drawn[:, 0] == value) == pytest.approx(share, abs=0.01)
    assert not of(rows, column_transform="standard").columns.bounds
