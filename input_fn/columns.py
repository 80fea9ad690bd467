"""A file's rows as points for networks and scores, and points as the file's rows again.

A row holds what the user's file holds: integers, categories, constants, columns of any unit. A
point is what networks, scores and pictures see of it: numbers of mean 0 and deviation 1, constant
columns left out, a category as one coordinate for each of its texts, and one more coordinate for
each column that lacks numbers, which says where (see `gaps`). Imports no TensorFlow.
"""

from typing import Dict, Iterator, NamedTuple, Tuple

import numpy as np
from scipy import special

from input_fn import gaps, quantiles

MISSING = "missing"
"""What a number or text that is not there is called."""
NUMBERS_AT_A_TIME = 1 << 20
"""In double precision, of samples that become rows."""


class Columns(NamedTuple):
    """What a file's columns hold, from a look at all of its rows.

    D columns, G more behind them that say where numbers are missing, d coordinates.
    """

    names: Tuple[str, ...]  # D; () where a row is no flat list of columns
    shape: Tuple[int, ...]  # of a row
    dtype: str  # of rows that are given back
    low: np.ndarray  # [D + G] float64, smallest value
    high: np.ndarray  # [D + G] float64, largest value
    step: np.ndarray  # [D + G] float64 of the grid from `low` that the values lie on; 0: on none
    values: Dict[int, np.ndarray]  # by column: its few distinct values, sorted
    categories: Dict[int, Tuple[str, ...]]  # by column: its texts; a row holds their numbers
    knots: Dict[int, np.ndarray]  # by column of long tails: [2, k] values, and their normal scores
    bounds: Dict[int, np.ndarray]  # by column of few values: [k - 1] normal scores between them
    source: np.ndarray  # [d] int64, the column that a coordinate comes from
    shift: np.ndarray  # [d] float64
    scale: np.ndarray  # [d] float64, > 0
    extrapolates: bool  # whether rows given back may lie outside [low, high]
    channels_first: bool = False  # whether a row's first axis is the last of a point
    gaps: Tuple[int, ...] = ()  # G, the columns that lack numbers, nan in rows

    @property
    def point_shape(self) -> Tuple[int, ...]:
        """Shape of one point."""
        if self.is_table:
            return (len(self.source),)
        return (*self.shape[1:], self.shape[0]) if self.channels_first else self.shape

    @property
    def is_table(self) -> bool:
        """Whether a row is a flat list of columns, and no image."""
        return len(self.shape) == 1

    @property
    def constant(self) -> np.ndarray:
        """[D + G] bool, columns that hold one value."""
        return self.low == self.high

    @property
    def coordinate_names(self) -> Tuple[str, ...]:
        """[d] what a table's coordinates are called."""
        names = []
        for coordinate, column in enumerate(self.source):
            texts = self.categories.get(int(column))
            if column >= len(self.names):
                name = f"{self.names[self.gaps[column - len(self.names)]]}={MISSING}"
            elif texts:
                text = texts[coordinate - self.coordinates(int(column))[0]]
                name = f"{self.names[column]}={text or MISSING}"
            else:
                name = self.names[column]
            names.append(name)
        return tuple(names)

    @property
    def users_columns(self) -> np.ndarray:
        """[d] the column, of D, that each of a table's coordinates tells something of."""
        return np.array([*range(len(self.names)), *self.gaps], np.int64)[self.source]

    def coordinates(self, column: int) -> np.ndarray:
        """Numbers of the coordinates that a column becomes, in their order."""
        return np.flatnonzero(self.source == column)

    def encode(self, rows: np.ndarray) -> np.ndarray:
        """Points [*any, *point_shape] float32 of rows [*any, *shape].

        They are centred in double precision first: float32 would not tell times of day apart that
        are counted from 1970. A missing number is 0, in the middle of the others: normal ones in
        its place, drawn anew while a GAN trains, brought nothing.
        """
        if not self.is_table:
            last = np.moveaxis(rows, -3, -1) if self.channels_first else rows
            return np.asarray(last, np.float32)
        rows = gaps.whole(rows, self.gaps)
        chosen = rows[..., self.source].astype(np.float64)
        for column, texts in self._varying_categories():
            own = self.coordinates(column)
            chosen[..., own] = rows[..., [column]] == np.arange(len(texts))
        for column, (values, scores) in self.bent.items():
            own = rows[..., column].astype(np.float64)
            chosen[..., self.coordinates(column)[0]] = np.interp(own, values, scores)
        chosen -= self.shift
        chosen /= self.scale
        for own in self.gap_ends:  # a nan elsewhere stays one
            chosen[..., own][np.isnan(chosen[..., own])] = 0.0
        return chosen.astype(np.float32)

    def decode(self, points: np.ndarray) -> np.ndarray:
        """Rows [n, *shape] of points [n, *point_shape], as the file could hold them.

        Values that lie on a grid come out on it, few distinct values as the nearest of them,
        constants as they are, categories as the number of the likeliest text, nan where a number
        is missing, and nothing lies outside the data's range unless `extrapolates`.
        """
        if self.channels_first:
            points = np.moveaxis(points, -1, 1)
        flat = points.reshape(len(points), -1).astype(np.float64) * self.scale + self.shift
        rows = np.tile(self.low, (len(points), 1))
        rows[:, self.source] = flat
        for column, (values, scores) in self.knots.items():
            rows[:, column] = np.interp(rows[:, column], scores, values)
        with np.errstate(over="ignore", invalid="ignore"):
            steps = np.where(self.step > 0, self.step, 1.0)
            snapped = self.low + steps * np.rint((rows - self.low) / steps)
        rows = np.where(self.step > 0, _tidy(snapped, self.step), rows)
        if not self.extrapolates:
            rows = np.clip(rows, self.low, self.high)
        for column, own_values in self.values.items():
            middles = (own_values[1:] + own_values[:-1]) / 2
            at, between = rows[:, column], middles
            if column in self.bounds:  # as often as they come in the data
                at, between = flat[:, self.coordinates(column)[0]], self.bounds[column]
            rows[:, column] = own_values[np.searchsorted(between, at)]
        for column, _ in self._varying_categories():
            rows[:, column] = flat[:, self.coordinates(column)].argmax(axis=1)
        return self._typed(gaps.merged(rows, self.gaps)).reshape(len(points), *self.shape)

    @property
    def gap_ends(self) -> Dict[int, Tuple[int, float]]:
        """By coordinate that may lack its number: the one that says so, and from where on."""
        found = {}
        for place, column in enumerate(self.gaps, len(self.names)):
            for own in self.coordinates(column):
                (says,) = self.coordinates(place)
                found[int(own)] = (int(says), (0.5 - self.shift[says]) / self.scale[says])
        return found

    @property
    def bent(self) -> Dict[int, np.ndarray]:
        """By column that goes by its quantiles: [2, k] values, and their normal scores."""
        of_few = {
            column: np.stack([self.values[column], quantiles.middles(bounds)])
            for column, bounds in self.bounds.items()
        }
        return {**self.knots, **of_few}

    def dequantise(self, points: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        """Points whose columns of few values are spread over the normal scores that give them.

        So a GAN learns a density where there is one, and values come out as often as they came in.

        Args:
          points: [*any, d] float32, of a table's rows; changed in place.
          rng: where in its interval each lies.
        """
        for column, bounds in self.bounds.items():
            own = points[..., self.coordinates(column)[0]]
            ends = np.concatenate([[0.0], special.ndtr(bounds), [1.0]])
            place = np.searchsorted(bounds, own)
            uniform = np.maximum(rng.random(own.shape), quantiles.SMALLEST)
            own[...] = special.ndtri(ends[place] + uniform * (ends[place + 1] - ends[place]))
        return points

    def finish(self, points: np.ndarray) -> np.ndarray:
        """Points as they are once they have been rows: on grids, in range, of one category."""
        finished = np.empty(points.shape, np.float32)
        each = max(1, NUMBERS_AT_A_TIME // max(1, len(self.low)))
        for start in range(0, len(points), each):  # of a pool, little more than itself is held
            part = slice(start, start + each)
            finished[part] = self.encode(self.decode(points[part]))
        return finished

    def _varying_categories(self) -> Iterator[Tuple[int, Tuple[str, ...]]]:
        """Columns of several texts, each of which is a coordinate."""
        return ((c, texts) for c, texts in self.categories.items() if len(texts) > 1)

    def _typed(self, rows: np.ndarray) -> np.ndarray:
        kind = np.dtype(self.dtype)
        if kind.kind in "iu":
            limits = np.iinfo(kind)
            rows = np.clip(np.rint(rows), limits.min, limits.max)
        return rows.astype(kind)

    def is_never_there(self, column: int) -> bool:
        """Whether a table's column lacks all of its numbers."""
        place = len(self.names) + self.gaps.index(column) if column in self.gaps else 0
        return bool(place and self.low[place] == 1)

    def is_whole(self, column: int) -> bool:
        """Whether a table's column holds integers only."""
        steps = self.constant[column] or (self.step[column] > 0 and self.step[column] % 1 == 0)
        return bool(column not in self.categories and steps and self.low[column] % 1 == 0)


def _tidy(values: np.ndarray, step: np.ndarray) -> np.ndarray:
    """Multiples of a decimal step without the digits that rounding adds: .3 for .30000000000000004.

    Args:
      values: [n, D] on their grids.
      step: [D] of them; of 10^-k and its multiples.
    """
    tidied = values
    for digits in range(1, DECIMALS + 1):
        has = (step > 0) & np.isclose(step * 10**digits, np.rint(step * 10**digits), rtol=1e-9)
        has &= ~np.isclose(step * 10 ** (digits - 1), np.rint(step * 10 ** (digits - 1)), rtol=1e-9)
        if has.any():
            tidied = np.where(has, np.round(values, digits), tidied)
    return tidied


DECIMALS = 4
"""Digits behind the point of the finest grid that is looked for."""
