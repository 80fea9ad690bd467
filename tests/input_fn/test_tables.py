"""Tables of all sorts, broken and not: each is loaded right or refused in one line."""

import csv
import gzip
import io

import numpy as np
import pandas
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from base import machine
from input_fn import table_cells, table_format, table_lines, tables
from input_fn.tables import TableOptions
from tests.input_fn.loading import POINTS

BAD = {
    "text": ("1,2\n3,4\n5,blue\n", "row 3 of the data, column 'x1': 'blue' is not a number"),
    "text, named": ("a,b\n1,2\n3,x\n5,6\n", "row 2 of the data, column 'b': 'x' is not a number"),
    "missing": (
        "1,2\n3,\n5,6\n",
        "row 2 of the data, column 'x1': a number is missing, as in 1 of",
    ),
    "missing first": ("1,\n3,4\n5,6\n", "row 1 of the data, column 'x1': a number is missing"),
    "NA": (
        "a,b\n1,NA\n3,4\n5,?\n",
        "row 1 of the data, column 'b': .* 2 of 3 rows; fill it in, or",
    ),
    "ragged": ("1,2\n3,4,5\n", "line 2 has 3 columns, the first row has 2"),
    "empty": ("", "has no rows of numbers"),
    "header only": ("x,y\n", "has no rows of numbers"),
    "short header": ("x\n1,2\n3,4\n", "the header names 1 columns, the rows have 2; .*--decimal"),
    "long header": ("x,y,z\n1,2\n3,4\n", "the header names 3 columns, the rows have 2"),
    "same names": ("x,y,x\n1,2,3\n", "two columns are called 'x'"),
    "thousands": ('"1,000",2\n3,4\n5,6\n', "'1,000' is not a number"),
    "latin-1": ("größe,b\n1,2\n3,4\n".encode("latin-1"), "line 1 is no text in UTF-8"),
    "utf-16": ("1,2\n3,4\n".encode("utf-16"), "holds NUL bytes: no text in UTF-8"),
    "nul": ("1,2\n3,\0\n", "holds NUL bytes"),
    "open quote": ('1,2\n"3,4\n' + "5,6\n" * 100, "line 2 has a quote that is not closed"),
    "quote with lines": ('1,2\n"3\n4",5\n', "line 2 has a quote"),
    "odd quotes": ('1,2\nx"y,"z\n3,4\n', "line 2 is no line of a table"),
    "wide cell": ("1,2\n" + "x" * 200000 + ",4\n", "line 2 is no line of a table: field larger"),
    "wide name": ("x" * 200000 + ",y\n1,2\n", "line 1 is no line of a table: field larger"),
    "longer row": ("1,2\n3,4\n5,6,7\n", "line 3 has 3 columns, the first row has 2"),
    "shorter row": ("1,2\n3\n5,6\n", "line 2 has 1 columns, the first row has 2"),
    "only spaces": (" \n \n", "has no rows of numbers"),
    "only lines": ("\n\n\n", "has no rows of numbers"),
    "texts": ("a\n" + "".join(f"t{i}\n" for i in range(101)), "'a' has 101 different texts in 101"),
    "dates": (
        "".join(f"1,2020-01-{i:02} {i}:00\n" for i in range(150)),
        "convert dates to numbers",
    ),
}


def load(path, data, **options):
    path.write_bytes(data if isinstance(data, bytes) else data.encode())
    return tables.load(str(path), TableOptions(**options))


def refused(path, data, message, **options):
    with pytest.raises(ValueError, match=message) as error:
        load(path, data, **options)
    assert str(error.value).isprintable()


@pytest.mark.parametrize("case", sorted(BAD))
def test_bad_tables_are_told_where(tmp_path, case):
    refused(tmp_path / "bad.csv", *BAD[case])


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


def test_a_damaged_gzip_file_is_refused(tmp_path):
    refused(tmp_path / "a.csv.gz", gzip.compress(b"1,2\n3,4\n")[:-5], "is no whole gzip file")


def test_a_fault_is_told_where_it_is_in_the_whole_file(tmp_path, monkeypatch):
    monkeypatch.setattr(table_lines, "BLOCK_BYTES", 100)
    lines = ["a,b"] + [f"{i},{i + 1}" for i in range(1000)]
    bad = [*lines[:801], "x,1", *lines[801:]]
    refused(tmp_path / "a.csv", "\n".join(bad), "row 801 of the data, column 'a': 'x'")
    bad = [*lines[:801], "1,", *lines[801:900], ",1", *lines[900:]]
    message = "row 801 of the data, column 'b': a number is missing, as in 2 of 1002 rows"
    refused(tmp_path / "a.csv", "\n".join(bad), message)
    table = load(tmp_path / "a.csv", "\n".join(bad), na_values=("NA",))
    np.testing.assert_array_equal(table.values[:, 0], np.arange(1000))
    assert table.remarks == ("2 of 1002 rows are left out: they lack a number",)
    for wrong in ("1,2,3", "1"):
        bad = [*lines[:801], wrong, *lines[801:]]
        refused(tmp_path / "a.csv", "\n".join(bad), "line 802 has .* columns, the first row has 2")


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


