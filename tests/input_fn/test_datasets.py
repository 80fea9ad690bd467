"""The published data, and users' own files, good and bad."""

import re

import numpy as np
import pytest
from scipy.stats import multivariate_normal

from base import machine
from base.errors import UsageError
from input_fn import datasets, fixed, gmm, sources
from input_fn.settings import DataSettings
from tests.input_fn import loading


def test_ten_modes_in_the_plane_are_the_published_ones():
    mixture = gmm.random_gmm(10, 2, 15.0, 821)
    expected = np.random.RandomState(821).uniform(-15, 15, (10, 2))
    np.testing.assert_array_equal(mixture.means, expected)
    assert mixture.sigma**2 == pytest.approx(0.05)


@pytest.mark.parametrize(
    ("modes", "dimension", "factor"),
    [(1, 2, 3), (2, 1, 9), (3, 2, 8), (4, 2, 20), (5, 1, 100), (8, 2, 192)],
)
def test_published_variances(modes, dimension, factor):
    assert gmm.published_variance(modes, dimension, 15.0) == pytest.approx(15 / factor)


def test_log_density_agrees_with_scipy_and_samples_follow_it():
    mixture = gmm.random_gmm(4, 3, 15.0, 1)
    points = mixture.sample(200000, np.random.default_rng(0))
    normals = [multivariate_normal(mean, mixture.sigma**2) for mean in mixture.means]
    some = points[:50].astype(np.float64)
    expected = np.log(np.mean([normal.pdf(some) for normal in normals], axis=0))
    np.testing.assert_allclose(mixture.log_density(some), expected, rtol=1e-9)
    np.testing.assert_allclose(points.mean(axis=0), mixture.means.mean(axis=0), atol=0.1)


def test_points_drawn_some_at_a_time_are_those_drawn_at_once(monkeypatch):
    mixture = gmm.random_gmm(4, 3, 15.0, 1)
    rng = np.random.default_rng(5)
    modes = rng.choice(4, size=1000, p=mixture.mode_weights)
    expected = mixture.means[modes] + mixture.sigma * rng.standard_normal((1000, 3))
    monkeypatch.setattr(gmm, "NUMBERS_AT_A_TIME", 100)
    drawn = mixture.sample(1000, np.random.default_rng(5))
    np.testing.assert_array_equal(drawn, expected.astype(np.float32))


def test_the_circle_counts_each_mode_once():
    circle = gmm.circle_gmm(8, 15.0)
    np.testing.assert_allclose(np.linalg.norm(circle.means, axis=1), 15)
    distances = np.linalg.norm(circle.means[:, None] - circle.means[None], axis=-1)
    assert distances[~np.eye(8, dtype=bool)].min() > 1


def save(path, points):
    path = str(path)
    if path.endswith(".npy"):
        np.save(path, points)
    elif path.endswith(".npz"):
        np.savez(path, points=points)
    else:
        np.savetxt(path, points, delimiter=",", fmt="%.17g")
    return path


@pytest.mark.parametrize("name", ["a.npy", "a.npz", "a.csv"])
def test_files_give_their_points_and_hold_some_out(tmp_path, name):
    points = np.random.RandomState(0).randn(500, 3) * 1e4
    path = save(tmp_path / name, points)
    data = sources.load(DataSettings(dataset="file", data_file=path), 2000, 64)
    assert data.number == 400
    assert data.held_out.shape == (100, 3)
    together = np.concatenate([data.train_points(np.arange(400)), data.held_out])
    rows = np.sort(data.columns.decode(together), axis=0)
    np.testing.assert_allclose(rows, np.sort(points, axis=0), rtol=1e-5, atol=0.01)
    training = data.train_points(slice(None)).astype(np.float64)
    np.testing.assert_allclose(training.mean(axis=0), 0, atol=1e-6)
    np.testing.assert_allclose(training.std(axis=0), 1, rtol=1e-6)
    assert all(map(np.array_equal, datasets.moments(data), (np.zeros(3), np.ones(3))))


def test_npy_is_memory_mapped_and_images_keep_their_shape(tmp_path):
    path = save(tmp_path / "a.npy", np.random.RandomState(0).rand(300, 8, 8).astype(np.float32))
    data = sources.load(DataSettings(dataset="file", data_file=path), 2000, 64)
    assert isinstance(data.points, np.memmap)
    assert data.shape == (8, 8)
    assert data.train_points(np.array([[0, 1], [2, 3]])).shape == (2, 2, 8, 8)


