"""Tables of all sorts are loaded right: their lines, texts, headers, formats and chosen columns."""

import csv
import gzip
import io

import numpy as np
import pandas
import pytest

from input_fn import table_lines, tables
from input_fn.tables import TableOptions
from tests.input_fn.loading import POINTS
from tests.input_fn.table_loading import load, refused


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r", "\n\n"])
@pytest.mark.parametrize("names", ["", "a,b", '"a ""x""","b"', "größe,日本"])
@pytest.mark.parametrize("size", [1 << 23, 500])
def test_tables_load_whatever_their_lines_end_with(tmp_path, monkeypatch, end, names, size):
    monkeypatch.setattr(table_lines, "BLOCK_BYTES", size)
    rows = [f"{x!r},{y!r}" for x, y in POINTS]
    text = end.join(([names] if names else []) + rows)
    for encoding in ("utf-8", "utf-8-sig"):
        data = text.encode(encoding)
        table = load(tmp_path / "a.csv", data)
        np.testing.assert_array_equal(table.values, POINTS)
        assert table.names == (tuple(next(csv.reader([names]))) if names else ("x0", "x1"))
        assert table.remarks == ()


@pytest.mark.parametrize("ending", tables.ENDINGS[:-1])
def test_all_endings_are_read(tmp_path, ending):
    data = b"a\tb\n1\t2\n3\t4\n"
    for name in (f"a{ending}", f"A{ending.upper()}"):
        table = load(tmp_path / name, gzip.compress(data) if ending.endswith("gz") else data)
        assert (table.names, table.values.tolist()) == (("a", "b"), [[1, 2], [3, 4]])


def test_infinite_numbers_are_passed_on(tmp_path):
    table = load(tmp_path / "a.csv", "1,inf\n2,1e400\n3,-INF\n")
    np.testing.assert_array_equal(table.values, [[1, np.inf], [2, np.inf], [3, -np.inf]])


def test_wide_tables_load_row_by_row(tmp_path):
    points = np.random.RandomState(0).randint(0, 9, (12, 8000))
    lines = [",".join(map(str, row)) for row in points.tolist()]
    table = load(tmp_path / "a.csv", "\n".join(lines))
    np.testing.assert_array_equal(table.values, points)
    named = pandas.DataFrame(points).add_prefix("c").to_csv(index=False)
    table = load(tmp_path / "a.csv", named)
    np.testing.assert_array_equal(table.values, points)
    assert table.names == tuple(f"c{i}" for i in range(8000))
    refused(tmp_path / "a.csv", named.replace(",c7999\n", ",c7\n"), "two columns are called 'c7'")
    lines[7] += ",1"
    refused(tmp_path / "a.csv", "\n".join(lines), "line 8 has 8001 columns")
    lines[7] = "x" + lines[7][1:-2]
    refused(tmp_path / "a.csv", "\n".join(lines), "row 8 of the data, column 'x0': 'x' is not")
    lines[7] = lines[6][:-1]
    refused(tmp_path / "a.csv", "\n".join(lines), "row 8 of the data, column 'x7999': a number is")


def test_wide_tables_have_texts_and_choices(tmp_path):
    points = np.random.RandomState(0).randn(9, 6000)
    frame = pandas.DataFrame(points).add_prefix("c")
    frame["c17"] = list("abacabaab")
    frame["c18"] = [f"text {i}" for i in range(9)]
    frame.loc[4, "c5"] = np.nan
    own = {"columns": ("c17", "c5", "c2"), "na_values": ("NA",)}
    table = load(tmp_path / "a.csv", frame.to_csv(index=False), **own)
    kept = np.arange(9) != 4
    np.testing.assert_array_equal(table.values[:, 1:], points[kept][:, [5, 2]])
    assert [table.categories[0][int(i)] for i in table.values[:, 0]] == list("abacbaab")
    german = frame.to_csv(index=False, sep=";", decimal=",")
    again = load(tmp_path / "a.csv", german, **own)
    np.testing.assert_array_equal(table.values, again.values)


@pytest.mark.parametrize("index", [False, True])
def test_frames_of_pandas_with_and_without_their_index(tmp_path, index):
    frame = pandas.DataFrame({"a": [0.5, 1.5, 2.5], "kind": ["x", "y", "x"], "n": [3, 1, 2]})
    table = load(tmp_path / "a.csv", frame.to_csv(index=index))
    np.testing.assert_array_equal(table.values, [[0.5, 0, 3], [1.5, 1, 1], [2.5, 0, 2]])
    assert (table.names, table.categories) == (("a", "kind", "n"), {1: ("x", "y")})
    assert len(table.remarks) == index
    asked = load(tmp_path / "a.csv", frame.to_csv(index=index), columns=("n", "a"))
    np.testing.assert_array_equal(asked.values, [[3, 0.5], [1, 1.5], [2, 2.5]])
    assert asked.remarks == ()
    if index:
        asked = load(tmp_path / "a.csv", frame.to_csv(), columns=("x0", "n"))
        np.testing.assert_array_equal(asked.values, [[0, 3], [1, 1], [2, 2]])
        again = pandas.read_csv(io.StringIO(frame.to_csv())).to_csv(index=False)
        assert load(tmp_path / "a.csv", again).names == ("a", "kind", "n")
        dropped = load(tmp_path / "a.csv", frame.to_csv(), drop=("x0",))
        assert (dropped.names, dropped.remarks) == (("a", "kind", "n"), ())


