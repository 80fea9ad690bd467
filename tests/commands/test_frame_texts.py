"""Texts and numbers of a data frame that a table of text would not give back."""

import pandas
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pandas.testing import assert_frame_equal

from commands import frame_texts, frame_types

TEXTS = st.text(st.characters(blacklist_categories=("Cs",)), max_size=6)
CELLS = st.one_of(TEXTS, st.sampled_from(["01", "1", " 1", "1.0", "NA", "nan", '"', "a\nb", ""]))


def written(frame, path):
    path.write_text(frame_types.to_csv(frame), "utf-8")
    return str(path)


@given(st.lists(st.one_of(CELLS, st.none()), min_size=1))
def test_a_table_that_strips_cells_and_reads_numbers_keeps_texts_apart(texts):
    column = pandas.Series(texts, dtype=object)
    if frame_texts.must_be_quoted(column, bool(column.isna().any())):
        cells = frame_texts.quoted(column)
        assert frame_texts.unquoted(cells.str.strip()).equals(column)
    else:
        cells = column
    present = set(cells.dropna()) - {""}
    known = [(frame_texts.number(cell), cell.strip()) for cell in present]
    assert len({text if number is None else number for number, text in known}) == len(present)
    assert not any(letter < " " for cell in cells.dropna() for letter in cell)


@pytest.mark.parametrize("kind", [str, "string"])
def test_texts_of_no_letters_are_told_from_missing_ones(kind, tmp_path):
    frame = pandas.DataFrame({"a": pandas.Series(["x", "", None] * 5)})
    frame = frame if kind is str else frame.astype(kind)
    table = written(frame, tmp_path / "x.csv")
    assert_frame_equal(frame_types.read(table, frame_types.of_frame(frame)), frame)


@pytest.mark.parametrize(
    ("values", "told"),
    [
        ([1j, 2], "column 'a': holds complex numbers"),
        ([2**60, 2**60 + 1], f"column 'a': holds the integer {2**60}, beyond 2\\*\\*53"),
        ([10**25, None], f"column 'a': holds the integer {10**25}, beyond"),
    ],
)
def test_what_no_table_of_text_holds_is_refused(values, told):
    with pytest.raises(ValueError, match=told):
        frame_types.of_frame(pandas.DataFrame({"a": values}))
