"""Numbers that stand for something else: -999999 in a column of 2 to 6.

Imports no TensorFlow.
"""

from typing import Callable, Iterable, Iterator, NamedTuple

import numpy as np

from input_fn import files
from input_fn.files import Loaded

LOOKED_AT = 5000
"""Rows drawn at random that tell how a column spreads."""
FAR = 20
"""Times the spread of most values, from where on a value is remarked upon."""
RARE = 0.2
"""Share of the rows that such a value may have at most."""


class _Columns(NamedTuple):
    """Those that spread."""

    numbers: np.ndarray  # [c]
    middle: np.ndarray  # [c]
    spread: np.ndarray  # [c]


class _Farthest(NamedTuple):
    """Of each column one value."""

    away: np.ndarray  # [c] from the middle
    row: np.ndarray  # [c] its number
    value: np.ndarray  # [c]


def remarks(
    chunks: Callable[[], Iterable[np.ndarray]], some: np.ndarray, loaded: Loaded
) -> Iterator[str]:
    """What stands alone and far away in a table's columns, a line each.

    Args:
      chunks: gives all rows [n, D] float64, some at a time; asked only where there is a suspect.
      some: [n, D] rows drawn at random.
      loaded: the file.
    """
    if loaded.rows.ndim != 2:
        return
    low, middle, high = np.percentile(some, [16, 50, 84], axis=0)
    spread = (high - low) / 2
    columns = np.flatnonzero(spread > 0)
    columns = columns[[column not in loaded.categories for column in columns]]
    if not len(columns):
        return
    seen = _Columns(columns, middle[columns], spread[columns])
    farthest = _farthest(chunks(), seen)
    suspects = np.flatnonzero(farthest.away > FAR * seen.spread)
    if not len(suspects):
        return
    same, near = _company(chunks(), seen, farthest, suspects)
    for index, suspect in enumerate(suspects):
        # A long tail has others on the way.
        if same[index] == near[index] and same[index] <= max(1, RARE * len(loaded.rows)):
            called = files.called(int(columns[suspect]), loaded.names)
            text = f"{farthest.value[suspect]:.15g}"
            yield (
                f"row {farthest.row[suspect] + 1}, {called}: {text} lies "
                f"{farthest.away[suspect] / seen.spread[suspect]:,.0f} deviations of the others "
                f"away{f', as {same[index]} rows do' if same[index] > 1 else ''}; if it stands for "
                f"a missing value, leave it out{f', by --na_values={text}' if loaded.names else ''}"
            )


def _farthest(chunks: Iterable[np.ndarray], seen: _Columns) -> _Farthest:
    """Of each column the value that lies farthest from its middle."""
    number, width = 0, len(seen.numbers)
    found = _Farthest(np.zeros(width), np.zeros(width, np.int64), seen.middle)
    for chunk in chunks:
        away = np.abs(chunk[:, seen.numbers] - seen.middle)
        at = away.argmax(axis=0)
        here = _Farthest(away[at, np.arange(width)], number + at, chunk[at, seen.numbers])
        better = here.away > found.away
        found = _Farthest(*(np.where(better, new, old) for new, old in zip(here, found)))
        number += len(chunk)
    return found


def _company(
    chunks: Iterable[np.ndarray], seen: _Columns, farthest: _Farthest, suspects: np.ndarray
) -> np.ndarray:
    """How many rows hold each suspect's very value, and how many anything half as far: [2, s]."""
    company = np.zeros((2, len(suspects)), np.int64)
    for chunk in chunks:
        own = chunk[:, seen.numbers[suspects]]
        away = np.abs(own - seen.middle[suspects])
        company[0] += (own == farthest.value[suspects]).sum(axis=0)
        company[1] += (away > farthest.away[suspects] / 2).sum(axis=0)
    return company
