"""What the columns of a file hold, found in one pass over its rows.

Imports no TensorFlow.
"""

from typing import Dict, Iterable, List, NamedTuple, Set

import numpy as np

from input_fn.columns import DECIMALS

FEW_VALUES = 1000
"""At most so many distinct values of a column are kept as they are."""
REPEATED = 20
"""And each must come so often on average, or they are what the sample happens to hold."""
MOST_STEPS = 2**52
"""Between smallest and largest value: more are not told apart in double precision."""
MANY_COLUMNS = 2000
"""Of so many, none is asked for its distinct values: it takes long, and they are of one kind."""


class Survey(NamedTuple):
    """What D columns hold."""

    low: np.ndarray  # [D] float64
    high: np.ndarray  # [D] float64
    step: np.ndarray  # [D] float64 of the grid from `low` that all values lie on; 0: on none
    values: Dict[int, np.ndarray]  # by column: its distinct values, sorted, where they are few


def of_table(chunks: Iterable[np.ndarray], number: int, precision: float) -> Survey:
    """Surveys the columns of a table.

    Args:
      chunks: [n, D] float64 rows, all of them, some at a time.
      number: of rows in all.
      precision: relative, of the numbers as the file holds them.
    """
    few = max(2, min(FEW_VALUES, number // REPEATED))
    low, high, grids, distinct = np.inf, -np.inf, _Grids(), _Distinct(few)
    for chunk in chunks:
        low, high = np.minimum(low, chunk.min(axis=0)), np.maximum(high, chunk.max(axis=0))
        grids.see(chunk, precision)
        distinct.see(chunk)
    low, high = np.asarray(low), np.asarray(high)
    step = grids.steps(low)
    step[(high - low) > MOST_STEPS * np.where(step > 0, step, np.inf)] = 0.0
    step[high == low] = 0.0
    return Survey(low, high, step, distinct.values())


def of_images(chunks: Iterable[np.ndarray], whole: bool) -> Survey:
    """Surveys the coordinates of images and the like: their range, and whether they are whole.

    Args:
      chunks: [n, D] float64 flat points, all of them, some at a time.
      whole: whether they are integers by their type.
    """
    low, high, integers = np.inf, -np.inf, True
    for chunk in chunks:
        low, high = np.minimum(low, chunk.min(axis=0)), np.maximum(high, chunk.max(axis=0))
        integers = integers and (whole or bool((chunk == np.rint(chunk)).all()))
    low, high = np.asarray(low), np.asarray(high)
    step = np.where(high > low, 1.0 if integers else 0.0, 0.0)
    return Survey(low, high, step, {})


class _Grids:
    """The coarsest decimal grid of each column."""

    def __init__(self) -> None:
        self._fits: List[np.ndarray] = []  # by number of decimals, [D] bool
        self._divisors: List[np.ndarray] = []  # of the differences to the first row, in its units
        self._first = np.zeros(0)

    def see(self, chunk: np.ndarray, precision: float) -> None:
        """Drops what does not fit these rows."""
        if not self._fits:
            self._first = chunk[0].copy()
            self._fits = [np.ones(chunk.shape[1], bool) for _ in range(DECIMALS + 1)]
            self._divisors = [np.zeros(chunk.shape[1], np.int64) for _ in range(DECIMALS + 1)]
        for digits, (fits, divisors) in enumerate(zip(self._fits, self._divisors)):
            columns = np.flatnonzero(fits)
            if not len(columns):
                continue
            scaled = chunk[:, columns] * 10.0**digits
            nearest = np.rint(scaled)
            close = np.abs(scaled - nearest) <= 4 * precision * np.maximum(np.abs(scaled), 1.0)
            tells = np.abs(scaled).max(axis=0) * precision < 0.01  # of a finer grid and this one
            good = close.all(axis=0) & tells
            fits[columns] = good
            columns, nearest = columns[good], nearest[:, good]
            apart = nearest - np.rint(self._first[columns] * 10.0**digits)
            found = np.gcd.reduce(np.abs(apart).astype(np.int64), axis=0)
            divisors[columns] = np.gcd(divisors[columns], found)

    def steps(self, low: np.ndarray) -> np.ndarray:
        """[D] the steps; 0 where no grid fits, or there is one value only."""
        steps = np.zeros(low.shape)
        for digits in reversed(range(DECIMALS + 1)):  # the fewest decimals that fit count
            fits = self._fits[digits]
            steps[fits] = self._divisors[digits][fits] / 10.0**digits
        return steps


class _Distinct:
    """The distinct values of the columns that have few."""

    def __init__(self, few: int) -> None:
        """Args: how many are few."""
        self._few = few
        self._found: Dict[int, Set[float]] = {}
        self._begun = False

    def see(self, chunk: np.ndarray) -> None:
        """Adds the values of these rows."""
        every = range(chunk.shape[1] if chunk.shape[1] <= MANY_COLUMNS else 0)
        columns: Iterable[int] = list(self._found) if self._begun else every
        self._begun = True
        for column in columns:
            own = chunk[:, column]
            # A look at some first: sorting all of a continuous column takes its time.
            if len(np.unique(own[: 2 * self._few + 2])) <= self._few:
                known = self._found.get(column, set()) | set(np.unique(own).tolist())
                if len(known) <= self._few:
                    self._found[column] = known
                    continue
            self._found.pop(column, None)

    def values(self) -> Dict[int, np.ndarray]:
        """Those of more than one value, sorted."""
        return {c: np.array(sorted(v)) for c, v in self._found.items() if len(v) > 1}
