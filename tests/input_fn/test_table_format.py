import numpy as np
import pytest

from input_fn import table_format
from input_fn.table_format import Format
from input_fn.table_lines import Line


def guess(text, delimiter="auto", decimal="auto"):
    lines = [Line(line.encode(), i) for i, line in enumerate(text.split("\n"), 1)]
    return table_format.guess(lines, delimiter, decimal)


@pytest.mark.parametrize(
    ("text", "delimiter", "decimal", "remark"),
    [
        ("a,b\n1,2.5\n3,4", ",", "point", None),
        ("a, b\n1, 2.5\n3, 4", ",", "point", None),
        ("a;b\n1;2.5\n3;4", ";", "point", "';' between columns"),
        ("a;b\n1;2,5\n3;4", ";", "comma", "';' between columns and decimal commas"),
        ("1,5;2,5\n3;4", ";", "comma", "';' between columns and decimal commas"),
        ("a\tb\n1,5\t2\n3\t4", "\t", "comma", "tabs between columns and decimal commas"),
        ("a|b\n1|2\n3|4", "|", "point", "'|' between columns"),
        ("1 2\n 3  4", " ", "point", "spaces between columns"),
        ("1,5  2\n3,5  4", " ", "comma", "spaces between columns and decimal commas"),
        ("-1.5e-05 2.5e+05\n1e5 7", " ", "point", "spaces between columns"),
        ("name\tplace\nSmith, J\tNew York\nMiller, K\tSan Jose", "\t", "point", "tabs"),
        ("New York\nLos Angeles\nSan Jose", ",", "point", None),  # words, not columns
        ("when,x\n2020-01-31 12:30,5\n2020-01-31 12:31,6", ",", "point", None),
        ("1.5\n2.5", ",", "point", None),
        ("1,764\n2,5", ",", "point", None),  # see the doubts
        ("genre,x\nAction|War,5\nWar|Action,6", ",", "point", None),
        ("1,2\n3,4,5", ",", "point", None),  # the reader tells the line
        ("1 2\n3 4\n5 6 7", " ", "point", "spaces"),
        ("0,5|t\n0,5|t", "|", "comma", "'|' between columns and decimal commas"),
        ("a b c d\n1 u v w\n2 u v w", " ", "point", "spaces"),
        ("0,5|0|t|t|2,2\n0,5|0|t|t|2,3", "|", "comma", "'|' between columns and decimal commas"),
        ("x\n1,2\n3,4", ",", "point", None),
    ],
)
def test_formats_are_recognised(text, delimiter, decimal, remark):
    found, remarks = guess(text)
    assert found == Format(delimiter, decimal)
    assert len(remarks) == bool(remark)
    assert not remark or remark in remarks[0]


def test_what_is_given_is_obeyed_without_remark():
    assert guess("1,5\n2,5", "semicolon", "comma") == (Format(";", "comma"), ())
    assert guess("1,5\n2,5", "auto", "comma") == (Format(";", "comma"), ())
    assert guess('"1,5","2"\n"2,5","3"', "comma", "comma") == (Format(",", "comma"), ())
    assert guess("1;2\n3;4", "comma", "point") == (Format(",", "point"), ())
    assert guess("1 2\n3 4", "tab")[0] == Format("\t", "point")


@pytest.mark.parametrize(
    ("text", "decimal", "number"),
    [
        ("1", "point", 1), ("+1.5", "point", 1.5), (".5", "point", 0.5), ("1.", "point", 1),
        ("-1e-3", "point", -0.001), ("INF", "point", np.inf), ("1e400", "point", np.inf),
        ("1,5", "comma", 1.5), (",5", "comma", 0.5), ("1,5e3", "comma", 1500), ("7", "comma", 7),
        ("1,5", "point", None), ("1.5", "comma", None), ("1.000,5", "comma", None),
        ("1,", "comma", None), ("1_000", "point", None), ("٣", "point", None), ("", "point", None),
        ("nan", "point", None), ("0x10", "point", None), ("True", "point", None),
        ("1e", "point", None),
    ],
)  # fmt: skip
def test_numbers(text, decimal, number):
    assert Format(";", decimal).number(text) == number


def test_two_columns_of_integers_may_be_one_with_decimal_commas():
    rows = [["1", "764"], ["-2", "05"]]
    (remark,) = table_format.doubts(rows, "auto", "auto")
    assert "two columns, 1 and 764 first" in remark
    assert "--delimiter=semicolon --decimal=comma reads one column, 1,764" in remark
    assert not table_format.doubts(rows, "comma", "auto")
    for others in ([["1", "-7"]], [["1", "7.5"]], [["1", "2", "3"]], [["x", "2"]]):
        assert not table_format.doubts(rows + others, "auto", "auto")
