"""Rows of a table as they come: those with missing numbers left out or kept, texts counted.

Imports no TensorFlow.
"""

import re
from typing import Dict, Iterable, List, Optional, Sequence, Tuple

import numpy as np

from input_fn.table_cells import Parsed
from input_fn.table_choice import as_flag, shown

MOST_CATEGORIES = 100
_DATE = re.compile(r"\d{4}[-/.]\d\d?[-/.]\d\d?.*|\d\d?[-/.]\d\d?[-/.]\d{4}.*", re.A)
_ALMOST_NUMBER = re.compile(r"[^\w]*\d[\d.,' %$€£]*", re.A)
ROWS_AT_A_TIME = 65536


class Rows:
    """All rows, of D columns."""

    def __init__(
        self,
        names: Sequence[str],
        texts: Sequence[int],
        na_values: Tuple[str, ...],
        index: bool,
        keeps_missing: bool = False,
    ) -> None:
        """A table without rows yet.

        Args:
          names: [D] of the columns.
          texts: numbers of the columns of texts.
          na_values: see `TableOptions`.
          index: whether the first column is left out if it does nothing but count the rows.
          keeps_missing: whether rows that lack numbers are kept, with nan for each.
        """
        self._names = names
        self._numeric = ~np.isin(np.arange(len(names)), list(texts))
        self._leaves_out, self._keeps_missing = bool(na_values), keeps_missing
        self._na_values = set(na_values)
        self._na_numbers = [value for value in map(_number, na_values) if value is not None]
        self._codes: Dict[int, Dict[str, int]] = {number: {} for number in sorted(texts)}
        self._values = np.empty((0, len(names)))
        self._read = 0  # rows so far, with those that are left out
        self._lacking = 0  # of them
        self._missing = np.zeros(len(names), np.int64)  # of their cells
        self._first: Optional[Tuple[int, int]] = None  # row and column of a missing number
        self._may_be_index = index
        self._index = np.nan  # what its first row holds, 0 or 1, if it counts

    def add(self, parsed: Parsed) -> None:
        """Appends some rows.

        Raises:
          ValueError: if a column has too many texts; names it.
        """
        numbers, texts = parsed
        if not len(numbers):
            return
        self._see_index(numbers[:, 0])
        if self._na_numbers:
            numbers[np.isin(numbers, self._na_numbers) & self._numeric] = np.nan
        missing = np.isnan(numbers)
        kept = ~missing.any(axis=1)
        self._missing += missing.sum(axis=0)
        if not kept.all() and not self._keeps_missing:
            if self._first is None:
                row, column = np.unravel_index(int(np.argmax(missing)), missing.shape)
                self._first = (self._read + int(row) + 1, int(column))
            self._lacking += int((~kept).sum())
            numbers, texts = numbers[kept], {n: cells[kept] for n, cells in texts.items()}
        self._read += len(kept)
        for number in self._codes:
            numbers[:, number] = self._code(number, texts[number])
        # Grown in place, not collected and copied: the numbers are held once.
        before = len(self._values)
        self._values.resize((before + len(numbers), len(self._names)), refcheck=False)
        self._values[before:] = numbers

    def _see_index(self, column: np.ndarray) -> None:
        if not self._read and column[0] in (0, 1):
            self._index = column[0]
        if not np.array_equal(column, self._index + self._read + np.arange(len(column))):
            self._index = np.nan

    def _code(self, number: int, cells: np.ndarray) -> np.ndarray:
        """Numbers of a column's texts, in the order in which they came."""
        import pandas

        codes, found = pandas.factorize(cells)
        known = self._codes[number]
        place = [
            known.setdefault("" if text in self._na_values else text, len(known)) for text in found
        ]
        if len(known) > MOST_CATEGORIES:
            name = self._names[number]
            raise ValueError(
                f"column {shown(name)} has {len(known)} different texts in {self._read} rows, too "
                f"many for categories (at most {MOST_CATEGORIES}); {_hint(known)}"
                f"{as_flag('drop', name)} leaves it out"
            )
        return np.array(place, np.float64)[codes]

    def take(self) -> Tuple[np.ndarray, Tuple[str, ...], Dict[int, Tuple[str, ...]], List[str]]:
        """All rows, the columns' names, the texts by column, and remarks; nothing stays here.

        Raises:
          ValueError: if there are none, or a number is missing.
        """
        if not self._read:
            raise ValueError("has no rows of numbers")
        said = self._check_missing()
        values, names = self._values, tuple(self._names)
        categories = {number: tuple(sorted(known)) for number, known in self._codes.items()}
        for number, known in self._codes.items():
            ranks = np.zeros(len(known))
            ranks[[known[text] for text in categories[number]]] = np.arange(len(known))
            values[:, number] = ranks[values[:, number].astype(int)]
            said.extend(_almost_numbers(names[number], categories[number]))
        counts = self._numeric[0] and not np.isnan(self._index)
        if self._may_be_index and not counts:
            said.append(
                f"the first column, {shown(names[0])}, is kept, for it does not just count the "
                f"rows; {as_flag('drop', names[0])} leaves it out"
            )
        elif self._may_be_index and len(names) > 1:
            said.append(f"the first column, {shown(names[0])}, is left out: it counts the rows")
            _without_first(values)
            names = names[1:]
            categories = {number - 1: texts for number, texts in categories.items()}
        self._values = np.empty((0, len(names)))
        return values, names, categories, said

    def _check_missing(self) -> List[str]:
        if self._first is None:
            return []
        row, column = self._first
        name = shown(self._names[column])
        if not self._leaves_out:
            raise ValueError(
                f"row {row} of the data, column {name}: a number is missing, as in {self._lacking} "
                f"of {self._read} rows; fill it in, or --na_values=NA leaves such rows out, or "
                f"--keep_missing keeps them"
            )
        if self._lacking == self._read:
            most = int(np.argmax(self._missing))
            name = shown(self._names[most])
            raise ValueError(
                f"all {self._read} rows lack a number, {self._missing[most]} of them that of "
                f"column {name}; {as_flag('drop', self._names[most])} leaves it out"
            )
        return [f"{self._lacking} of {self._read} rows are left out: they lack a number"]


def _number(text: str) -> Optional[float]:
    try:
        return float(text.replace(",", "."))
    except ValueError:
        return None


def _hint(texts: Iterable[str]) -> str:
    if all(_DATE.fullmatch(text) for text in texts if text):
        return "convert dates to numbers, or "
    if all(_ALMOST_NUMBER.fullmatch(text) for text in texts if text):
        return "write them as plain numbers, without signs between thousands and units, or "
    return ""


def _almost_numbers(name: str, texts: Sequence[str]) -> List[str]:
    """Says that texts might be numbers that are written in another way."""
    if not any(texts) or not all(_ALMOST_NUMBER.fullmatch(text) for text in texts if text):
        return []
    example = shown(next(text for text in texts if text))
    return [f"column {shown(name)} holds texts such as {example}: they are categories, no numbers"]


def _without_first(values: np.ndarray) -> None:
    """Leaves the first column out, in place: there may be no memory for both."""
    rows, columns = values.shape
    flat = values.reshape(-1)
    for start in range(0, rows, ROWS_AT_A_TIME):
        part = values[start : start + ROWS_AT_A_TIME, 1:].ravel()
        flat[start * (columns - 1) :][: part.size] = part
    del flat
    values.resize((rows, columns - 1), refcheck=False)