def test_an_unnamed_column_that_counts_nothing_is_kept(tmp_path):
    table = load(tmp_path / "a.csv", ",a\n5,1\n7,2\n7,3\n")
    np.testing.assert_array_equal(table.values, [[5, 1], [7, 2], [7, 3]])
    assert table.names == ("x0", "a")
    assert "'x0', is kept" in table.remarks[0]


def test_columns_are_chosen_before_anything_is_judged(tmp_path):
    lines = ["id,a,when,b", *(f"text {i},{i},{i}!,{i * i}" for i in range(3000))]
    table = load(tmp_path / "a.csv", "\n".join(lines), drop=("id", "when"))
    np.testing.assert_array_equal(table.values, [[i, i * i] for i in range(3000)])
    table = load(tmp_path / "a.csv", "\n".join(lines), columns=("b",))
    assert (table.names, table.values.shape) == (("b",), (3000, 1))
    refused(tmp_path / "a.csv", "\n".join(lines), "'id' has 3000 different texts in 3000 rows")
    refused(tmp_path / "a.csv", "\n".join(lines), "did you mean 'when'", drop=("wen",))
    table = load(tmp_path / "a.csv", "1,2\n3,5\n", columns=("x1",))
    np.testing.assert_array_equal(table.values, [[2], [5]])


def test_headers_and_formats_are_obeyed_or_guessed_with_a_remark(tmp_path):
    path = tmp_path / "a.csv"
    assert load(path, "1,2\n3,4\n5,7\n", header="yes").names == ("1", "2")
    assert "header=yes" in load(path, "1,2\n9,4\n5,7\n").remarks[0]
    table = load(path, "a,b\nc,d\n", header="no")
    assert table.categories == {0: ("a", "c"), 1: ("b", "d")}
    refused(path, "a,b\n1,2\n3,4\n5,6\n", "row 1 of the data, column 'x0': 'a'", header="no")
    assert "--decimal=comma reads one column" in load(path, "1,764\n2,5\n").remarks[0]
    table = load(path, "1,764\n2,5\n", delimiter="semicolon", decimal="comma")
    np.testing.assert_array_equal(table.values, [[1.764], [2.5]])
    assert load(path, "a;b\n1,5;2\n2,5;3\n").remarks == (
        "read with ';' between columns and decimal commas",
    )
    np.savetxt(str(path), POINTS)
    np.testing.assert_array_equal(tables.load(str(path)).values, POINTS)


def test_texts_have_the_same_numbers_in_all_blocks(tmp_path, monkeypatch):
    monkeypatch.setattr(table_lines, "BLOCK_BYTES", 60)
    texts = [f"t{i % 37:02}" for i in range(36, 500)]
    lines = ["kind,x", *(f" {text} ,{i}" for i, text in enumerate(texts))]
    table = load(tmp_path / "a.csv", "\n".join(lines))
    assert table.categories == {0: tuple(f"t{i:02}" for i in range(37))}
    assert [table.categories[0][int(i)] for i in table.values[:, 0]] == texts


def test_a_missing_text_is_a_category(tmp_path):
    data = "kind,x\nred,1\n,2\nNA,3\nunknown,4\nblue,5\n"
    assert load(tmp_path / "a.csv", data).categories == {0: ("", "NA", "blue", "red", "unknown")}
    table = load(tmp_path / "a.csv", data, na_values=("NA", "unknown"))
    assert table.categories == {0: ("", "blue", "red")}
    np.testing.assert_array_equal(table.values[:, 0], [2, 0, 0, 0, 1])
    assert table.remarks == ()


def test_memory_holds_the_numbers_once(tmp_path, monkeypatch):
    """Parts of 2 MB of lines, of a table of 32 MB of numbers: it grows in place."""
    tracemalloc = pytest.importorskip("tracemalloc")
    monkeypatch.setattr(table_lines, "BLOCK_BYTES", 1 << 20)
    path = tmp_path / "a.csv"
    path.write_text("a,b,c,d\n" + "0.5,1,2.5,3\n" * 1000000)
    tables.load(str(path), TableOptions(columns=("a",)))  # what is imported late
    tracemalloc.start()
    table = tables.load(str(path))
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert table.values.shape == (1000000, 4)
    assert peak < 1.75 * table.values.nbytes
