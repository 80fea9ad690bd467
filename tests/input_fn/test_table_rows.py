import numpy as np
import pytest

from input_fn import table_rows
from input_fn.table_cells import Parsed
from input_fn.table_rows import Rows


def rows(blocks, texts=(), na_values=(), index=False, names=None):
    width = np.shape(blocks[0][0])[1]
    collected = Rows(names or [f"c{i}" for i in range(width)], texts, na_values, index)
    for numbers, cells in blocks:
        own = {number: np.array(column, object) for number, column in cells.items()}
        collected.add(Parsed(np.array(numbers, np.float64), own))
    return collected


def test_texts_become_their_place_among_all_sorted():
    blocks = [([[0, 1], [0, 2]], {0: ["red", "blue"]}), ([[0, 3], [0, 4]], {0: ["azure", "red"]})]
    values, names, categories, said = rows(blocks, texts=[0]).take()
    np.testing.assert_array_equal(values, [[2, 1], [1, 2], [0, 3], [2, 4]])
    assert (names, categories, said) == (("c0", "c1"), {0: ("azure", "blue", "red")}, [])


def test_blocks_of_empty_lines_change_nothing():
    collected = rows([([[0, 1]], {0: ["a"]})], texts=[0])
    collected.add(Parsed(np.zeros((0, 2)), {}))
    np.testing.assert_array_equal(collected.take()[0], [[0, 1]])


def test_a_missing_number_is_told_with_how_many_there_are():
    blocks = [([[1, 2], [3, 4]], {}), ([[5, np.nan], [np.nan, np.nan], [7, 8]], {})]
    message = (
        "row 3 of the data, column 'c1': a number is missing, as in 2 of 5 rows; fill it in, or"
    )
    with pytest.raises(ValueError, match=message):
        rows(blocks).take()


def test_rows_that_lack_a_number_are_left_out_with_their_texts():
    blocks = [
        ([[1, 0], [-999999, 0]], {1: ["a", "only here"]}),
        ([[np.nan, 0], [4, 0], [5, 0]], {1: ["b", "NA", ""]}),
    ]
    values, _, categories, said = rows(blocks, [1], ("NA", "-999999.0")).take()
    np.testing.assert_array_equal(values, [[1, 1], [4, 0], [5, 0]])
    assert categories == {1: ("", "a")}
    assert said == ["2 of 5 rows are left out: they lack a number"]
    with pytest.raises(
        ValueError, match="all 2 rows lack .*, 2 of them that of column 'c0'; --drop=c0"
    ):
        rows([([[-1, 5], [np.nan, -1]], {})], na_values=("-1",)).take()


def test_no_rows_are_refused():
    with pytest.raises(ValueError, match="has no rows of numbers"):
        rows([(np.zeros((0, 2)), {})]).take()


@pytest.mark.parametrize(
    ("texts", "hint"),
    [
        ([f"t{i}" for i in range(150)], "--drop='a name' leaves it out"),
        ([f"2020-{i:03}-01" for i in range(150)], "--drop="),
        (
            [f"2020-01-{i % 31 + 1:02} {i}:00" for i in range(150)],
            "convert dates to numbers, or --drop",
        ),
        ([f"31.1.{i + 2000}" for i in range(150)], "convert dates to numbers, or --drop"),
        ([f"$1,{i + 100}" for i in range(150)], "write them as plain numbers, .* or --drop"),
    ],
)
def test_too_many_texts_are_refused(texts, hint):
    message = rf"column 'a name' has 150 different texts in 151 rows, .*\(at most 100\); {hint}"
    with pytest.raises(ValueError, match=message):
        rows([(np.zeros((151, 1)), {0: [texts[0], *texts]})], [0], names=["a name"])
    few = [*texts[:99], ""] * 3
    values, _, categories, _ = rows([(np.zeros((300, 1)), {0: few})], [0]).take()
    assert [categories[0][int(value)] for value in values[:, 0]] == few


def test_texts_that_might_be_numbers_are_told():
    *_, said = rows([(np.zeros((2, 1)), {0: ["1,5", "2,5"]})], [0]).take()
    assert said == ["column 'c0' holds texts such as '1,5': they are categories, no numbers"]


@pytest.mark.parametrize("start", [0, 1])
@pytest.mark.parametrize("size", [1, 7, 1000])
def test_a_column_that_counts_the_rows_is_left_out(monkeypatch, start, size):
    monkeypatch.setattr(table_rows, "ROWS_AT_A_TIME", 13)
    data = np.random.RandomState(0).randn(100, 4)
    data[:, 0], data[:, 2] = start + np.arange(100), 0
    texts = np.array(["a", "b"], object)[np.arange(100) % 2]
    blocks = [(data[i : i + size], {2: texts[i : i + size]}) for i in range(0, 100, size)]
    values, names, categories, said = rows(blocks, [2], index=True).take()
    np.testing.assert_array_equal(values[:, [0, 2]], data[:, [1, 3]])
    np.testing.assert_array_equal(values[:, 1], np.arange(100) % 2)
    assert values.flags.c_contiguous
    assert (names, categories) == (("c1", "c2", "c3"), {1: ("a", "b")})
    assert said == ["the first column, 'c0', is left out: it counts the rows"]
    values, *_ = rows(blocks, [2]).take()
    np.testing.assert_array_equal(values[:, 0], data[:, 0])


def test_an_index_counts_the_rows_that_are_left_out_too():
    values, _, _, said = rows(
        [([[0, 1], [1, np.nan]], {}), ([[2, 3]], {})], (), ("NA",), True
    ).take()
    np.testing.assert_array_equal(values, [[1], [3]])
    assert len(said) == 2


@pytest.mark.parametrize("first", [[0, 1, 3], [2, 3, 4], [1, 1, 2], [0.5, 1.5, 2.5]])
def test_another_first_column_is_kept_with_a_remark(first):
    values, names, _, said = rows([(np.transpose([first, [5, 6, 7]]), {})], index=True).take()
    np.testing.assert_array_equal(values[:, 0], first)
    assert names == ("c0", "c1")
    assert said[0].startswith("the first column, 'c0', is kept")


def test_an_index_of_texts_is_kept_with_a_remark():
    _, names, categories, said = rows([([[0, 5]], {0: ["Mazda"]})], [0], index=True).take()
    assert (names, categories) == (("c0", "c1"), {0: ("Mazda",)})
    assert "is kept" in said[0]
