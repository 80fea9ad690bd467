"""What the figures say of samples and data of all kinds, those without a meaning among them."""

import numpy as np
import pytest

from evaluation import marginals, two_sample
from evaluation.two_sample import TwoSampleJudge, Worst
from tests.evaluation.judging import binary, judged, normals, theirs

pytestmark = pytest.mark.filterwarnings("error")

SHARES = ("two_sample_auc", "precision", "recall", "nn_coverage")


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
    assert (worst.first, worst.second) == (0, 1)
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
    assert len(worst.apart) == columns
    assert worst.column == np.argmax(worst.apart)
    assert told.worst_column_ks == max(worst.apart)
    assert np.isnan(told.worst_correlation) == (not 1 < columns <= marginals.PAIRED)
    assert told.copying > 0


@pytest.mark.parametrize("columns", [1, 3, 60])
def test_data_that_are_constant(columns):
    same = np.ones((20, columns))
    told, worst = judged(same, same[:8], same[:8])
    np.testing.assert_equal(told, (0.5, 1, 1, 1, 1, 0, np.nan, np.nan))
    assert worst == Worst(0, -1, -1, (0,) * columns)
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


@pytest.mark.parametrize("unit", [1e-12, 1.0, 1e9])
def test_images_are_judged_in_any_unit(unit):
    training, held_out, samples = (
        unit * rows for rows in normals(5, (90, 100), (60, 100), (60, 100))
    )
    told, _ = TwoSampleJudge(training, held_out, False).score(samples + 2 * unit)
    assert told.two_sample_auc > 0.9
    assert told.precision < 0.2
