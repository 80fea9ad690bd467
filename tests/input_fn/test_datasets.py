"""Numbers of any size reach the networks as numbers of size one, or are refused."""

import re

import numpy as np
import pytest

from base.errors import UsageError
from input_fn import datasets, sources
from input_fn.settings import DataSettings
from tests.input_fn.loading import save


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
        (
            with_one(np.nan),
            "holds a number that is missing: coordinate 2 is nan; --keep_missing keeps ",
        ),
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
