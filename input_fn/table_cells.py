"""The numbers and texts in a block of a table's lines.

Imports no TensorFlow.
"""

import io
from typing import Any, Dict, FrozenSet, List, NamedTuple, Sequence, Tuple

import numpy as np

from input_fn import table_lines
from input_fn.table_choice import as_flag, shown
from input_fn.table_format import DECIMALS, MISSING, Format
from input_fn.table_lines import Block, Line

WIDE = 5000
"""Columns from which parsing row by row is faster than column by column."""


class Layout(NamedTuple):
    """What the columns of a file are, D of which are kept."""

    form: Format
    width: int  # columns in the file
    kept: Tuple[int, ...]  # [D] places in the file
    names: Tuple[str, ...]  # [D]
    texts: FrozenSet[int]  # numbers in 0 .. D - 1 of columns of categories
    missing: FrozenSet[str]  # cells that say that a number is missing


class Parsed(NamedTuple):
    """Some rows."""

    numbers: np.ndarray  # [n, D] float64; nan where missing, 0 in columns of texts
    texts: Dict[int, np.ndarray]  # by number of the column, [n] str


def parse(block: Block, layout: Layout, row: int) -> Parsed:
    """The cells of some lines.

    Args:
      block: the lines.
      layout: of the file.
      row: rows of the file before them.

    Raises:
      ValueError: for a row of another width, or a text in a column of numbers; says where.
    """
    block = Block(table_lines.tidy(block.data, layout.form.delimiter), block.before)
    if layout.width >= WIDE:
        return _parse_wide(block, layout, row)
    rows = table_lines.check_widths(block, layout.form.delimiter, layout.width)
    numbers, texts = np.zeros((rows, len(layout.kept))), {}
    if not rows:
        return Parsed(numbers, {})
    own = [number for number in range(len(layout.kept)) if number not in layout.texts]
    table = _frame(block, layout, own, missing=layout.missing) if own else None
    if own and len(table) != rows:
        raise ValueError(f"the lines after line {block.before} are no lines of a table")
    doubtful = [number for number in own if not _is_read(table, block, layout, number)]
    if len(doubtful) < len(own):
        good = [number for number in own if number not in set(doubtful)]
        columns = [layout.kept[number] for number in good]
        numbers[:, good] = table[columns].to_numpy(np.float64)
    del table
    both = [*sorted(layout.texts), *doubtful]
    table = _frame(block, layout, both) if both else None
    for number in both:
        cells = table[layout.kept[number]].str.strip().to_numpy(object)
        if number in layout.texts:
            texts[number] = cells
        else:
            numbers[:, number] = _numbers(cells, layout, number, row)
    return Parsed(numbers, texts)


def _frame(
    block: Block, layout: Layout, numbers: Sequence[int], missing: FrozenSet[str] = frozenset()
) -> Any:
    """Some columns as a data frame, by place: of the types pandas sees, or of str if none may miss.

    A float is the nearest to what stands there, as in Python, so that files may be compared.
    """
    import pandas

    places = [layout.kept[number] for number in numbers]
    return pandas.read_csv(
        io.BytesIO(block.data),
        sep=layout.form.delimiter,
        decimal=DECIMALS[layout.form.decimal],
        header=None,
        usecols=places,
        dtype=None if missing else str,
        na_values=sorted(missing),
        keep_default_na=False,
        skipinitialspace=True,
        encoding="utf-8",
        low_memory=False,
        float_precision="round_trip",
    )


def _is_read(table: Any, block: Block, layout: Layout, number: int) -> bool:
    """Whether pandas made numbers of a column, and the right ones.

    Not of texts, of integers too long for it, or where a space follows a number. With decimal
    commas it takes points as well, which may divide thousands.
    """
    if layout.form.decimal == "comma" and b"." in block.data:
        return False
    return bool(table[layout.kept[number]].dtype.kind in "iuf")


def _numbers(cells: Sequence[str], layout: Layout, number: int, row: int) -> List[float]:
    """What a column's cells hold, one by one."""
    return [_value(cell, layout, number, row + i) for i, cell in enumerate(cells, 1)]


def _value(cell: str, layout: Layout, number: int, row: int) -> float:
    if cell in layout.missing:
        return np.nan
    value = layout.form.number(cell)
    if value is None:
        first = f"row {row} of the data, column {shown(layout.names[number])}: {shown(cell)}"
        raise ValueError(
            f"{first} is not a number; if it means a missing one, {as_flag('na_values', cell)} "
            f"says so"
        )
    return value


def _parse_wide(block: Block, layout: Layout, row: int) -> Parsed:
    """As `parse`, for rows of so many cells that columns of some lines' length do not pay."""
    rows: List[np.ndarray] = []
    texts: Dict[int, List[str]] = {number: [] for number in layout.texts}
    for cells in _wide_rows(block, layout):
        for number in layout.texts:
            texts[number].append(cells[number])
            cells[number] = "0"
        try:
            if layout.form.decimal == "comma":
                raise ValueError
            rows.append(np.array(cells, np.float64))
        except ValueError:  # or missing
            at = row + len(rows) + 1
            rows.append(np.array([_value(c, layout, i, at) for i, c in enumerate(cells)]))
    if not rows:
        return Parsed(np.zeros((0, len(layout.kept))), {})
    return Parsed(np.stack(rows), {n: np.array(own, object) for n, own in texts.items()})


def _wide_rows(block: Block, layout: Layout) -> Any:
    """The kept cells of each row."""
    everything = layout.kept == tuple(range(layout.width))
    for number, text in enumerate(io.BytesIO(block.data), block.before + 1):
        cells = table_lines.cells(Line(text, number), layout.form.delimiter)
        if cells and len(cells) != layout.width:
            raise ValueError(table_lines.ragged(number, len(cells), layout.width))
        if cells:
            yield cells if everything else [cells[place] for place in layout.kept]


def texts_in(block: Block, layout: Layout) -> FrozenSet[int]:
    """Which of the kept columns hold categories: those with more texts than numbers.

    Args:
      block: the first lines.
      layout: of the file; its texts are not known yet.
    """
    block = Block(table_lines.tidy(block.data, layout.form.delimiter), block.before)
    if layout.width >= WIDE:
        return _wide_texts(block, layout)
    if not table_lines.check_widths(block, layout.form.delimiter, layout.width):
        return frozenset()
    own = range(len(layout.kept))
    table = _frame(block, layout, own, missing=layout.missing | MISSING)
    found = set()
    for number in own:
        column = table[layout.kept[number]].dropna()
        if column.dtype.kind not in "iuf":
            texts = sum(layout.form.number(str(cell).strip()) is None for cell in column)
            found.update([number] if 2 * texts > len(column) else [])
    return frozenset(found)


def _wide_texts(block: Block, layout: Layout) -> FrozenSet[int]:
    texts, filled = np.zeros((2, len(layout.kept)), int)
    missing = layout.missing | MISSING
    for cells in _wide_rows(block, layout):
        try:
            np.array(cells, np.float64)
            filled += 1
        except ValueError:
            is_filled = np.array([cell not in missing for cell in cells])
            filled += is_filled
            texts += is_filled & np.array([layout.form.number(cell) is None for cell in cells])
    return frozenset(int(number) for number in np.flatnonzero(2 * texts > filled))
