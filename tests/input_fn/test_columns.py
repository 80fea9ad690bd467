"""Rows to points and back, against the rows themselves."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.input_fn.made_columns import KINDS, NAMES, mixed, of, with_gaps


def test_what_went_in_comes_out():
    rows = mixed()
    made = of(rows, NAMES, KINDS)
    assert made.points.dtype == np.float32
    assert made.shape == (1 + 1 + 0 + 1 + 1 + 1 + 3,)
    back = made.columns.decode(made.points)
    exact = [1, 2, 3, 4, 5, 6]
    np.testing.assert_array_equal(back[:, exact], rows[:, exact])
    np.testing.assert_allclose(back[:, 0], rows[:, 0], rtol=1e-6)
    numbers = made.points[:, [0, 2, 4]]  # those of few values are steps of a normal distribution
    np.testing.assert_allclose(numbers.mean(axis=0), 0, atol=1e-5)
    np.testing.assert_allclose(numbers.std(axis=0), 1, atol=1e-5)


def test_samples_lie_where_the_data_could():
    rows = mixed()
    made = of(rows, NAMES, KINDS).columns
    wild = 3 * np.random.RandomState(1).randn(2000, *made.point_shape).astype(np.float32)
    back = made.decode(wild)
    for column in (1, 4, 6):
        assert set(back[:, column]) <= set(rows[:, column])
    assert (back[:, 2] == 1e-7).all()
    assert ((back >= rows.min(axis=0)) & (back <= rows.max(axis=0))).all()
    assert (np.round(back[:, 5], 2) == back[:, 5]).all()
    assert (back[:, 3] % 1 == 0).all()
    # Finished once is finished.
    finished = made.finish(wild)
    np.testing.assert_allclose(made.finish(finished), finished, atol=1e-6)


def test_beyond_the_datas_range_only_where_asked():
    rows = np.random.RandomState(0).randn(100, 1)
    far = np.array([[50.0]], np.float32)
    assert of(rows).columns.decode(far) == rows.max()
    assert of(rows, extrapolate=True).columns.decode(far) > 30


def test_times_of_day_are_told_apart():
    rows = 1.6e9 + np.arange(1000.0).reshape(-1, 1)
    assert len(np.unique(of(rows).points)) == 1000
    assert len(np.unique(rows.astype(np.float32))) < 20


def test_a_category_weighs_as_one_column():
    rows = mixed()
    made = of(rows, NAMES, KINDS)
    own = made.points[:, made.columns.coordinates(6)]
    np.testing.assert_allclose(own.var(axis=0).sum(), 1, rtol=0.05)
    assert made.columns.coordinate_names[-3:] == ("kind=a", "kind=b", "kind=c")


@pytest.mark.parametrize("kind", ["u1", "i2", "f4", "f8"])
def test_images_come_out_of_their_own_type_and_in_range(kind):
    rows = np.random.RandomState(0).randint(0, 200, (50, 4, 4)).astype(kind)
    rows[:, 0, 0] = 7
    made = of(rows).columns
    back = made.decode(np.random.RandomState(1).randn(30, 4, 4).astype(np.float32) * 400)
    assert back.dtype == rows.dtype
    assert (back[:, 0, 0] == 7).all()
    assert ((back >= rows.min(axis=0)) & (back <= rows.max(axis=0))).all()
    assert (back == np.rint(back)).all()


@pytest.mark.parametrize(
    ("shape", "channels", "point"),
    [
        ((3, 8, 8), "auto", (8, 8, 3)),
        ((8, 8, 3), "auto", (8, 8, 3)),
        ((4, 8, 8), "last", (4, 8, 8)),
        ((5, 8, 8), "first", (8, 8, 5)),
        ((3, 8, 3), "auto", (3, 8, 3)),
    ],
)
def test_channels_may_come_first(shape, channels, point):
    rows = np.random.RandomState(0).rand(20, *shape)
    made = of(rows, channels=channels)
    assert made.shape == point
    points = made.train_points(np.arange(20))
    if shape != point:
        np.testing.assert_array_equal(points[3, 2, 5], rows[3, :, 2, 5].astype(np.float32))
    np.testing.assert_allclose(made.columns.decode(points), rows, rtol=1e-6)


def test_any_shape_of_rows_is_encoded():
    rows = mixed()
    made = of(rows, NAMES, KINDS).columns
    np.testing.assert_array_equal(
        made.encode(rows[:12].reshape(3, 4, -1)).reshape(12, -1), made.encode(rows[:12])
    )


@given(
    st.integers(0, 4),
    st.integers(1, 9),
    st.lists(st.integers(-2000, 2000), min_size=30, max_size=60).filter(lambda v: len(set(v)) > 20),
)
def test_whatever_lies_on_a_decimal_grid_comes_out_on_it(digits, factor, numbers):
    values = np.array([float(f"{n * factor}e-{digits}") for n in numbers]).reshape(-1, 1)
    made = of(values)
    np.testing.assert_array_equal(made.columns.decode(made.points), values)


def test_a_text_that_all_rows_have_comes_back():
    rows = mixed()
    rows[:, 6] = 0
    made = of(rows, NAMES, {6: ("usd",)})
    back = made.columns.decode(made.points)
    np.testing.assert_array_equal(back[:, 6], rows[:, 6])
    assert "kind" not in "".join(made.columns.coordinate_names)


def test_integers_of_any_span_come_out_as_integers():
    rows = np.random.RandomState(0).randint(0, 5 * 10**9, (400, 1)).astype(float)
    made = of(rows).columns
    assert made.is_whole(0)
    drawn = made.decode(np.random.RandomState(1).randn(50, 1).astype(np.float32))
    assert (drawn % 1 == 0).all()


LACKING = (*NAMES, "never")


@pytest.mark.parametrize("transform", ["auto", "standard", "quantile"])
def test_missing_numbers_come_back_as_missing(transform):
    rows = with_gaps()
    made = of(rows, LACKING, KINDS, column_transform=transform)
    assert np.isfinite(made.points).all()
    names = made.columns.coordinate_names
    assert names[-6:] == tuple(f"{name}=missing" for name in NAMES[:6])
    assert not any("never" in name for name in names)
    users = [LACKING[column] for column in made.columns.users_columns]
    assert users == [name.split("=")[0] for name in names]
    back = made.columns.decode(made.points)
    exact = [1, 2, 3, 4, 5, 6, 7]
    np.testing.assert_array_equal(back[:, exact], rows[:, exact])
    np.testing.assert_allclose(back[:, 0], rows[:, 0], rtol=1e-5)
    np.testing.assert_array_equal(made.columns.finish(made.points), made.points)
    own = made.points[np.isnan(rows[:, 0]), 0]
    assert (own == 0).all()


@pytest.mark.parametrize("transform", ["auto", "standard"])
def test_what_a_gan_is_shown_lacks_the_same_numbers(transform):
    rows = with_gaps(3000)
    made = of(rows, LACKING, KINDS, column_transform=transform)
    shown = made.columns.dequantise(made.points.copy(), np.random.default_rng(0))
    np.testing.assert_array_equal(made.columns.finish(shown), made.points)
    says = slice(-6, None)
    np.testing.assert_array_equal(shown[:, says], made.points[:, says])


@pytest.mark.parametrize("transform", ["auto", "standard", "quantile"])
def test_where_numbers_are_missing_weighs_as_a_category(transform):
    rows = with_gaps()
    points = of(rows, LACKING, KINDS, column_transform=transform).points[:, -6:]
    for says, lacks in zip(points.T, np.isnan(rows[:, :6]).T):
        assert len(np.unique(says)) == 2
        assert says[lacks].min() > says[~lacks].max()
        np.testing.assert_allclose([says.mean(), says.std()], [0, 1], atol=1e-5)


def test_a_column_of_few_numbers_is_standardised_by_those_that_it_has():
    rows = 50 + 3 * np.random.RandomState(0).randn(1000, 2)
    rows[np.arange(1000) % 10 > 0, 0] = np.nan
    made = of(rows)
    there = ~np.isnan(rows[:, 0])
    np.testing.assert_allclose(made.points[there, 0].mean(), 0, atol=1e-5)
    np.testing.assert_allclose(made.points[there, 0].std(), 1, atol=1e-5)


@st.composite
def lacking_tables(draw):
    """Rows of columns of several kinds with gaps anywhere."""
    number, width = draw(st.integers(30, 80)), draw(st.integers(1, 4))
    rng = np.random.RandomState(draw(st.integers(0, 2**32 - 1)))
    kinds = draw(st.lists(st.integers(0, 3), min_size=width, max_size=width))
    few, grid = rng.randint(-3, 4, number), np.round(rng.rand(number), 2)
    made = [rng.randn(number), few, grid, np.ones(number)]
    rows = np.stack([rng.permutation(made[kind]) for kind in kinds], axis=1).astype(float)
    shares = draw(
        st.lists(st.sampled_from([0, 0.02, 0.5, 0.98, 1]), min_size=width, max_size=width)
    )
    rows[rng.rand(number, width) < shares] = np.nan
    return rows


@given(lacking_tables(), st.sampled_from(["auto", "standard", "quantile"]))
def test_any_table_with_gaps_comes_back(rows, transform):
    made = of(rows, column_transform=transform)
    assert np.isfinite(made.points).all()
    np.testing.assert_allclose(made.columns.decode(made.points), rows, rtol=1e-5, atol=1e-5)
    wild = 3 * np.random.RandomState(0).randn(200, *made.shape).astype(np.float32)
    back = made.columns.decode(wild)
    lacks = np.isnan(rows)
    assert not np.isnan(back[:, ~lacks.any(axis=0)]).any()
    assert np.isnan(back[:, lacks.all(axis=0)]).all()
    finished = made.columns.finish(wild)
    assert np.isfinite(finished).all()
    np.testing.assert_allclose(made.columns.finish(finished), finished, atol=1e-5)


def test_numbers_of_more_than_double_precision_go_by_their_quantiles():
    rows = np.exp(1.5 * np.random.RandomState(0).randn(300, 1))
    np.testing.assert_array_equal(of(rows.astype(np.longdouble)).points, of(rows).points)
