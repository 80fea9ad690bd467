"""Samples against held-out points: prdc, SciPy, closed forms, and data that have no meaning."""

import contextlib
import io
import warnings

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from prdc import compute_prdc
from scipy.stats import ks_2samp, norm

from evaluation import two_sample
from evaluation.two_sample import TwoSampleJudge, Worst

SHARES = ("two_sample_auc", "precision", "recall", "nn_coverage")


@pytest.fixture(autouse=True)
def _without_warnings():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        yield


def judged(training, held_out, samples, is_table=True):
    return TwoSampleJudge(training, held_out, is_table).score(samples)


def normals(seed, *shapes):
    rng = np.random.RandomState(seed)
    return [rng.randn(*shape) for shape in shapes]


def binary(rng, number, columns):
    """Columns of few numbers, standardised, that depend on each other."""
    found = rng.rand(number, columns) < 0.3
    found[:, 1] ^= found[:, 0]
    return (found - 0.3) / np.sqrt(0.21)


def theirs(real, samples):
    with contextlib.redirect_stdout(io.StringIO()):
        return compute_prdc(real, samples, two_sample.NEAREST)


@pytest.mark.parametrize(("number", "columns", "shift"), [(40, 1, 0), (300, 3, 0.7), (500, 30, 0)])
def test_precision_recall_density_and_coverage_are_the_packages(number, columns, shift):
    training, real, samples = normals(0, (50, columns), (number, columns), (number, columns))
    samples += shift
    told, _ = judged(training, real, samples)
    for ours, name in zip(told[1:5], ("precision", "recall", "density", "coverage")):
        assert ours == pytest.approx(theirs(real, samples)[name], abs=1e-9)


@settings(max_examples=50, deadline=None)
@given(st.integers(0, 1000), st.integers(6, 40), st.integers(1, 4))
def test_neighbours_on_grids_without_radius_0_are_the_packages_as_well(seed, number, side):
    rng = np.random.RandomState(seed)
    points = rng.choice(2 * number * side, (2, number), replace=False)  # no two are equal
    real, samples = (np.stack(np.divmod(each, side), axis=1).astype(float) for each in points)
    found = two_sample._neighbours(real, two_sample._radii(real), samples)
    # The package's distances have rounding errors, which decide ties: a grid of whole squares.
    distances = np.square(real[:, None] - samples).sum(axis=-1)
    within = distances < np.round(two_sample._radii(real) ** 2)[:, None]
    assert found[0] == within.any(axis=0).mean()
    assert found[2] == pytest.approx(within.sum() / two_sample.NEAREST / number)
    assert found[3] == within.any(axis=1).mean()


@pytest.mark.parametrize("step", [1e-9, 0.5])
def test_the_worst_column_is_scipys(step):
    real, samples = (np.round(x / step) * step for x in normals(1, (300, 5), (200, 5)))
    samples[:, 3] *= 1.5
    column, distance = two_sample.worst_column(real, samples)
    expected = [ks_2samp(*columns).statistic for columns in zip(real.T, samples.T)]
    assert column == np.argmax(expected)
    assert distance == pytest.approx(max(expected), abs=1e-12)


def test_the_worst_pair_is_numpys():
    real, samples = normals(2, (300, 5), (200, 5))
    samples[:, 4] += samples[:, 1]
    first, second, difference = two_sample.worst_pair(real, samples)
    expected = np.abs(np.corrcoef(real.T) - np.corrcoef(samples.T))
    assert (first, second) == (1, 4)
    assert difference == pytest.approx(expected.max(), abs=1e-12)


def test_pairs_with_a_column_that_is_constant_in_the_data_are_left_out():
    real, samples = normals(3, (300, 3), (300, 3))
    real[:, 1], real[:, 2] = 0.5, real[:, 0]
    samples[:, 1] = samples[:, 2] = 0.5  # the third lost its correlation with the first
    assert two_sample.worst_pair(real, samples) == (0, 2, pytest.approx(1))
    assert two_sample.worst_pair(real, real) == (0, 2, 0)
    assert two_sample.worst_pair(real[:, :2], samples[:, :2])[:2] == (-1, -1)


