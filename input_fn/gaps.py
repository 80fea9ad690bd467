"""Numbers that a table's rows lack: each column that lacks some has another one that says where.

Rows of a file are [*any, D], nan where a number is missing. Whole rows are [*any, D + G]: behind
them stands a column for each of the G that have gaps, 1 where that one's number is missing, else 0.

Imports no TensorFlow.
"""

from typing import Dict, NamedTuple, Sequence, Tuple

import numpy as np


class Gap(NamedTuple):
    """What a column lacks."""

    rows: int  # that lack its number
    stand_in: float  # one of its numbers, in the middle of the first of them; 0 if it has none


class Gaps:
    """Finds the columns that have gaps in rows that come some at a time."""

    def __init__(self) -> None:
        """No rows yet."""
        self._rows = np.zeros(0, np.int64)  # [D] that lack each number
        self._middle = np.zeros(0)  # [D] nan as long as a column has no number

    def see(self, rows: np.ndarray) -> np.ndarray:
        """Counts what some rows lack.

        Args:
          rows: [n, D], n >= 1.

        Returns:
          [n, 2 D] for comparisons: the rows with 0 for nan, and behind them 1 where that was.
        """
        if not self._rows.size:
            self._rows = np.zeros(rows.shape[1], np.int64)
            self._middle = np.full(rows.shape[1], np.nan)
        lacking = np.isnan(rows)
        self._rows += lacking.sum(axis=0)
        for column in np.flatnonzero(np.isnan(self._middle) & ~lacking.all(axis=0)):
            own = np.sort(rows[~lacking[:, column], column])
            self._middle[column] = own[(len(own) - 1) // 2]
        return np.concatenate([np.where(lacking, 0, rows), lacking], axis=1)

    def found(self) -> Dict[int, Gap]:
        """By number of the column, in their order."""
        middle = np.nan_to_num(self._middle)
        return {
            int(column): Gap(int(self._rows[column]), float(middle[column]))
            for column in np.flatnonzero(self._rows)
        }


def whole(rows: np.ndarray, columns: Sequence[int]) -> np.ndarray:
    """Whole rows of rows; nan stays where a number is missing.

    Args:
      rows: [*any, D].
      columns: G numbers of those that have gaps.
    """
    if not columns:
        return rows
    return np.concatenate([rows, np.isnan(rows[..., list(columns)])], axis=-1)


def merged(rows: np.ndarray, columns: Sequence[int]) -> np.ndarray:
    """Rows [n, D] of whole rows [n, D + G]: nan where the latter say that a number is missing."""
    if not columns:
        return rows
    width = rows.shape[1] - len(columns)
    own = rows[:, :width].copy()
    for place, column in enumerate(columns, width):
        own[rows[:, place] > 0.5, column] = np.nan
    return own


def stood_in(rows: np.ndarray, gaps: Dict[int, Gap]) -> np.ndarray:
    """Whole rows [n, D + G] of rows [n, D], a stand-in for each missing number."""
    made = whole(rows, list(gaps))
    for column, gap in gaps.items():
        made[np.isnan(rows[:, column]), column] = gap.stand_in
    return made


def spread(rows: np.ndarray, gaps: Dict[int, Gap]) -> np.ndarray:
    """Whole rows whose missing numbers are those of the other rows in turn, not a stand-in.

    So each column is distributed as the numbers that it has.

    Args:
      rows: [n, D + G], as `stood_in` makes them; changed in place.
      gaps: of them.
    """
    for place, column in enumerate(gaps, rows.shape[1] - len(gaps)):
        lacking = rows[:, place] > 0.5
        if not lacking.all():
            rows[lacking, column] = np.resize(rows[~lacking, column], lacking.sum())
    return rows


def of_present(
    mean: np.ndarray, deviation: np.ndarray, gaps: Dict[int, Gap]
) -> Tuple[np.ndarray, np.ndarray]:
    """Moments of the numbers that are there.

    Args:
      mean: [D + G] of whole rows, as `stood_in` makes them.
      deviation: [D + G] of the same.
      gaps: of them.
    """
    mean, deviation = mean.copy(), deviation.copy()
    for place, (column, gap) in enumerate(gaps.items(), len(mean) - len(gaps)):
        present, away = 1 - mean[place], mean[column] - gap.stand_in
        if present > 0:  # of the rows that these are moments of
            square = (deviation[column] ** 2 + away**2) / present
            mean[column] = gap.stand_in + away / present
            deviation[column] = np.sqrt(max(0.0, square - (away / present) ** 2))
    return mean, deviation
