"""Regions of the data, and whose fault it is that the mixture lacks one."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evaluation import regions
from evaluation.regions import MORE_STEPS, NOT_MADE, OVERLOOKED, ByRegion, Regions

pytestmark = pytest.mark.filterwarnings("error::RuntimeWarning", "error::UserWarning")


def nearest_by_hand(points, centres):
    return [min(range(len(centres)), key=lambda k: sum((x - centres[k]) ** 2)) for x in points]


def shares_by_hand(nearest, weights, number):
    return [
        sum(w for n, w in zip(nearest, weights) if n == k) / sum(weights) for k in range(number)
    ]


@settings(deadline=None, max_examples=50)
@given(st.integers(0, 10**6), st.integers(1, 6), st.integers(1, 4), st.integers(1, 40))
def test_shares_are_those_counted_by_hand(seed, number, columns, size):
    rng = np.random.RandomState(seed)
    found = Regions(rng.randn(number, columns), np.zeros(columns), None)
    points, weights = rng.randn(size, columns), rng.rand(size) + 0.1
    nearest = nearest_by_hand(points, found.centres)
    assert list(found.nearest(points)) == nearest
    np.testing.assert_allclose(
        found.shares(points, weights), shares_by_hand(nearest, weights, number)
    )
    np.testing.assert_allclose(found.shares(points), shares_by_hand(nearest, np.ones(size), number))
    means = regions.means(found, points)
    for region in range(number):
        inside = [x for x, n in zip(points, nearest) if n == region]
        expected = np.mean(inside, axis=0) if inside else np.full(columns, np.nan)
        np.testing.assert_allclose(means[region], expected, rtol=1e-9, atol=1e-12)


def clusters(sizes, columns, spread=0.1):
    rng = np.random.RandomState(len(sizes))
    centres = 10 * rng.randn(len(sizes), columns)
    points = np.repeat(centres, sizes, axis=0)
    return rng.permutation(points + spread * rng.randn(*points.shape)), centres


@pytest.mark.parametrize("columns", [1, 2, 5, 60, 300])
def test_far_clusters_are_the_regions_by_size(columns):
    """Also a rare one, and in principal components where columns are many."""
    sizes = [500, 300, 160, 30, 10]
    points, centres = clusters(sizes, columns)
    found = regions.find(points)
    assert len(found.centres) == regions.MOST
    counts = found.shares(points) * 1000
    assert list(counts) == sorted(counts, reverse=True)
    assert (found.axes is None) == (columns <= regions.COLUMNS)
    # No region holds points of two clusters.
    of_each = np.array([found.shares(points[nearest_to(points, centres) == k]) for k in range(5)])
    assert ((of_each > 0).sum(axis=0) == 1).all()


def nearest_to(points, centres):
    return Regions(centres, np.zeros(points.shape[1]), None).nearest(points)


def test_the_same_points_have_the_same_regions():
    points, _ = clusters([50] * 6, 3)
    one, other = regions.find(points), regions.find(points)
    np.testing.assert_array_equal(one.centres, other.centres)


@pytest.mark.parametrize(("points", "expected"), [(1, 1), (29, 1), (60, 2), (299, 9), (1000, 10)])
def test_few_points_have_few_regions(points, expected):
    assert len(regions.find(np.random.RandomState(0).randn(points, 2)).centres) == expected


@settings(deadline=None, max_examples=25)
@given(st.integers(1, 200), st.integers(1, 3), st.integers(1, 70))
def test_points_that_are_equal_share_a_region_and_none_is_empty(number, different, columns):
    values = np.random.RandomState(number).randn(different, columns)
    points = values[np.arange(number) % different]
    found = regions.find(points)
    assert 1 <= len(found.centres) <= different
    shares = found.shares(points)
    assert shares.min() > 0
    assert shares.sum() == pytest.approx(1)


def test_known_modes_are_regions_by_size_and_stay_without_data():
    means = np.array([[0.0, 0], [10, 0], [20, 0]])
    points = np.array([[20.0, 1]] * 3 + [[1.0, 0]])
    found = regions.of_modes(points, means)
    np.testing.assert_array_equal(found.centres, means[[2, 0, 1]])
    np.testing.assert_allclose(found.shares(points), [0.75, 0.25, 0])


def test_components_are_compared_in_each_region():
    found = Regions(np.array([[0.0], [10.0]]), np.zeros(1), None)
    points = np.array([[0.0], [1], [2], [9]])
    weights = [np.ones(4), np.array([0.0, 1, 1, 2]), np.zeros(4)]
    samples = [np.array([[1.0]] * 5), np.array([[8.0], [3]]), np.zeros((0, 1))]
    known = regions.compare(found, points, weights, samples, np.array([[0.0], [0], [9], [9]]))
    np.testing.assert_allclose(known.sizes, [0.75, 0.25])
    np.testing.assert_allclose(known.asked, [[0.75, 0.25], [0.5, 0.5], [np.nan] * 2])
    np.testing.assert_allclose(known.made, [[1, 0], [0.5, 0.5], [np.nan] * 2])
    np.testing.assert_array_equal(known.counts, [5, 2, 0])
    np.testing.assert_allclose(known.ratio, [2 / 3, 2])
    assert known.mixture_count == 4
    assert not known.not_made().any()
    assert known.lacked() == ["", ""]


def told(sizes, asked, made, mixture, count=1000):
    """Shares of the regions but the first, which has the rest."""
    whole = [
        np.insert(np.atleast_2d(x), 0, 1 - np.sum(np.atleast_2d(x), axis=1), axis=1)
        for x in (sizes, asked, made, mixture)
    ]
    counts = np.full(len(asked), count)
    return ByRegion(whole[0][0], whole[1], whole[2], counts, whole[3][0], count * len(asked))


@pytest.mark.parametrize(
    ("asked", "made", "count", "expected"),
    [
        (0.10, 0.0099, 1000, True),
        (0.10, 0.0101, 1000, False),
        (0.099, 0.0, 1000, False),  # not large
        (0.10, 0.0, 49, False),  # by chance
        (0.10, 0.0, 51, True),
    ],
)
def test_asked_for_and_not_made(asked, made, count, expected):
    found = told([0.05], [[0.05], [asked]], [[0.05], [made]], [0.05], count)
    np.testing.assert_array_equal(found.not_made(), [[False, False], [False, expected]])


@pytest.mark.parametrize(
    ("asked", "made", "mixture", "expected"),
    [
        ([0.05, 0.05, 0.05], [0.0, 0.0, 0.0], 0.0, OVERLOOKED),
        ([0.05, 0.01, 0.00], [0.0, 0.0, 0.0], 0.0, OVERLOOKED),
        ([0.05, 0.07, 0.09], [0.0, 0.0, 0.0], 0.0, MORE_STEPS),
        ([0.05, 0.07, 0.12], [0.0, 0.0, 0.0], 0.0, NOT_MADE),
        ([0.05, 0.12, 0.05], [0.0, 0.01, 0.0], 0.009, NOT_MADE),
        ([0.05, 0.12, 0.05], [0.0, 0.03, 0.0], 0.011, ""),
        ([0.05, 0.05, 0.05], [0.05, 0.05, 0.05], 0.05, ""),
    ],
)
def test_whose_fault_it_is_that_the_mixture_lacks_a_region(asked, made, mixture, expected):
    """Another region is always raised, so that the data are reweighted."""
    others = [0.05, 0.2, 0.2]
    found = told(
        [0.05, 0.05],
        np.transpose([asked, others]),
        np.transpose([made, [0.05] * 3]),
        [mixture, 0.05],
    )
    assert found.lacked() == ["", expected, ""]


@pytest.mark.parametrize(("size", "expected"), [(0.2, NOT_MADE), (0.05, "")])
def test_components_without_reweighting_have_no_discriminator_to_blame(size, expected):
    assert told([size], [[size]] * 3, [[0.0]] * 3, [0.0]).lacked() == ["", expected]
    assert told([size], [[size]], [[0.0]], [0.0]).lacked() == ["", expected]


def test_a_region_of_hardly_any_expected_sample_is_nobodys_fault():
    asked = [[0.05, 0.001], [0.3, 0.001]]
    assert told([0.05, 0.001], asked, [[0.05, 0]] * 2, [0.05, 0]).lacked() == ["", "", ""]
    assert told([0.05, 0.001], asked, [[0.05, 0]] * 2, [0.05, 0], 5000).lacked()[2] == OVERLOOKED


def test_a_region_is_told_by_the_columns_furthest_from_the_datas_mean():
    rng = np.random.RandomState(0)
    points = rng.randn(1000, 4) * [1, 100, 1, 0]
    means = points.mean(axis=0) + [[0.1, 300, -4, 0], [5, 0, 0.1, 0]]
    assert regions.telling(means, points, 2).tolist() == [[2, 1], [0, 2]]
    nowhere = np.full((1, 4), np.nan)
    assert regions.telling(nowhere, points, 2).tolist() == [[0, 1]]
    assert regions.telling(means[:, :1], points[:, :1], 2).tolist() == [[0], [0]]
