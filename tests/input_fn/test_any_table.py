"""Any frame, written as text, comes back: its format and header given, or guessed."""

import pandas
from hypothesis import given, settings
from hypothesis import strategies as st

from input_fn import table_cells, table_format
from tests.input_fn.table_loading import load

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
