"""What pictures show, and how it is kept."""

import gc

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import multivariate_normal

from report import views
from report.views import DataView
from tests.report.steps import picture_of


def test_a_picture_is_read_as_it_was_saved(tmp_path):
    for number, shape in enumerate([(1,), (2,), (5,), (3, 4), (4, 4, 3)], 1):
        path, picture = str(tmp_path / f"{number}.npz"), picture_of(number, shape)
        picture.save(path)
        found = views.StepView.load(path)
        assert (found.step, found.view.shape) == (number, shape)
        assert found.density.bandwidth == 0.3
        for one, other in (
            *zip(found.view[1:], picture.view[1:]),
            *zip(found.unseen, picture.unseen),
            *zip(found.samples, picture.samples),
            (found.relative_weights, picture.relative_weights),
            (found.probe_logits, picture.probe_logits),
            (found.density.samples, picture.density.samples),
            (found.apart, picture.apart),
        ):
            np.testing.assert_array_equal(one, other)
        assert len(found.samples) == number


def test_a_tables_names_and_units_are_read_as_they_were_saved(tmp_path):
    names, shift, scale = ("größe", "town=Köln, Rhein", ""), np.arange(3.0), np.array([1.0, 2, 4])
    path = str(tmp_path / "a.npz")
    picture_of(1, (3,), False, (names, shift, scale)).save(path)
    loaded = views.StepView.load(path)
    found = loaded.view
    assert found.names == names
    assert (loaded.apart > 0).all()
    marks, values = found.rulers[:, 0], found.rulers[:, 1]
    np.testing.assert_allclose(values, marks * scale[:, None] + shift[:, None])


def test_other_points_have_no_names_and_units_of_their_own(tmp_path):
    path = str(tmp_path / "a.npz")
    picture_of(1, (2, 2)).save(path)
    found = views.StepView.load(path).view
    assert found.names == ()
    assert found.rulers.size == 0


def test_a_column_of_long_tails_has_a_ruler_that_is_bent():
    users, before = np.array([0.0, 1.0, 100.0]), np.array([-3.0, 0.0, 3.0])
    points = np.random.RandomState(0).randn(500, 1)
    units = (("a",), np.zeros(1), np.ones(1), {0: (users, before)})
    marks, values = DataView.of((1,), points, (), units).rulers[0]
    np.testing.assert_allclose(values, np.interp(marks, before, users))


def view_of_few(values, scores):
    """A column of few values, and points of each of them that lie where it is among networks."""
    points = np.repeat(scores, 100)[:, None]
    units = (("a",), np.array([0.3]), np.array([1.7]), {0: (values, 1.7 * scores + 0.3)})
    return DataView.of((1,), points, (), units)


def test_values_lie_where_their_points_do_the_largest_and_the_least_too():
    values, scores = np.array([0.0, 1.0, 2.0, 7.0]), np.array([-1.123, -0.4, 0.31, 1.777])
    view = view_of_few(values, scores)
    np.testing.assert_allclose(view.place(0, values), scores, atol=1e-9)
    assert view.low[0] < scores[0] - 0.3  # where the ruler stands still
    assert view.high[0] > scores[-1] + 0.3
    assert [view.value(0, end) for end in (view.low[0], view.high[0])] == [0.0, 7.0]


def test_more_values_than_marks_are_as_near_as_marks_and_the_ends_exact():
    values, scores = np.arange(200.0) ** 2, np.linspace(-2.03, 1.97, 200)
    view = view_of_few(values, scores)
    assert (np.diff(view.rulers[0], axis=1) >= 0).all()
    apart = (view.high[0] - view.low[0]) / (views.MARKS - 1)
    np.testing.assert_allclose(view.place(0, values), scores, atol=apart)
    np.testing.assert_allclose(view.place(0, values[[0, -1]]), scores[[0, -1]], atol=1e-9)


def test_the_true_density_is_scipys():
    rng = np.random.RandomState(0)
    means, sigma, weights = rng.randn(3, 2), 0.7, np.array([0.5, 0.3, 0.2])
    points = rng.randn(40, 2)
    made = DataView.of((2,), points, (means, sigma, weights))
    parts = [multivariate_normal(mean, sigma**2).pdf(points) for mean in means]
    np.testing.assert_allclose(made.true_log_density(points), np.log(weights @ np.array(parts)))