def test_a_line_without_end_and_a_table_beyond_memory_are_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(table_lines, "BLOCK_BYTES", 1000)
    monkeypatch.setattr(table_lines, "LONGEST_LINE", 10000)
    refused(tmp_path / "a.csv", b"1," * 20000, "has a line of more than")
    monkeypatch.setattr(machine, "available_memory", lambda: 1000)
    data = b"1,2\n3,4\n" * 1000
    refused(tmp_path / "a.csv", data, "needs about .* GiB of memory")
    refused(tmp_path / "a.csv.gz", gzip.compress(data), "needs about .* GiB of memory")


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


TEXT = st.text(
    st.characters(whitelist_categories=("L", "N", "P", "S"), whitelist_characters=" "), max_size=8
).map(lambda text: f"t{text.strip()}")


@st.composite
def frames(draw, least):
    """A frame whose first column has decimals, with others of floats, integers or texts."""
    rows = draw(st.integers(least, 12))
    kinds = draw(st.lists(st.sampled_from(["float", "integer", "text"]), min_size=1, max_size=4))
    names = draw(st.lists(TEXT, min_size=len(kinds) + 1, max_size=len(kinds) + 1, unique=True))
    cells = {
        "float": st.floats(allow_nan=False, allow_infinity=False),
        "integer": st.integers(-(2**53), 2**53),
        "text": st.sampled_from(draw(st.lists(TEXT, min_size=1, max_size=5))),
    }
    columns = [[draw(st.integers(-9999, 9999)) + 0.5 for _ in range(rows)]]
    columns += [draw(st.lists(cells[kind], min_size=rows, max_size=rows)) for kind in kinds]
    return pandas.DataFrame(dict(zip(names, columns)))


def written(frame, delimiter, decimal, header):
    return frame.to_csv(
        sep=table_format.DELIMITERS[delimiter], decimal=decimal, index=False, header=header
    )


def same(table, frame):
    for number, name in enumerate(frame):
        own = frame[name].tolist()
        got = table.values[:, number].tolist()
        if number in table.categories:
            got = [table.categories[number][int(value)] for value in got]
        assert got == own
    assert set(table.categories) == {i for i, t in enumerate(frame.dtypes) if t.kind == "O"}


@settings(deadline=None, max_examples=60)
@given(
    frame=frames(1),
    delimiter=st.sampled_from(sorted(table_format.DELIMITERS)),
    decimal=st.sampled_from(["point", "comma"]),
    header=st.sampled_from(["yes", "no"]),
    wide=st.booleans(),
)
def test_any_frame_comes_back(tmp_path_factory, frame, delimiter, decimal, header, wide):
    if decimal == "comma" and delimiter == "comma":
        delimiter = "semicolon"
    text = written(frame, delimiter, "." if decimal == "point" else ",", header == "yes")
    path = tmp_path_factory.mktemp("round") / "a.csv"
    before, table_cells.WIDE = table_cells.WIDE, 1 if wide else 5000
    try:
        table = load(path, text, header=header, delimiter=delimiter, decimal=decimal)
    finally:
        table_cells.WIDE = before
    same(table, frame)
    assert table.names == (
        tuple(frame) if header == "yes" else tuple(f"x{i}" for i in range(len(frame.columns)))
    )


@settings(deadline=None, max_examples=60)
@given(
    frame=frames(3),
    form=st.sampled_from([(d, p) for d in sorted(table_format.DELIMITERS) for p in ".,"]),
    header=st.sampled_from(["names", "numbers", "none"]),
)
def test_a_frame_comes_back_without_a_word(tmp_path_factory, frame, form, header):
    """Its format is guessed, and so is its header: names, or the numbers that pandas gives."""
    delimiter, decimal = form
    if delimiter in ("comma", "space"):  # "0,5 0 red" may as well be two columns
        decimal = "."
    named = frame if header == "names" else frame.set_axis(range(len(frame.columns)), axis=1)
    text = written(named, delimiter, decimal, header != "none")
    table = load(tmp_path_factory.mktemp("round") / "a.csv", text)
    same(table, frame)
    expected = named if header != "none" else [f"x{i}" for i in range(len(frame.columns))]
    assert table.names == tuple(map(str, expected))
    assert delimiter == "comma" or "read with" in table.remarks[0]
