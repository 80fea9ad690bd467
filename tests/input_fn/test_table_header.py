import numpy as np
import pandas
import pytest

from input_fn import table_header
from input_fn.table_format import Format

POINT = Format(",", "point")
FLOATS = [[f"{x:.3f}", f"{y:.3f}"] for x, y in np.random.RandomState(0).randn(30, 2)]
INTEGERS = [[str(x), str(y)] for x, y in np.random.RandomState(0).randint(0, 50, (30, 2))]
TEXTS = [["red", "1.5"], ["blue", "2.5"], ["red", "3"]]


def names(*cells):
    return list(cells)


HEADERS = {
    "names": [["a", "b"], *FLOATS],
    "names above integers": [["a", "b"], *INTEGERS],
    "one name": [["a", "2019"], *FLOATS],
    "names above texts": [["kind", "x"], *TEXTS],
    "no name of the index": [["", "mpg"], ["Mazda", "21"], ["Fiat", "22"]],
    "no name at the end": [["a", ""], ["1", ""], ["2", ""]],
    "pandas": [["0", "1"], *FLOATS],
    "years": [["2018", "2019"], *FLOATS],
    "years above integers": [["2018", "2019"], *INTEGERS],
    "pandas with an index": [["", "0", "1"], ["0", "5", "3"], ["1", "2", "2"]],
    "pandas with an index from 1": [["", "a", "b"], ["1", "5", "x"], ["2", "2", "y"]],
    "pandas, some integers": [["0", "1"], *([str(i), f"{i}.5"] for i in range(9))],
    "pandas, with texts": [["0", "1", "k"], *([*row, "red"] for row in FLOATS)],
    "pandas, a number and texts": [["0", "1"], ["0.5", "t"], ["1.5", "t"]],
    "pandas, all texts": [["0", "1"], ["a", "b"], ["a", "c"]],
    "pandas, texts in one column": [["0"], ["a"], ["a"]],
    "months": [["2020-01", "2020-02"], *FLOATS],
    "pandas, pixels": [
        [str(i) for i in range(784)],
        *np.random.RandomState(0).randint(0, 256, (20, 784)).astype(str).tolist(),
    ],
    "pandas, one column": [["0"], ["1.5"], ["2.5"]],
    "one column": [["x"], ["1"], ["2"]],
    "texts alone": [["a", "b"], ["red", "x"], ["blue", "y"], ["red", "x"]],
    "only a header": [["a", "b"]],
    "a hole below": [["a", "b"], ["", "1"], ["2", "NA"], ["3", "4"]],
}
DATA = {
    "floats": FLOATS,
    "integers": INTEGERS,
    "small": [["0", "1"], ["5", "3"], ["2", "2"]],
    "integers that count up first": [["7", "8"], *INTEGERS],
    "sorted": [[str(i), str(2 * i)] for i in range(1, 60)],
    "sorted from 1": [[str(i), str(i * i + 1)] for i in range(1, 60)],
    "windows": [[str(i + j) for j in range(5)] for i in range(50)],
    "rankings": [["1", "2", "3"], *([["3", "1", "2"], ["2", "3", "1"]] * 9)],
    "thousands": [["1,000", "2"], ["3", "4"], ["5", "6"]],
    "a number among texts": [["5", "red"], ["a", "blue"], ["b", "blue"]],
    "an integer and a new text": [["0", "red"], ["0.5", "blue"], ["1.5", "blue"]],
    "quoted": [["1.5", "2"], ["3", "4"]],
    "a hole": [["NA", "2"], ["3", "4"], ["5", "6"]],
    "a fault": [["1.5", "two"], ["2.5", "3"], ["3.5", "4"]],
    "texts": TEXTS,
    "texts alone": [["red", "x"], ["blue", "y"], ["red", "x"]],
    "one column": [["3"], ["1.5"], ["2.5"]],
    "one row": [["1", "2"]],
    "one column of integers": [["0"], ["1"], ["0"]],
}


@pytest.mark.parametrize("case", sorted(HEADERS))
def test_headers(case):
    assert table_header.guess(HEADERS[case], POINT).is_header


@pytest.mark.parametrize("case", sorted(DATA))
def test_no_row_of_data_is_lost(case):
    assert not table_header.guess(DATA[case], POINT).is_header


def test_random_integers_are_data_whatever_their_first_row():
    rng = np.random.RandomState(0)
    for _ in range(300):
        width, high = rng.randint(2, 5), rng.choice([2, 5, 1000])
        table = rng.randint(0, high, (rng.randint(5, 50), width))
        table[0] = table[0, 0] + np.arange(width)
        table[1:, 0] = rng.permutation(np.append(table[2:, 0], table[0, 0]))  # in the range
        table[1:, 1] = rng.permutation(np.append(table[2:, 1], table[0, 1]))
        if width < 4:
            assert not table_header.guess(table.astype(str).tolist(), POINT).is_header


@pytest.mark.parametrize("first", [0, 1, 1990])
@pytest.mark.parametrize("index", [False, True])
def test_what_pandas_writes_without_names(first, index):
    frame = pandas.DataFrame(np.random.RandomState(0).randn(20, 4)).rename(
        columns=lambda c: c + first
    )
    lines = frame.to_csv(index=index).split()
    assert table_header.guess([line.split(",") for line in lines], POINT).is_header


def test_doubts_are_told():
    def said(rows):
        return table_header.remarks(rows[0], table_header.guess(rows, POINT))

    assert said(DATA["small"]) == (
        "the first row, 0,1, is taken as data; --header=yes if it is names",
    )
    assert "2018,2019, is taken as names; --header=no" in said(HEADERS["years"])[0]
    assert "is taken as data" in said(DATA["one column"])[0]
    assert "is taken as data" in said(DATA["texts alone"])[0]
    for rows in (FLOATS, INTEGERS, HEADERS["names"], TEXTS, HEADERS["names above texts"]):
        assert said(rows) == ()