def test_the_frame_leaves_out_few_points_and_has_a_margin():
    points = np.concatenate([np.random.RandomState(0).rand(1000, 2), [[1e6, 0.5]]])
    made = DataView.of((2,), points)
    inside = (points > made.low) & (points < made.high)
    assert inside.all(axis=1).sum() == 1000
    np.testing.assert_allclose(made.low, -0.15, atol=0.02)
    np.testing.assert_allclose(made.high, 1.15, atol=0.02)


@pytest.mark.parametrize("value", [0.0, -5.0, 1e30, 5.0])
def test_constant_points_have_a_frame_around_them(value):
    made = DataView.of((2,), np.full((10, 2), value))
    assert np.all(made.low < value)
    assert np.all(made.high > value)


@pytest.mark.parametrize(
    ("shape", "plane", "image"),
    [
        ((1,), False, False),
        ((2,), True, False),
        ((3,), False, False),
        ((8, 8), False, True),
        ((8, 8, 1), False, True),
        ((8, 8, 3), False, True),
        ((8, 8, 2), False, False),
        ((1, 8), False, False),
        ((2, 1), True, False),
    ],
)
def test_shapes_decide_what_is_drawn(shape, plane, image):
    made = DataView.of(shape, np.random.RandomState(0).randn(5, *shape))
    assert (made.is_plane, made.is_image) == (plane, image)
    assert made.probe().shape == (6400 if plane else 0, *shape)


def test_the_probe_is_the_grid_row_by_row():
    made = DataView.of((2,), np.random.RandomState(0).randn(50, 2))
    x, y = made.grid(80)
    probe = made.probe().reshape(80, 80, 2)
    np.testing.assert_allclose(probe[7, :, 0], x, rtol=1e-6)
    np.testing.assert_allclose(probe[:, 3, 1], y, rtol=1e-6)
    assert (x[0], x[-1]) == (made.low[0], made.high[0])
    assert (y[0], y[-1]) == (made.low[1], made.high[1])


@given(st.integers(1, 10**6), st.integers(1, 10**6))
def test_pictures_keep_so_many_points_that_files_stay_small(number, size):
    shown = views.points_shown(number, (size,))
    assert 1 <= shown <= min(number, 4000)
    assert shown * size <= 10**6 or shown <= 100


def test_a_steps_own_weights_and_samples_are_read_alone(tmp_path):
    path, picture = str(tmp_path / "a.npz"), picture_of(3)
    picture._replace(samples=[*picture.samples[:2], picture.samples[2][:7]]).save(path)
    weights, samples = views.StepView.load_own(path)
    np.testing.assert_array_equal(weights, picture.relative_weights)
    np.testing.assert_array_equal(samples, picture.samples[2][:7])


def test_of_a_full_disk_nothing_is_said_but_the_error(tmp_path, capfd):
    (tmp_path / "a.npz").symlink_to("/dev/full")
    with pytest.raises(OSError, match="No space left"):
        picture_of(3).save(str(tmp_path / "a.npz"))
    gc.collect()
    assert capfd.readouterr().err == ""


def test_a_value_in_the_users_units_goes_on_beyond_the_frame():
    points = np.random.RandomState(0).randn(500, 2)
    units = (("a", "b"), np.array([100.0, 0.0]), np.array([10.0, 1.0]))
    made = DataView.of((2,), points, (), units)
    for point in (-20.0, made.low[0], 0.0, made.high[0], 20.0):
        assert made.value(0, point) == pytest.approx(10 * point + 100)


def test_a_value_of_a_bent_column_is_the_rulers():
    users, before = np.array([0.0, 1.0, 100.0]), np.array([-3.0, 0.0, 3.0])
    points = np.random.RandomState(0).randn(500, 1)
    made = DataView.of((1,), points, (), (("a",), np.zeros(1), np.ones(1), {0: (users, before)}))
    for marks, values in made.rulers[0].T:
        assert made.value(0, marks) == pytest.approx(values)
    assert made.value(0, 9.0) >= made.rulers[0, 1, -1]


def test_the_frame_of_a_column_is_of_the_numbers_that_are_there():
    rng = np.random.RandomState(0)
    lacking = rng.rand(5000) < 0.98
    points = np.stack([np.where(lacking, 0.0, 5 + rng.randn(5000)), lacking], axis=1)
    units = (("a", "a=missing"), np.zeros(2), np.ones(2), {}, {0: (1, 0.5)})
    made = DataView.of((2,), points, (), units)
    low, high = np.percentile(points[~lacking, 0], [0.5, 99.5])
    assert low - 1.5 < made.low[0] < low
    assert high < made.high[0] < high + 1.5