@pytest.mark.parametrize("delta", [0.0, 0.5, 1.0, 3.0])
def test_the_auc_of_two_normal_distributions(delta):
    real, samples = normals(4, (2500, 3), (2500, 3))
    samples[:, 1] += delta
    best = norm.cdf(delta / np.sqrt(2))
    # Deviation 0.008 or less; trees that learn noise as well fall short of the best by 0.02.
    assert best - 0.045 < two_sample.classifier_auc(real, samples) < best + 0.025


def test_twelve_points_far_apart_are_told():
    real, samples = normals(5, (6, 2), (6, 2))
    assert two_sample.classifier_auc(real, samples + 20) == 1


def test_a_perfect_sampler():
    told, _ = judged(*normals(6, (5000, 2), (1000, 2), (1000, 2)))
    assert told.two_sample_auc == pytest.approx(0.5, abs=0.05)
    # In the plane 5 % of points lie outside all balls; a ball of k points misses m samples of the
    # same density with probability about 2^-k (Naeem et al., Lemma 2).
    assert told.precision == pytest.approx(0.98, abs=0.02)
    assert told.recall == pytest.approx(0.98, abs=0.02)
    assert told.density == pytest.approx(1, abs=0.1)
    assert told.nn_coverage == pytest.approx(1 - 2.0**-two_sample.NEAREST, abs=0.02)
    assert told.worst_column_ks < 1.63 * np.sqrt(2 / 1000) * 1.1  # 1 % by column
    assert told.worst_correlation < 4 * np.sqrt(2 / 1000)
    assert told.copying == pytest.approx(1, abs=0.1)


@pytest.mark.parametrize("columns", [2, 60])
def test_training_points_are_copies(columns):
    training, held_out = normals(7, (400, columns), (200, columns))
    told, _ = judged(training, held_out, training[:200])
    assert told.copying == 0
    near, _ = judged(training, held_out, training[:200] + 0.01 * held_out)
    assert 0 < near.copying < 0.2


def test_collapsed_samples():
    training, held_out = normals(8, (500, 4), (300, 4))
    told, worst = judged(training, held_out, np.zeros((300, 4)))
    assert told.precision == 1
    assert told.recall == 0
    assert told.nn_coverage < 0.1
    assert told.two_sample_auc > 0.95
    assert told.worst_column_ks == pytest.approx(0.5, abs=0.1)
    assert worst.first < worst.second


def test_lost_modes_show_in_recall_and_invented_ones_in_precision():
    rng = np.random.RandomState(9)
    both, one = (rng.randn(400, 2) + 20 * rng.randint(modes, size=(400, 1)) for modes in (2, 1))
    lost, _ = judged(both, both, one)
    assert lost.recall == pytest.approx(0.5, abs=0.06)
    assert lost.precision > 0.95
    invented, _ = judged(one, one, both)
    assert invented.precision == pytest.approx(0.5, abs=0.06)
    assert invented.recall > 0.95


def test_a_perfect_sampler_of_discrete_data():
    rng = np.random.RandomState(10)
    training, held_out, samples = (binary(rng, number, 6) for number in (5000, 1500, 1500))
    told, _ = judged(training, held_out, samples)
    assert theirs(held_out, samples)["precision"] < 0.2  # strict balls of radius 0 are empty
    assert told.two_sample_auc == pytest.approx(0.5, abs=0.04)
    assert min(told.precision, told.recall, told.nn_coverage) > 0.98
    assert told.density == pytest.approx(1, abs=0.1)
    assert np.isnan(told.copying)  # it cannot but repeat rows
    samples[:, 1] = samples[:, 0]
    wrong, worst = judged(training, held_out, samples)
    assert worst[1:] == (0, 1)
    assert wrong.recall == pytest.approx(0.7, abs=0.05)  # of the data, where they are equal
    assert wrong.two_sample_auc > 0.6


def test_samples_that_are_the_held_out_points():
    training, held_out = normals(11, (100, 3), (80, 3))
    told, _ = judged(training, held_out, held_out)
    assert told[1:] == (1, 1, pytest.approx(1), 1, 0, 0, 1)
    assert told.two_sample_auc <= 0.5


@pytest.mark.parametrize("columns", [1, 2, 50, 51, 784, 3000])
@pytest.mark.parametrize("rows", [(1, 3), (12, 3), (40, 30)])
def test_any_size(rows, columns):
    training, held_out, samples = normals(
        12, (rows[0], columns), (rows[1], columns), (rows[1], columns)
    )
    told, worst = judged(training, held_out, samples)
    for name in SHARES:
        assert 0 <= getattr(told, name) <= 1
    assert 0 <= worst.column < columns
    assert np.isnan(told.worst_correlation) == (not 1 < columns <= two_sample.PAIRED)
    assert told.copying > 0


