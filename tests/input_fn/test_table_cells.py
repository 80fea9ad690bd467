import numpy as np
import pytest

from input_fn import table_cells
from input_fn.table_cells import Layout
from input_fn.table_format import MISSING, Format
from input_fn.table_lines import Block


@pytest.fixture(params=["by columns", "by rows"])
def parse(request, monkeypatch):
    """Parses text both ways: wide tables are read row by row."""
    monkeypatch.setattr(table_cells, "WIDE", 5000 if request.param == "by columns" else 1)

    def parsed(text, delimiter=",", decimal="point", kept=None, row=0, texts=None, missing=()):
        form, block = Format(delimiter, decimal), Block(text.encode(), 0)
        width = len(text.split("\n")[0].split(delimiter))
        kept = tuple(range(width)) if kept is None else kept
        names = tuple(f"c{place}" for place in kept)
        layout = Layout(form, width, kept, names, frozenset(), MISSING | set(missing))
        found = table_cells.texts_in(block, layout) if texts is None else frozenset(texts)
        return table_cells.parse(block, layout._replace(texts=found), row)

    return parsed


def test_numbers_are_the_nearest_to_what_stands_there(parse):
    values = np.random.RandomState(0).randn(300, 3) * 10.0 ** np.arange(-150, 150)[:, None]
    text = "".join(",".join(map(repr, row)) + "\n" for row in values.tolist())
    np.testing.assert_array_equal(parse(text).numbers, values)
    comma = text.replace(",", ";").replace(".", ",")
    np.testing.assert_array_equal(parse(comma, ";", "comma").numbers, values)


@pytest.mark.parametrize(
    ("text", "numbers"),
    [
        ("1,2\n,4\n", [[1, 2], [np.nan, 4]]),
        ("1,2\nNA,-\n? , null\n", [[1, 2], [np.nan, np.nan], [np.nan, np.nan]]),
        (" 1 ,\t2\n3,  4 \n", [[1, 2], [3, 4]]),
        ("1,2\n\n \n3,4\n", [[1, 2], [3, 4]]),
        ('"1","2"\n"",4\n', [[1, 2], [np.nan, 4]]),
        (f"1,2\n{'9' * 29},3\n18446744073709551615,4\n", [[1, 2], [1e29, 3], [2.0**64, 4]]),
        ("1,2\ninf,-Infinity\n1e400,1e-400\n", [[1, 2], [np.inf, -np.inf], [np.inf, 0]]),
    ],
)
def test_cells_of_all_sorts(parse, text, numbers):
    parsed = parse(text)
    np.testing.assert_array_equal(parsed.numbers, numbers)
    assert not parsed.texts


def test_missing_texts_can_be_added(parse):
    np.testing.assert_array_equal(
        parse("1,2\nabsent,4\n5, absent \n", missing=("absent",)).numbers,
        [[1, 2], [np.nan, 4], [5, np.nan]],
    )


@pytest.mark.parametrize("cell", ["five", "1_0x", "True", "2020-01-31", "1 000", "x" * 200])
def test_a_text_among_numbers_is_told_where(parse, cell):
    text = f"1,2\n3,4\n5,6\n7,{cell}\n"
    message = rf"row 104 of the data, column 'c1': '{cell[:40]}' is not a number; .*--na_values="
    with pytest.raises(ValueError, match=message):
        parse(text, row=100)


@pytest.mark.parametrize("cell", ["1.5", "1.000", "1.000,5", "True"])
def test_points_are_no_decimals_where_commas_are(parse, cell):
    with pytest.raises(ValueError, match=f"row 3 of the data, column 'c0': '{cell}' is not"):
        parse(f"1,5;2\n3,5;4\n{cell};4\n", ";", "comma")


def test_columns_of_more_texts_than_numbers_are_categories(parse):
    parsed = parse("red,1,True\nblue,2,False\n ,,\nNA,3,true\n1,4, False \n")
    assert sorted(parsed.texts) == [0, 2]
    assert parsed.texts[0].tolist() == ["red", "blue", "", "NA", "1"]
    assert parsed.texts[2].tolist() == ["True", "False", "", "true", "False"]
    np.testing.assert_array_equal(parsed.numbers[:, 1], [1, 2, np.nan, 3, 4])


def test_half_texts_are_faults(parse):
    with pytest.raises(ValueError, match="row 1 of the data, column 'c0': 'x'"):
        parse("x,1\ny,2\n3,3\n4,4\n")


def test_what_is_not_kept_is_not_looked_at(parse):
    text = "1,x,3\n2,5,4\n3,y,nonsense\n"
    parsed = parse(text, kept=(0,))
    np.testing.assert_array_equal(parsed.numbers, [[1], [2], [3]])
    assert not parsed.texts
    parsed = parse(text, kept=(1, 0))
    np.testing.assert_array_equal(parsed.numbers[:, 1], [1, 2, 3])
    assert parsed.texts[0].tolist() == ["x", "5", "y"]


@pytest.mark.parametrize("wrong", ["1", "1,2,3"])
def test_rows_of_another_width_are_told_by_line(parse, wrong):
    columns = wrong.count(",") + 1
    for kept in (None, (0,)):
        with pytest.raises(ValueError, match=f"line 4 has {columns} columns, the first row has 2"):
            parse(f"1,2\n\n3,4\n{wrong}\n", kept=kept)


def test_no_rows(parse):
    assert parse("\n\n", texts=()).numbers.shape == (0, 1)
