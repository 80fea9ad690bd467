"""Numbers that stand for something else: -999999 in a column of 2 to 6.

Imports no TensorFlow.
"""

from typing import Callable, Iterable, Iterator

import numpy as np

from input_fn import files
from input_fn.files import Loaded

LOOKED_AT = 5000
"""Rows drawn at random that tell how a column spreads."""
FAR = 20
"""Times the spread of most values, from where on a value is remarked upon."""
RARE = 0.2
"""Share of the rows that such a value may have at most."""


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
    middle, spread = middle[columns], spread[columns]
    largest, rows, number = np.zeros(len(columns)), np.zeros(len(columns), np.int64), 0
    value = middle.copy()
    for chunk in chunks():
        away = np.abs(chunk[:, columns] - middle)
        at = away.argmax(axis=0)
        farthest = away[at, np.arange(len(columns))]
        better = farthest > largest
        rows, value = (
            np.where(better, number + at, rows),
            np.where(better, chunk[at, columns], value),
        )
        largest, number = np.maximum(largest, farthest), number + len(chunk)
    suspects = np.flatnonzero(largest > FAR * spread)
    if not len(suspects):
        return
    same, near = np.zeros((2, len(suspects)), np.int64)
    for chunk in chunks():
        own = chunk[:, columns[suspects]]
        same += (own == value[suspects]).sum(axis=0)
        near += (np.abs(own - middle[suspects]) > largest[suspects] / 2).sum(axis=0)
    for index, suspect in enumerate(suspects):
        # A long tail has others on the way.
        if same[index] == near[index] and same[index] <= max(1, RARE * number):
            called = files.called(int(columns[suspect]), loaded.names)
            text = f"{value[suspect]:.15g}"
            yield (
                f"row {rows[suspect] + 1}, {called}: {text} lies "
                f"{largest[suspect] / spread[suspect]:,.0f} deviations of the others away"
                f"{f', as {same[index]} rows do' if same[index] > 1 else ''}; if it stands for a "
                f"missing value, leave it out{f', by --na_values={text}' if loaded.names else ''}"
            )