@pytest.mark.parametrize(
    ("offset", "spread", "table", "image"),
    [
        (0, 1, True, True),
        (1e6, 1, True, True),
        (1e6, 1e-3, True, False),
        (1e9, 1, True, False),
        (1e9, 1e-7, False, False),
        (0, 1e-40, False, False),
    ],
)
def test_values_that_are_not_told_apart_are_refused(tmp_path, offset, spread, table, image):
    """Tables are centred in double precision; images and what is not standardised are not."""
    points = offset + spread * np.random.RandomState(0).randn(200, 2)
    points[:, 1] = 2.0**30  # a constant coordinate is no such case
    for rows, standardise, good, precision in [
        (points, "auto", table, 64),
        (points.reshape(200, 2, 1), "auto", image, 32),
        (points, "no", image, 32),
    ]:
        path = save(tmp_path / "a.npy", rows)
        settings = DataSettings(dataset="file", data_file=path, standardise=standardise)
        if good:
            assert sources.load(settings, 20, 10).number == 180
        else:
            with pytest.raises(UsageError, match=f"1 varies by .* float{precision} does not tell"):
                sources.load(settings, 20, 10)


def with_one(value, points=None):
    """Points of which one has another value, in row 18, coordinate 2."""
    points = np.random.RandomState(0).randn(600, 2) if points is None else points.copy()
    points[17, 1] = value
    return points


def loaded(path, points, standardise="auto"):
    settings = DataSettings(
        dataset="file", data_file=save(path / "a.npy", points), standardise=standardise
    )
    return sources.load(settings, 120, 10)


@pytest.mark.parametrize("value", [1e30, -1e25, 1e19, 1e12])
def test_a_number_so_far_out_that_it_hides_all_others_is_refused_by_its_place(tmp_path, value):
    told = f"row 18 of the data is so far out at coordinate 2, {value:.6g}, that float32"
    for points in (with_one(value), with_one(value, np.full((600, 2), 3.0) + with_one(0))):
        with pytest.raises(UsageError, match=re.escape(told)):
            loaded(tmp_path, points)
    two = with_one(value, np.random.RandomState(1).randn(4000, 2))
    two[2345, 1] = value / 2
    with pytest.raises(UsageError, match=re.escape(told)):
        loaded(tmp_path, two)


@pytest.mark.parametrize("value", [1e30, -1e25, 1e19])
def test_a_number_too_large_for_networks_that_see_it_as_it_is_is_refused(tmp_path, value):
    told = f"row 18 .* outside .-1e18, 1e18.*needs --standardise=yes: coordinate 2 is {value:.6g}$"
    with pytest.raises(UsageError, match=told.replace("+", r"\+")):
        loaded(tmp_path, with_one(value), "no")


def seen(data):
    """Training points as the networks see them, in float32."""
    shift, scale = (values.astype(np.float32) for values in datasets.moments(data))
    return (data.train_points(slice(None)) - shift) / scale


RNG = np.random.RandomState(3)
UNUSUAL = {
    "an outlier that hides nothing": with_one(1e5),
    "one that is not the same": with_one(1e30, np.zeros((600, 2)) + [[0, 5]]),
    "heavy tails": RNG.standard_cauchy((600, 2)),
    "shares of which most are tiny": 10.0 ** -RNG.uniform(0, 30, (600, 2)),
    "a rare event": np.where(RNG.rand(3000, 2) < 1e-3, 1.0, 10.0 ** -RNG.uniform(1, 12, (3000, 2))),
    "two narrow modes": RNG.randint(2, size=(600, 2)) + 1e-9 * RNG.randn(600, 2),
    "large": 1e29 * RNG.uniform(-1, 1, (600, 2)),
    "small": 1e-28 * RNG.randn(600, 2),
    "both": RNG.randn(600, 2) * [[1e-28, 1e29]],
    "float16": (2e4 * RNG.uniform(-3, 3, (600, 2))).astype(np.float16),
    "integers beyond 2^53": 2 * RNG.randint(0, 2**63, (600, 2)).astype(np.uint64),
    "zeros of both signs": np.where(RNG.rand(600, 2) < 0.5, -0.0, 1.0),
}


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("case", sorted(UNUSUAL))
def test_unusual_numbers_reach_the_networks_as_numbers_of_size_one(tmp_path, case):
    data = loaded(tmp_path, UNUSUAL[case])
    points = seen(data).astype(np.float64)
    points = data.columns.dequantise(points, np.random.default_rng(0))
    assert np.isfinite(data.held_out).all()
    rtol = 0.1 if data.columns.bent else 1e-3  # quantiles are those of all rows
    np.testing.assert_allclose(points.std(axis=0), 1, rtol=rtol)


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize(
    ("points", "told"),
    [
        (2.0**63 + 2048.0 * np.arange(1200).reshape(600, 2, 1), "float32 does not tell apart"),
        (np.float32(1e-40) * np.arange(1200, dtype=np.float32).reshape(600, 2), "not tell apart"),
        (with_one(np.inf).astype(np.float16), "row 18 .* infinite: coordinate 2 is inf$"),
        (with_one(np.nan), "row 18 .* is missing or infinite: coordinate 2 is nan$"),
        (with_one(-1e31), r"row 18 .* outside \[-1e30, 1e30\]: coordinate 2 is -1e\+31$"),
        (with_one(np.longdouble("1e4000"), np.ones((600, 2), "f16")), "row 18 .* 2 is inf$"),
        (np.float64(2) ** 60 + np.arange(600)[:, None] / 1e3, "all 600 points are the same"),
    ],
)
def test_numbers_that_float32_cannot_keep_are_refused(tmp_path, points, told):
    with pytest.raises(UsageError, match=told):
        loaded(tmp_path, points)


