"""Tables in all encodings, broken and not: each is loaded right or refused in one line."""

import numpy as np
import pytest

from base import machine
from input_fn import files, tables
from tests.input_fn.loading import POINTS, load, refused

CSV = {
    "text": ("1,2\n3,4\n5,blue\n", "row 3 of the data, column 2: 'blue' is not a number"),
    "missing": ("1,2\n3,\n5,6\n", "row 2 of the data holds a number that is missing"),
    "inf": ("1,2\n3,inf\n5,6\n", "row 2 of the data holds"),
    "huge": ("1,2\n3,1e300\n5,6\n", "outside \\[-1e30, 1e30\\]"),
    "ragged": ("1,2\n3,4,5\n", "line 2 has 3 columns, the first row has 2"),
    "empty": ("", "has no rows of numbers"),
    "header only": ("x,y\n", "has no rows of numbers"),
    "short header": ("x\n1,2\n3,4\n", "the header names 1 columns, the rows have 2"),
    "missing first": ("1,\n3,4\n5,6\n", "row 1 of the data holds"),
    "thousands": ('"1,000",2\n3,4\n5,6\n', "'1,000' is not a number"),
    "same": ("1,2\n1,2\n1,2\n", "all 3 points are the same"),
    "infinite": ("1,2\n3,1e400\n", "row 2 of the data holds a number that is missing or infinite"),
    "latin-1": ("größe,b\n1,2\n3,4\n".encode("latin-1"), "line 1 is no text in UTF-8"),
    "utf-16": ("1,2\n3,4\n".encode("utf-16"), "holds NUL bytes: no text in UTF-8"),
    "nul": ("1,2\n3,\0\n", "holds NUL bytes"),
    "open quote": ('1,2\n"3,4\n' + "5,6\n" * 100, "line 2 has a quote that is not closed"),
    "quote with lines": ('1,2\n"3\n4",5\n', "line 2 has a quote"),
    "wide cell": ("1,2\n" + "x" * 200000 + ",4\n", "row 2 of the data, column 1: 'xxx"),
    "wide name": ("x" * 200000 + ",y\n1,2\n", "line 1 is no line of a table: field larger"),
    "longer row": ("1,2\n3,4\n5,6,7\n", "line 3 has 3 columns, the first row has 2"),
    "shorter row": ("1,2\n3\n5,6\n", "row 2 of the data holds a number that is missing"),
    "true": ("1,True\n2,False\n", "row 1 of the data, column 2: 'True' is not a number"),
    "semicolons": ("1,5;2\n3,1;4\n", "column 2: '5;2' is not a number"),
    "only spaces": (" \n \n", "has no rows of numbers|is missing"),
    "only lines": ("\n\n\n", "has no rows of numbers"),
}


@pytest.mark.parametrize("case", sorted(CSV))
def test_bad_tables_are_told_where(tmp_path, case):
    text, message = CSV[case]
    refused(tmp_path / "bad.csv", text if isinstance(text, bytes) else text.encode(), message)


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r", "\n\n"])
@pytest.mark.parametrize("names", ["", "a,b", '"a ""x""","b"', "größe,日本"])
@pytest.mark.parametrize("size", [1 << 23, 50])
def test_tables_load_whatever_their_lines_end_with(tmp_path, monkeypatch, end, names, size):
    monkeypatch.setattr(tables, "BLOCK_BYTES", size)
    rows = [f"{x!r},{y!r}" for x, y in POINTS]
    text = end.join(([names] if names else []) + rows)
    for encoding in ("utf-8", "utf-8-sig"):
        loaded = load(tmp_path / "a.csv", text.encode(encoding))
        np.testing.assert_allclose(loaded, POINTS, rtol=1e-12)


def test_a_fault_is_told_where_it_is_in_the_whole_file(tmp_path, monkeypatch):
    monkeypatch.setattr(tables, "BLOCK_BYTES", 100)
    lines = ["a,b"] + [f"{i},{i + 1}" for i in range(1000)]
    bad = [*lines[:801], "x,1", *lines[801:]]
    refused(tmp_path / "a.csv", "\n".join(bad).encode(), "row 801 of the data, column 1: 'x'")
    message = "line 80[0-9] has .* columns, the first row has|row 801 of the data holds"
    for wrong in ("1,2,3", "1"):
        bad = [*lines[:801], wrong, *lines[801:]]
        refused(tmp_path / "a.csv", "\n".join(bad).encode(), message)


def test_integers_too_long_for_a_machine_word_are_numbers(tmp_path):
    loaded = load(
        tmp_path / "a.csv", ("1,2\n" + "9" * 29 + ",3\n18446744073709551615,4\n").encode()
    )
    np.testing.assert_array_equal(loaded, [[1, 2], [1e29, 3], [2.0**64, 4]])
    refused(tmp_path / "a.csv", f"1,2\n{'9' * 400},3\n".encode(), r"row 2 of the data holds")


def test_wide_tables_load_row_by_row(tmp_path):
    points = np.random.RandomState(0).randint(0, 9, (20, 100000))
    lines = [",".join(map(str, row)) for row in points.tolist()]
    np.testing.assert_array_equal(load(tmp_path / "a.csv", "\n".join(lines).encode()), points)
    lines[7] += ",1"
    refused(tmp_path / "a.csv", "\n".join(lines).encode(), "line 8 has 100001 columns")
    lines[7] = lines[7].replace("1", "x", 1)[:-2]
    refused(
        tmp_path / "a.csv", "\n".join(lines).encode(), "row 8 of the data, column .* 'x' is not"
    )
    lines[7] = lines[6][:-1]
    refused(tmp_path / "a.csv", "\n".join(lines).encode(), "row 8 of the data holds a number that")


def test_a_line_without_end_and_a_table_beyond_memory_are_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(tables, "BLOCK_BYTES", 1000)
    monkeypatch.setattr(tables, "LONGEST_LINE", 10000)
    refused(tmp_path / "a.csv", b"1," * 20000, "has a line of more than")
    monkeypatch.setattr(machine, "available_memory", lambda: 1000)
    refused(tmp_path / "a.csv", b"1,2\n3,4\n" * 1000, "needs about .* GiB of memory")


def test_csv_with_a_header_blanks_and_a_byte_order_mark(tmp_path):
    path = tmp_path / "a.csv"
    rows = "".join(f"{i}, {i * 0.5}\n" for i in range(100))
    path.write_bytes(b"\xef\xbb\xbf" + f"height, width\n{rows}".encode())
    points = files.load(str(path), "").points
    np.testing.assert_array_equal(points, np.stack([np.arange(100), np.arange(100) / 2], axis=1))


def test_quoted_numbers_are_no_header(tmp_path):
    path = tmp_path / "quoted.csv"
    path.write_text('"1.5","2"\n"3","4"\n')
    np.testing.assert_array_equal(files.load(str(path), "").points, [[1.5, 2], [3, 4]])