@pytest.mark.parametrize("columns", [1, 3, 60])
def test_data_that_are_constant(columns):
    same = np.ones((20, columns))
    told, worst = judged(same, same[:8], same[:8])
    np.testing.assert_equal(told, (0.5, 1, 1, 1, 1, 0, np.nan, np.nan))
    assert worst == Worst(0, -1, -1)
    other, _ = judged(same, same[:8], np.zeros((8, columns)))
    assert other[1:6] == (0, 0, 0, 0, 1)


def test_images_have_no_columns():
    training, held_out, samples = normals(13, (60, 64), (20, 64), (20, 64))
    told, worst = judged(training, held_out, samples, is_table=False)
    assert worst == Worst(-1, -1, -1)
    assert np.isnan([told.worst_column_ks, told.worst_correlation]).all()
    assert not np.isnan(told.copying)


def test_many_columns_are_judged_by_principal_components():
    rng = np.random.RandomState(14)
    axes = rng.randn(3, 1024)
    training, held_out, samples = (rng.randn(n, 3) for n in (800, 400, 400))
    parts = (training, held_out, samples, 1 + samples)
    *wide, right, shifted = (each @ axes + 1e-3 * rng.randn(len(each), 1024) for each in parts)
    perfect, _ = judged(*wide, right, is_table=False)
    wrong, _ = judged(*wide, shifted, is_table=False)
    few, _ = judged(training, held_out, 1 + samples)
    assert perfect.two_sample_auc == pytest.approx(0.5, abs=0.06)
    assert wrong.two_sample_auc > 0.8
    assert wrong.precision == pytest.approx(few.precision, abs=0.1)


def test_the_order_of_rows_and_the_scale_change_nothing():
    rng = np.random.RandomState(15)
    points = normals(15, (300, 3), (200, 3), (200, 3))
    first = judged(*points)
    assert judged(*points) == first
    mixed, worst = judged(*(rng.permutation(part) for part in points))
    np.testing.assert_allclose(mixed[1:], first[0][1:], rtol=1e-12)
    assert mixed.two_sample_auc == pytest.approx(first[0].two_sample_auc, abs=0.1)  # other folds
    assert worst == first[1]
    larger, _ = judged(*(8 * part for part in points))
    np.testing.assert_allclose(larger, first[0], rtol=1e-9)


def test_the_nearest_training_point_is_found_in_parts(monkeypatch):
    training, held_out = normals(16, (90, 4), (50, 4))
    training[7] = held_out[3]
    expected = np.linalg.norm(held_out[:, None] - training, axis=-1).min(axis=1)
    expected /= training.std()
    monkeypatch.setattr(two_sample, "NUMBERS_AT_A_TIME", 900)
    judge = TwoSampleJudge(training, held_out, True)
    np.testing.assert_allclose(judge.nearest_held_out, expected, rtol=1e-12)
    assert judge.nearest_held_out[3] == 0
    medians = np.median(expected[:10]), np.median(expected[10:])
    copying = judge.copying_of(np.arange(10), np.arange(10, 50))
    assert copying == pytest.approx(medians[0] / medians[1])
    assert np.isnan(judge.copying_of(np.arange(10), np.arange(0)))


def test_sizes_are_checked():
    points = np.zeros((4, 2))
    with pytest.raises(ValueError, match="held_out has 1 rows"):
        TwoSampleJudge(points, points[:1], True)
    judge = TwoSampleJudge(points, points, True)
    assert judge.size == 4
    with pytest.raises(ValueError, match="samples has 3 rows, not 4"):
        judge.score(points[:3])


@pytest.mark.parametrize("unit", [1e-12, 1.0, 1e9])
def test_images_are_judged_in_any_unit(unit):
    training, held_out, samples = (
        unit * rows for rows in normals(5, (90, 100), (60, 100), (60, 100))
    )
    told, _ = TwoSampleJudge(training, held_out, False).score(samples + 2 * unit)
    assert told.two_sample_auc > 0.9
    assert told.precision < 0.2
