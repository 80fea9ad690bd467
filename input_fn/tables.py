"""Points in tables: .csv files and the like, parsed some lines at a time, and .parquet files.

Imports no TensorFlow.
"""

import itertools
import os
from typing import Dict, FrozenSet, NamedTuple, Sequence, Tuple

import numpy as np

from base import machine
from input_fn import (
    table_cells,
    table_choice,
    table_format,
    table_header,
    table_lines,
    table_parquet,
)
from input_fn.table_cells import Layout
from input_fn.table_lines import Block
from input_fn.table_rows import Rows

_TEXTS = (".csv", ".tsv", ".txt")
ENDINGS = (*_TEXTS, *(ending + ".gz" for ending in _TEXTS), ".parquet")
"""Of the names of files that can be read, in small letters."""
SAMPLE_LINES, SAMPLE_BYTES = 1000, 1 << 20
"""Of the first lines, from which the format is guessed."""


class TableOptions(NamedTuple):
    """How a table is read."""

    header: str = "auto"  # auto, yes, no
    columns: Tuple[str, ...] = ()  # to keep, in this order; x0, x1, ... where there is no header
    drop: Tuple[str, ...] = ()  # columns to leave out
    na_values: Tuple[str, ...] = ()  # cells that mean a missing value, beside empty ones
    delimiter: str = "auto"  # auto, comma, semicolon, tab, pipe, space
    decimal: str = "auto"  # auto, point, comma
    keep_missing: bool = False  # nan for missing numbers; else their rows are left out or refused


DEFAULTS = TableOptions()


class Table(NamedTuple):
    """The rows of a table."""

    values: np.ndarray  # [N, D] float64; in a column of categories their index; nan: missing
    names: Tuple[str, ...]  # [D]; x0, x1, ... where the file has no header
    categories: Dict[int, Tuple[str, ...]]  # by number of the column: its texts, sorted
    remarks: Tuple[str, ...]  # what the user should know, a line each


def load(path: str, options: TableOptions = DEFAULTS) -> Table:
    """The rows of a table.

    Args:
      path: of a file whose name ends in one of `ENDINGS`; text is UTF-8.
      options: how it is read.

    Raises:
      ValueError: says what is wrong and where.
      OSError: if the file cannot be read.
    """
    if path.lower().endswith(".parquet"):
        return _load_parquet(path, options)
    with open(path, "rb") as file:
        size = os.fstat(file.fileno()).st_size
        blocks = table_lines.blocks(file, path.lower().endswith(".gz"))
        first = table_lines.head(blocks)
        layout, first, index, said = _layout(first, options)
        rows = _rows(layout.names, layout.texts, options, index)
        number = 0
        for block in itertools.chain([first], blocks):
            parsed = table_cells.parse(block, layout, number)
            if not number and len(parsed.numbers):
                _check_memory(parsed.numbers.nbytes * size / max(1, file.tell()))
            number += len(parsed.numbers)
            rows.add(parsed)
    return _table(rows, said)


def _load_parquet(path: str, options: TableOptions) -> Table:
    frame = table_parquet.read(path)
    names = table_choice.names(frame.columns)
    kept = table_choice.choose(names, options.columns, options.drop)
    index = _has_index(frame.columns, kept, options)
    frame = frame.iloc[:, kept]
    frame.columns = [names[place] for place in kept]
    texts = table_parquet.texts_in(frame)
    rows = _rows(frame.columns, texts, options, index)
    rows.add(table_parquet.parsed(frame, texts))
    return _table(rows, ())


def _rows(names: Sequence[str], texts: FrozenSet[int], options: TableOptions, index: bool) -> Rows:
    return Rows(names, sorted(texts), options.na_values, index, options.keep_missing)


def _layout(first: Block, options: TableOptions) -> Tuple[Layout, Block, bool, Tuple[str, ...]]:
    """What the columns are, the rows of the first block, whether an index may lead, remarks."""
    lines = table_lines.sample(first, SAMPLE_LINES, SAMPLE_BYTES)
    if not lines:
        raise ValueError("has no rows of numbers")
    form, said = table_format.guess(lines, options.delimiter, options.decimal)
    sample = [form.cells(line) for line in lines]
    header, width = [""] * len(sample[0]), len(sample[0])
    verdict = table_header.guess(sample, form)
    if options.header == "auto":
        said += table_header.remarks(sample[0], verdict)
    if options.header == "yes" or options.header == "auto" and verdict.is_header:
        header, width = sample[0], len(sample[min(1, len(sample) - 1)])
        _check_header(len(header), width)
        first = table_lines.after(first, lines[0].number)
    elif form.delimiter == ",":
        said += table_format.doubts(sample, options.delimiter, options.decimal)
    names = table_choice.names(header)
    kept = table_choice.choose(names, options.columns, options.drop)
    missing = table_format.MISSING | set(options.na_values)
    own = tuple(names[place] for place in kept)
    layout = Layout(form, width, tuple(kept), own, frozenset(), missing)
    layout = layout._replace(texts=table_cells.texts_in(first, layout))
    index = any(header) and _has_index(header, kept, options)
    return layout, first, index, said


def _check_header(names: int, width: int) -> None:
    if names != width:
        hint = "; --delimiter=semicolon --decimal=comma if a comma comes before decimals"
        raise ValueError(
            f"the header names {names} columns, the rows have {width}; they must agree"
            + (hint if (names, width) == (1, 2) else "")
        )


def _has_index(header: Sequence[str], kept: Sequence[int], options: TableOptions) -> bool:
    """Whether the first of the columns that are kept may be an index that nobody asked for."""
    return table_choice.may_be_index(header) and kept[0] == 0 and not options.columns


def _table(rows: Rows, said: Tuple[str, ...]) -> Table:
    values, names, categories, more = rows.take()
    return Table(values, names, categories, (*said, *more))


def _check_memory(size: float) -> None:
    """Refuses what would fill all memory; half of what is expected, for rows that get longer."""
    available = machine.available_memory()
    if size / 2 > available:
        raise ValueError(
            f"needs about {size / 2**30:.1f} GiB of memory, {available / 2**30:.1f} are there; "
            f"make it a .npy file, which stays on disk"
        )
