"""All figures together: their sizes, their spread, and the lines that tell them."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from evaluation import kde, metrics
from evaluation.two_sample import TwoSampleJudge, Worst


def test_lines_read_as_published():
    one = metrics.Metrics(-4.2824, 0.9996, 10, 0.984, 0.0112, 0.97)
    assert metrics.published_line(one) == "Evaluating: log_p=-4.282, C=1.000"
    low = metrics.Metrics(-2.87, 0.85, 10, 0.98, 0.01, 0.9)
    high = metrics.Metrics(-2.19, 0.91, 10, 0.99, 0.02, 1.0)
    middle = metrics.Metrics(-2.27, 0.88, 10, 0.984, 0.011, 0.97)
    assert metrics.spread_line(metrics.Spread(middle, low, high)) == (
        "log_p=-2.27 [-2.87, -2.19], C=0.880 [0.85, 0.91], modes=10 [10, 10], "
        "high_quality=0.984 [0.98, 0.99], reverse_kl=0.011 [0.01, 0.02], "
        "width=0.97 [0.90, 1.00]"
    )


def test_small_files_scale_the_sizes_down_in_proportion():
    published = metrics.published_sizes(metrics.EvaluationSettings())
    assert metrics.scaled_sizes(published, 5000) == published
    small = metrics.scaled_sizes(published, 359)
    assert small[:3] == (179, 89, 91)
    assert sum(small[:3]) == 359


@given(st.integers(3, 3000))
def test_scaled_sizes_take_what_is_held_out_and_no_more(held_out):
    found = metrics.scaled_sizes(metrics.Sizes(1000, 500, 500, 2500), held_out)
    assert found.of_data <= max(held_out, 4)
    assert min(found) >= 1
    assert found.fresh == 2500


def test_the_spread_of_draws_is_taken_figure_by_figure():
    draws = [metrics.Metrics(number, -number, 1, 2, 3, np.nan) for number in range(21)]
    found = metrics.spread(draws)
    assert (found.low.log_p, found.median.log_p, found.high.log_p) == (1, 10, 19)
    assert (found.low.coverage, found.high.coverage) == (-19, -1)
    assert np.isnan(found.median.width)


def test_samples_are_divided_in_their_order():
    rng = np.random.RandomState(0)
    samples, validation, fresh = rng.randn(40, 2), rng.randn(20, 2) + 1, rng.randn(30, 2) + 2
    real, truth = rng.randn(10, 2), (np.zeros((1, 2)), 1.0, np.ones(1))
    sizes = metrics.Sizes(40, 20, 10, 30)
    drawn = np.concatenate([samples, validation, fresh])
    found, density, worst = metrics.score(drawn, real, sizes, truth)
    np.testing.assert_array_equal(density.samples, samples)
    assert density.bandwidth == kde.fit(samples, validation).bandwidth
    assert found.high_quality == np.mean(np.linalg.norm(fresh, axis=1) <= 3)
    assert np.isnan(found.two_sample_auc)
    assert tuple(worst) == (-1, -1, -1, ())


def test_what_is_not_known_is_left_out_of_the_lines():
    unknown = metrics.Metrics(-1.0, 0.9, *[np.nan] * 4)
    spread = metrics.Spread(unknown, unknown, unknown)
    assert metrics.median_line(spread) == "log_p=-1.00, C=0.900"
    assert metrics.spread_line(spread) == "log_p=-1.00 [-1.00, -1.00], C=0.900 [0.90, 0.90]"


def test_a_judge_takes_the_first_fresh_samples():
    rng = np.random.RandomState(0)
    judge = TwoSampleJudge(rng.randn(50, 2), rng.randn(20, 2), is_table=True)
    drawn, real = rng.randn(100, 2), rng.randn(10, 2)
    found, _, worst = metrics.score(drawn, real, metrics.Sizes(40, 20, 10, 40), None, judge)
    told, columns = judge.score(drawn[60:80])
    np.testing.assert_array_equal(found[6:], told)
    assert worst == columns
    found, _, worst = metrics.score(drawn[:70], real, metrics.Sizes(40, 20, 10, 10), None, judge)
    assert np.isnan(found[2:]).all()  # there are fewer
    assert worst == Worst(-1, -1, -1)


def test_a_figure_that_only_some_draws_have_is_spread_over_these():
    one, other = (metrics.Metrics(*[0.0] * 6, two_sample_auc=auc) for auc in (0.5, 0.7))
    found = metrics.spread([one, metrics.Metrics(*[0.0] * 6), other])
    assert found.median.two_sample_auc == 0.6
    assert np.isnan(found.high.recall)


def test_what_two_samples_tell_is_a_line():
    own = metrics.Metrics(-1.0, 0.9, *[np.nan] * 4, two_sample_auc=0.6181, precision=0.94)
    assert metrics.own_data_line(own, "") == "two_sample_auc=0.618, precision=0.94"
    told = metrics.own_data_line(own._replace(worst_column_ks=0.25), "price")
    assert told.endswith(", worst column price (ks=0.250)")
