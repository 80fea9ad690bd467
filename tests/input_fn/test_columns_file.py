"""Columns are written and read, and described for people."""

import numpy as np
import pytest

from input_fn import columns_file
from input_fn.columns import Columns
from tests.input_fn.made_columns import KINDS, NAMES, mixed, of, with_gaps


@pytest.mark.parametrize("rows", [mixed(), with_gaps()])
def test_written_and_read_they_are_the_same(rows):
    names = (*NAMES, "never")[: rows.shape[1]]
    made = of(rows, names, KINDS, column_transform="quantile").columns
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


def test_gaps_are_described_for_people():
    described = columns_file.describe(of(with_gaps(), (*NAMES, "never"), KINDS).columns)
    assert [each["name"] for each in described] == [*NAMES, "never"]
    assert [each.get("missing", False) for each in described] == 6 * [True] + [False, True]
    assert described[2] == {"name": "constant", "constant": 1e-7, "missing": True}
    assert described[7] == {"name": "never", "constant": None, "missing": True}