def test_what_the_networks_hardly_see_is_remarked(tmp_path):
    points = RNG.randn(600, 3)
    assert loaded(tmp_path, points).remarks == ()
    assert loaded(tmp_path, points * [1, 2000, 1]).remarks == ()
    (remark,) = loaded(tmp_path, points * 1e-6, "no").remarks
    assert remark.startswith("coordinate ")
    assert remark.endswith("; --standardise=yes gives them that")


def test_too_few_points_are_refused(tmp_path):
    settings = DataSettings(dataset="file", data_file=save(tmp_path / "a.npy", np.eye(5)))
    with pytest.raises(UsageError, match="has 5 points; needs 15"):
        sources.load(settings, 20, 2)


def test_more_points_than_memory_has_room_for_are_refused(tmp_path, monkeypatch):
    settings = DataSettings(dataset="file", data_file=save(tmp_path / "a.npy", np.eye(500)))
    monkeypatch.setattr(machine, "available_memory", lambda: 2499)
    with pytest.raises(UsageError, match="has 500 points; their numbers alone take 0.0 GiB"):
        sources.load(settings, 20, 2)
    monkeypatch.setattr(machine, "available_memory", lambda: 2500)
    assert sources.load(settings, 20, 2).number == 480


def test_bad_arrays_are_told(tmp_path):
    np.save(str(tmp_path / "object.npy"), np.array([{}, 1], dtype=object))
    np.save(str(tmp_path / "complex.npy"), np.ones((3, 2), complex))
    np.savez(str(tmp_path / "two.npz"), a=np.eye(3), b=np.eye(4))
    (tmp_path / "text.npy").write_text("not an array")
    (tmp_path / "text.npz").write_text("not an archive")
    for name, key, message in [
        ("object.npy", "", "object.npy"),
        ("complex.npy", "", "must hold real numbers, holds complex128"),
        ("two.npz", "", "it holds a, b"),
        ("two.npz", "c", "--data_key=c: not in"),
        ("text.npy", "", "is not a .npy file"),
        ("text.npz", "", "text.npz"),
        ("absent.npy", "", "No such file"),
        ("points.json", "", r"must end in .csv, .tsv, .* or .npz"),
        ("object.npy", "k", "only an .npz file has keys"),
    ]:
        with pytest.raises(UsageError, match=message):
            loading.read(tmp_path / name, key)
    assert loading.read(tmp_path / "two.npz", "b").rows.shape == (4, 4)


def test_more_points_a_batch_than_there_are_is_refused(tmp_path):
    path = save(tmp_path / "a.npy", np.random.RandomState(0).rand(70, 2))
    settings = DataSettings(dataset="file", data_file=path)
    with pytest.raises(UsageError, match="--batch_size=64: larger than the data, which have 56"):
        sources.load(settings, 2000, 64)


def test_fixed_input_pads_the_last_batch_and_joins_its_parts():
    one, two = np.arange(5000.0)[:, None], np.arange(3000.0)[:, None]
    joined = fixed.FixedInput("points", (1,), [one, (3000, lambda part: two[part]), one[:0]])
    assert len(joined) == 8000
    batches = list(joined.batches())
    assert [count for _, count in batches] == [4096, 3904]
    assert all(batch.shape == (fixed.BATCH, 1) for batch, _ in batches)
    read = np.concatenate([batch[:count] for batch, count in batches])
    np.testing.assert_array_equal(read, np.concatenate([one, two]))


def test_modes_without_points_and_constant_coordinates_are_remarked(tmp_path):
    few = sources.load(DataSettings(gmm_modes_num=30, toy_dataset_size=40), 10, 4)
    nearest = np.argmin(np.linalg.norm(few.points[:, None] - few.truth.means, axis=2), axis=1)
    (remark,) = few.remarks
    assert remark.startswith(f"{30 - len(np.unique(nearest))} of 30 modes have no training point")
    points = np.random.RandomState(0).randn(100, 3)
    points[:, 1] = 7
    np.save(str(tmp_path / "x.npy"), points)
    settings = DataSettings(dataset="file", data_file=str(tmp_path / "x.npy"))
    (remark,) = sources.load(settings, 10, 4).remarks
    assert remark == "constant, left out of networks and scores, and put into samples: 'x1'"
    assert sources.load(DataSettings(), 10, 64).remarks == ()
