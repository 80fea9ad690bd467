"""Columns and pairs of columns that differ most: SciPy and numpy say the same."""

import numpy as np
import pytest
from scipy.stats import ks_2samp

from evaluation import marginals
from tests.evaluation.judging import normals

pytestmark = pytest.mark.filterwarnings("error")


@pytest.mark.parametrize("step", [1e-9, 0.5])
def test_the_distance_of_each_column_is_scipys(step):
    real, samples = (np.round(x / step) * step for x in normals(1, (300, 5), (200, 5)))
    samples[:, 3] *= 1.5
    expected = [ks_2samp(*columns).statistic for columns in zip(real.T, samples.T)]
    assert marginals.distances(real, samples) == pytest.approx(expected, abs=1e-12)


def test_the_worst_pair_is_numpys():
    real, samples = normals(2, (300, 5), (200, 5))
    samples[:, 4] += samples[:, 1]
    first, second, difference = marginals.worst_pair(real, samples)
    expected = np.abs(np.corrcoef(real.T) - np.corrcoef(samples.T))
    assert (first, second) == (1, 4)
    assert difference == pytest.approx(expected.max(), abs=1e-12)


def test_pairs_with_a_column_that_is_constant_in_the_data_are_left_out():
    real, samples = normals(3, (300, 3), (300, 3))
    real[:, 1], real[:, 2] = 0.5, real[:, 0]
    samples[:, 1] = samples[:, 2] = 0.5  # the third lost its correlation with the first
    assert marginals.worst_pair(real, samples) == (0, 2, pytest.approx(1))
    assert marginals.worst_pair(real, real) == (0, 2, 0)
    assert marginals.worst_pair(real[:, :2], samples[:, :2])[:2] == (-1, -1)


def test_columns_of_one_source_are_no_pair():
    real, samples = normals(4, (300, 4), (300, 4))
    samples[:, 1] = samples[:, 0]  # the furthest off, but of one source
    samples[:, 3] += samples[:, 1]
    source = np.array([5, 5, 7, 2])
    assert marginals.worst_pair(real, samples)[:2] == (0, 1)
    first, second, _ = marginals.worst_pair(real, samples, source)
    assert first < 2 < second
    assert marginals.worst_pair(real, real, source) == (0, 2, 0)
    assert marginals.worst_pair(real[:, :2], samples[:, :2], source[:2])[:2] == (-1, -1)
