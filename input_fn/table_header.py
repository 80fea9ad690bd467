"""Whether a table's first row holds the names of its columns.

Imports no TensorFlow.
"""

import re
from typing import List, NamedTuple, Optional, Sequence, Tuple

from input_fn.table_format import MISSING, Format

FEWEST = 10
"""Integers below a first row of integers that can call it unlike them."""
_INTEGER = re.compile(r"[+-]?\d+", re.A)


class Verdict(NamedTuple):
    """Whether the first row is a header."""

    is_header: bool
    doubt: bool  # whether it might be otherwise


def guess(rows: Sequence[Sequence[str]], form: Format) -> Verdict:
    """Whether a table's first row is a header.

    It is if a cell is no number and those below are; or if its cells count up, as the names that
    pandas gives to columns without one, and those below do not look like it; or if all cells are
    texts, none of which comes again. In doubt it is data, of which none is to be lost.

    Args:
      rows: its first ones, at least one.
      form: how its numbers are written.
    """
    first = rows[0]
    below = [row for row in rows[1:] if len(row) == len(first)]
    if not below:  # a number tells that it is data, or else nothing does
        return Verdict(not any(form.number(cell) is not None for cell in first), False)
    columns = [_Column(i, *column, form) for i, column in enumerate(zip(first, zip(*below)))]
    if len(columns) > 1 and not first[0] and columns[0].counts_rows():
        columns = columns[1:]  # names in a row that begins with that of the index, which has none
        if all(column.name_is_text or _INTEGER.fullmatch(column.name) for column in columns):
            return Verdict(True, False)
    columns = [column for column in columns if column.cells]  # the others tell nothing
    numbers = [column for column in columns if column.is_numbers]
    texts = [column for column in columns if not column.is_numbers]
    new = all(column.name_is_new for column in texts)
    if any(column.name_is_text for column in numbers):
        integers = [column.name for column in numbers if column.name_is_number]
        words = all(c.name_is_word for c in numbers if c.name_is_text)  # and no "1,000"
        header = not integers or new and words and all(map(_INTEGER.fullmatch, integers))
        return Verdict(header, header and bool(integers or not new))
    if not numbers and all(column.name_is_text for column in texts):
        return Verdict(new and len(set(first)) == len(first), True)
    return _guess_integers(columns, new)


class _Column:
    """A name, if it is one, and the cells below it."""

    def __init__(self, place: int, name: str, cells: Sequence[str], form: Format) -> None:
        filled = [cell for cell in cells if cell not in MISSING]
        numbers = [form.number(cell) for cell in filled]
        self.place, self.name = place, name
        self.cells = filled
        self.numbers: List[float] = [number for number in numbers if number is not None]
        self.is_numbers = 2 * len(self.numbers) >= len(filled)
        self.name_is_number = form.number(name) is not None
        self.name_is_text = name not in MISSING and not self.name_is_number
        self.name_is_word = any(map(str.isalpha, name))
        self.name_is_new = name not in cells

    def counts_rows(self) -> bool:
        """Whether the cells are 0, 1, 2, ..., or from 1."""
        return any(
            self.cells == [str(start + i) for i in range(len(self.cells))] for start in (0, 1)
        )

    def has_decimals(self) -> bool:
        """Whether no number is written as an integer."""
        return bool(self.cells) and not any(_INTEGER.fullmatch(cell) for cell in self.cells)

    def distance(self) -> Optional[float]:
        """Of a number in the name to those below, in ranges of these; None where they have none."""
        low, high, name = min(self.numbers), max(self.numbers), float(self.name)
        away = max(low - name, name - high, 0.0)
        return away / (high - low) if high > low else (None if away else 0.0)


def _guess_integers(columns: List[_Column], new: bool) -> Verdict:
    """As `guess`, where no name is a text above numbers."""
    counted = [column for column in columns if column.name_is_number]
    others = [column for column in columns if not column.name_is_number]
    if not counted or not all(_INTEGER.fullmatch(column.name) for column in counted):
        return Verdict(False, False)
    numbers = [column for column in counted if column.is_numbers]
    # Names that are integers above decimals or texts, or far from other integers.
    unlike = len(numbers) < len(counted) or any(column.has_decimals() for column in numbers)
    if len(columns) == 1:
        return Verdict(unlike and columns[0].name == "0", unlike)
    counts = len({int(column.name) - column.place for column in counted}) == 1
    if len(counted) == 1 or not counts or not new:
        return Verdict(False, False)
    if not all(column.name_is_text for column in others):
        return Verdict(False, True)
    return Verdict(unlike or _is_outlier(numbers), True)


def _is_outlier(columns: List[_Column]) -> bool:
    """Whether names lie far from integers below, and most of them out of their range.

    A row that is only the smallest is none: tables are often sorted.
    """
    if sum(len(column.numbers) for column in columns) < FEWEST:
        return False
    rows = list(zip(*(column.numbers for column in columns)))
    if all(b - a == 1 for row in rows for a, b in zip(row, row[1:])):
        return False  # rows that count up, all of them
    away = [column.distance() for column in columns]
    outside = sum(distance is None or distance > 0 for distance in away)
    far = any(distance is not None and distance > 1 for distance in away)
    return far and 2 * outside > len(columns)


def remarks(first: Sequence[str], verdict: Verdict) -> Tuple[str, ...]:
    """Says how a first row is taken that might be taken otherwise."""
    if not verdict.doubt:
        return ()
    shown = repr(",".join(first)[:40])[1:-1]
    if verdict.is_header:
        taken = "as names; --header=no if it is data"
    else:
        taken = "as data; --header=yes if it is names"
    return (f"the first row, {shown}, is taken {taken}",)
