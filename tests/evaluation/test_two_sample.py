"""The figures of samples against held-out points: prdc, SciPy and closed forms say the same."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import norm

from evaluation import two_sample
from evaluation.two_sample import TwoSampleJudge
from tests.evaluation.judging import judged, normals, theirs

pytestmark = pytest.mark.filterwarnings("error")


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
