"""Sentinels are remarked upon, long tails are not."""

import numpy as np
import pytest

from input_fn import outliers
from input_fn.files import Loaded


def remarks(rows, names=("visits", "age")):
    loaded = Loaded(rows, "", None, names, {}, ())
    some = rows[np.random.RandomState(0).permutation(len(rows))[:500]]
    return list(outliers.remarks(lambda: np.array_split(rows, 3), some, loaded))


def plain(number=3000):
    rng = np.random.RandomState(0)
    return np.stack([rng.uniform(2, 6, number), rng.normal(40, 10, number)], axis=1)


def test_a_sentinel_is_named_with_row_column_and_what_helps():
    rows = plain()
    rows[16, 0] = rows[900, 0] = -999999
    (line,) = remarks(rows)
    assert line.startswith("row 17, column 'visits': -999999 lies ")
    assert "as 2 rows do" in line
    assert line.endswith("--na_values=-999999")
    deviations = float(line.split(" lies ")[1].split(" ")[0].replace(",", ""))
    assert deviations == pytest.approx(1e6 / 1.36, rel=0.05)


@pytest.mark.parametrize(
    "draw",
    [
        lambda rng, n: rng.standard_normal(n),
        lambda rng, n: np.exp(1.2 * rng.standard_normal(n)),
        lambda rng, n: rng.poisson(0.3, n).astype(float),
        lambda rng, n: rng.choice([0.0, 1.0], n, p=[0.99, 0.01]),
        lambda rng, n: rng.choice([0.0, 1e6], n),
        lambda rng, n: rng.exponential(size=n),
    ],
)
def test_columns_that_are_only_wide_are_let_be(draw):
    rows = plain()
    rows[:, 1] = draw(np.random.RandomState(3), len(rows))
    assert remarks(rows) == []


def test_arrays_have_coordinates_and_no_flag_for_missing_values():
    rows = plain()
    rows[3, 1] = 1e9
    (line,) = remarks(rows, ())
    assert line.startswith("row 4, coordinate 2: 1000000000 lies")
    assert line.endswith("leave it out")
