import datetime
import sys

import numpy as np
import pandas
import pytest

from input_fn import table_parquet, tables
from input_fn.tables import TableOptions

FRAME = pandas.DataFrame(
    {
        "flag": [True, False, True],
        "count": np.array([1, 2, 3], np.int16),
        "x": [0.5, 1.5, 2.5],
        "kind": ["red", None, "blue"],
        "grade": pandas.Categorical(["b", "a", "b"]),
        "maybe": pandas.array([1, 2, 3], "Int64"),
        5: ["a", "b", "a"],
    }
)


@pytest.fixture
def load(tmp_path, monkeypatch):
    """Loads a frame as if it stood in a file: pyarrow is not among what the project needs."""

    def loaded(frame, **options):
        monkeypatch.setattr(pandas, "read_parquet", lambda _: frame.copy())
        return tables.load(str(tmp_path / "a.parquet"), TableOptions(**options))

    return loaded


def test_each_type_of_a_column(load):
    table = load(FRAME)
    np.testing.assert_array_equal(
        table.values,
        [[1, 1, 0.5, 2, 1, 1, 0], [0, 2, 1.5, 0, 0, 2, 1], [1, 3, 2.5, 1, 1, 3, 0]],
    )
    assert table.names == ("flag", "count", "x", "kind", "grade", "maybe", "5")
    assert table.categories == {3: ("", "blue", "red"), 4: ("a", "b"), 6: ("a", "b")}
    assert table.remarks == ()


def test_columns_are_chosen(load):
    table = load(FRAME, columns=("x", "5", "flag"), drop=("flag",))
    assert (table.names, table.categories) == (("x", "5"), {1: ("a", "b")})
    with pytest.raises(ValueError, match="no column is called 'y'"):
        load(FRAME, columns=("y",))


@pytest.mark.parametrize("missing", [[1, None, 3], pandas.array([1, None, 3], "Int64")])
def test_missing_numbers(load, missing):
    frame = FRAME.assign(x=missing)
    with pytest.raises(ValueError, match="row 2 of the data, column 'x': a number is missing"):
        load(frame)
    table = load(frame, na_values=("NA",))
    np.testing.assert_array_equal(table.values[:, 2], [1, 3])
    assert table.categories[3] == ("blue", "red")


@pytest.mark.parametrize(
    ("column", "message"),
    [
        (pandas.date_range("2020-01-01", periods=3), "datetime64.ns., .*; convert dates"),
        ([datetime.date(2020, 1, 1)] * 3, "holds date, .*; convert dates to numbers, or --drop=x"),
        (pandas.to_timedelta([1, 2, 3]), "timedelta64"),
        ([[1, 2], [3], []], "holds list, no numbers or texts; --drop=x leaves it out"),
        ([b"a", b"b", b"c"], "holds bytes"),
        ([1j, 2j, 3j], "holds complex"),
    ],
)
def test_what_is_no_number_or_text_is_refused(load, column, message):
    with pytest.raises(ValueError, match=f"column 'x' holds .*{message.replace('holds ', '')}"):
        load(FRAME.assign(x=column))
    load(FRAME.assign(x=column), drop=("x",))


def test_a_file_that_is_none_and_a_reader_that_is_missing(tmp_path, monkeypatch):
    path = tmp_path / "a.parquet"
    path.write_bytes(b"PAR1")
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    with pytest.raises(ValueError, match="pip install pyarrow"):
        table_parquet.read(str(path))

    def broken(_):
        raise RuntimeError("two\nlines")

    monkeypatch.setattr(pandas, "read_parquet", broken)
    with pytest.raises(ValueError, match="is no parquet file that can be read: two lines"):
        table_parquet.read(str(path))


def test_files_of_pyarrow(tmp_path):
    pytest.importorskip("pyarrow")
    path = tmp_path / "a.parquet"
    FRAME.rename(columns=str).to_parquet(path)
    assert tables.load(str(path)).values.shape == (3, 7)
    path.write_bytes(b"PAR1" + b"x" * 50)
    with pytest.raises(ValueError, match="is no parquet file that can be read"):
        tables.load(str(path))
