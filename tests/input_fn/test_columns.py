"""Rows to points and back, against the rows themselves."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import ks_2samp, kstest

from input_fn import columns_file, own_data, survey
from input_fn.columns import Columns
from input_fn.files import Loaded
from input_fn.settings import DataSettings


def of(rows, names=(), categories=None, **changed):
    """The dataset of some rows, as a file's."""
    loaded = Loaded(rows, "digest", None, names, categories or {}, ())
    moments = rows.mean(axis=0, dtype=float), rows.std(axis=0, dtype=float)
    settings = DataSettings(dataset="file", data_file="x.csv", **changed)
    if rows.ndim == 2:
        return own_data._table(settings, loaded, *moments, rows.astype(float))
    return own_data._images(settings, loaded, *moments)


def mixed(number=600):
    """A column of each kind."""
    rng = np.random.RandomState(0)
    return np.stack(
        [
            rng.normal(40_000, 9_000, number),
            rng.randint(0, 7, number).astype(float),
            np.full(number, 1e-7),
            1.6e9 + rng.randint(0, 10**6, number),
            rng.choice([1.0, 2.5, 10.0], number),
            np.round(rng.rand(number), 2),
            rng.choice(3, number, p=[0.7, 0.28, 0.02]).astype(float),
        ],
        axis=1,
    )


NAMES = ("income", "visits", "constant", "time", "size", "share", "kind")
KINDS = {6: ("a", "b", "c")}


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


def test_written_and_read_they_are_the_same():
    made = of(mixed(), NAMES, KINDS, column_transform="quantile").columns
    read = columns_file.from_bytes(columns_file.to_bytes(made))
    for name in Columns._fields:
        one, other = getattr(made, name), getattr(read, name)
        if name in ("values", "knots", "bounds"):
            assert list(one) == list(other)
            assert one
            one, other = [np.concatenate(list(each.values()), -1) for each in (one, other)]
        np.testing.assert_array_equal(one, other)
    assert columns_file.digest(read) == columns_file.digest(made)
    with pytest.raises(ValueError, match="holds no columns"):
        columns_file.from_bytes(b"something else")


def test_columns_are_described_for_people():
    described = columns_file.describe(of(mixed(), NAMES, KINDS).columns)
    assert [each["name"] for each in described] == list(NAMES)
    assert described[6]["categories"] == ["a", "b", "c"]
    assert described[2] == {"name": "constant", "constant": 1e-7}
    assert described[4]["values"] == [1, 2.5, 10]
    assert described[5]["step"] == 0.01 or len(described[5]["values"]) > 50


@given(
    st.integers(0, 4),
    st.integers(1, 9),
    st.lists(st.integers(-2000, 2000), min_size=30, max_size=60).filter(lambda v: len(set(v)) > 20),
)
def test_whatever_lies_on_a_decimal_grid_comes_out_on_it(digits, factor, numbers):
    values = np.array([float(f"{n * factor}e-{digits}") for n in numbers]).reshape(-1, 1)
    made = of(values)
    np.testing.assert_array_equal(made.columns.decode(made.points), values)


def test_a_survey_in_pieces_is_that_of_the_whole():
    rows = mixed()
    whole = survey.of_table([rows], len(rows), 2.2e-16)
    pieces = survey.of_table(np.array_split(rows, 7), len(rows), 2.2e-16)
    for one, other in zip(whole[:3], pieces[:3]):
        np.testing.assert_array_equal(one, other)
    assert whole.values.keys() == pieces.values.keys()
    assert whole.step[0] == 0
    assert whole.step[3] == 1


def long_tails(number=3000):
    rng = np.random.RandomState(0)
    return np.stack(
        [
            np.exp(1.5 * rng.randn(number)),
            rng.randn(number),
            np.round(rng.exponential(40, number)),
            np.where(rng.rand(number) < 0.3, 0, rng.lognormal(size=number)),
        ],
        axis=1,
    )


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
