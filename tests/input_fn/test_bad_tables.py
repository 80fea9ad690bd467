"""Tables that are broken, or too large: each is refused in one line that tells where."""

import gzip

import numpy as np
import pytest

from base import machine
from input_fn import table_lines
from tests.input_fn.table_loading import load, refused

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


@pytest.mark.parametrize("case", sorted(BAD))
def test_bad_tables_are_told_where(tmp_path, case):
    refused(tmp_path / "bad.csv", *BAD[case])


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


def test_a_line_without_end_and_a_table_beyond_memory_are_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(table_lines, "BLOCK_BYTES", 1000)
    monkeypatch.setattr(table_lines, "LONGEST_LINE", 10000)
    refused(tmp_path / "a.csv", b"1," * 20000, "has a line of more than")
    monkeypatch.setattr(machine, "available_memory", lambda: 1000)
    data = b"1,2\n3,4\n" * 1000
    refused(tmp_path / "a.csv", data, "needs about .* GiB of memory")
    refused(tmp_path / "a.csv.gz", gzip.compress(data), "needs about .* GiB of memory")
