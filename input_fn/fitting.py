"""What is known of a file's columns, fitted to its rows.

Imports no TensorFlow.
"""

from typing import Iterator, Optional, Tuple

import numpy as np

from base.errors import UsageError
from input_fn import datasets, files, gaps, quantiles, survey
from input_fn.columns import Columns
from input_fn.files import Loaded
from input_fn.settings import DataSettings
from input_fn.survey import Survey

CHANNELS = (1, 3, 4)
"""Of images: an axis of such a length, and no other one, holds them."""
Units = Tuple[np.ndarray, np.ndarray]
"""Shift and scale of numbers that networks see."""


def of_table(
    settings: DataSettings,
    loaded: Loaded,
    mean: np.ndarray,
    deviation: np.ndarray,
    some: np.ndarray,
) -> Columns:
    """Of a table: which coordinates of the networks each column becomes, and in which units.

    Args:
      settings: how columns are transformed.
      loaded: the file, of D columns.
      mean: [D + G] of the training rows, whole ones; see `gaps`.
      deviation: [D + G] of theirs.
      some: [n, D + G] rows drawn at random.
    """
    rows, width = loaded.rows, loaded.rows.shape[1]
    precision = np.finfo(rows.dtype).eps if rows.dtype.kind == "f" else np.finfo(float).eps
    found = survey.of_table(chunks(loaded), len(rows), float(precision))
    # Where numbers are missing is a category: its two values stay apart, and are not spread.
    values = {c: v for c, v in found.values.items() if c not in loaded.categories and c < width}
    transforms = settings.column_transform != "standard" and settings.standardise != "no"
    knots, bounds, own = {}, {}, dict(_of_categories(loaded))
    if transforms:
        for column in _by_quantiles(settings, loaded, found, some):
            knots[column], own[column] = _normal_scores(loaded, found, column)
        bounds = {c: quantiles.bounds(_column(loaded, c), v) for c, v in values.items()}
        own.update({column: (np.zeros(1), np.ones(1)) for column in bounds})
    source = np.repeat(np.arange(len(found.low)), _coordinates(loaded, found))
    shift, scale = mean[source], datasets.with_units(mean, deviation)[1][source]
    for column, (its_shift, its_scale) in own.items():
        shift[source == column], scale[source == column] = its_shift, its_scale
    return Columns(
        names=loaded.names or tuple(f"x{column}" for column in range(width)),
        shape=rows.shape[1:],
        dtype=rows.dtype.str,
        low=found.low,
        high=found.high,
        step=found.step,
        values=values,
        categories=loaded.categories,
        knots=knots,
        bounds=bounds,
        source=source,
        shift=shift,
        scale=scale,
        extrapolates=settings.extrapolate,
        gaps=tuple(loaded.gaps),
    )


def of_images(settings: DataSettings, loaded: Loaded) -> Columns:
    """Of images: each of their numbers is one of the networks', in the file's units."""
    rows, size = loaded.rows, int(np.prod(loaded.rows.shape[1:]))
    flat = (chunk.reshape(len(chunk), -1) for chunk in chunks(loaded))
    found = survey.of_images(flat, rows.dtype.kind in "iu")
    return Columns(
        names=(),
        shape=rows.shape[1:],
        dtype=rows.dtype.str,
        **found._asdict(),
        categories={},
        knots={},
        bounds={},
        source=np.arange(size),
        shift=np.zeros(size),
        scale=np.ones(size),
        extrapolates=settings.extrapolate,
        channels_first=_has_channels_first(settings, rows.shape[1:]),
    )


def chunks(loaded: Loaded, rows: Optional[np.ndarray] = None) -> Iterator[np.ndarray]:
    """Rows, all or those of these numbers, as float64 arrays of their own, some at a time.

    They are whole, with a column for each that lacks numbers and a stand-in for these; see `gaps`.
    """
    at_a_time = files.rows_at_a_time(loaded.rows.shape[1:])
    for start in range(0, len(loaded.rows if rows is None else rows), at_a_time):
        chosen = slice(start, start + at_a_time)
        with files.unchanged(loaded.file):
            chunk = np.array(loaded.rows[chosen if rows is None else rows[chosen]], np.float64)
        yield gaps.stood_in(chunk, loaded.gaps) if loaded.gaps else chunk


def _coordinates(loaded: Loaded, found: Survey) -> np.ndarray:
    """How many numbers of the networks each column becomes: none, one, or one a category."""
    numbers = np.where(found.low == found.high, 0, 1)
    for column, texts in loaded.categories.items():
        numbers[column] = len(texts) if len(texts) > 1 else 0
    return numbers


def _of_categories(loaded: Loaded) -> Iterator[Tuple[int, Units]]:
    """Of each column of texts: the shares of its texts, and one scale for all of them."""
    for column, texts in loaded.categories.items():
        if len(texts) > 1:
            codes = loaded.rows[:, column].astype(np.int64)
            shares = np.bincount(codes, minlength=len(texts)) / len(codes)
            yield column, (shares, np.sqrt(np.sum(shares * (1 - shares))))


def _by_quantiles(
    settings: DataSettings, loaded: Loaded, found: Survey, some: np.ndarray
) -> Iterator[int]:
    """Columns that go through their own quantiles."""
    chosen = found.high > found.low
    if settings.column_transform == "auto":
        chosen &= quantiles.long_tailed(some, found.low, found.high)
    for column in np.flatnonzero(chosen):
        is_number = column < loaded.rows.shape[1] and column not in loaded.categories
        if is_number and column not in found.values:
            yield int(column)


def _normal_scores(loaded: Loaded, found: Survey, column: int) -> Tuple[np.ndarray, Units]:
    """Knots from a column's values to normal scores, and the units of these."""
    values = _column(loaded, column)
    values = values[:: max(1, len(values) // quantiles.LOOKED_AT)]
    knots = quantiles.knots(np.append(values, [found.low[column], found.high[column]]))
    scores = np.interp(values, *knots)
    return knots, (scores.mean(), scores.std() or 1.0)


def _column(loaded: Loaded, column: int) -> np.ndarray:
    """The numbers of a column of whole rows, without those that are missing."""
    width = loaded.rows.shape[1]
    own = column if column < width else list(loaded.gaps)[column - width]
    with files.unchanged(loaded.file):
        values = np.array(loaded.rows[:, own], np.float64)
    return np.isnan(values).astype(float) if own != column else values[~np.isnan(values)]


def _has_channels_first(settings: DataSettings, shape: Tuple[int, ...]) -> bool:
    if settings.channels != "auto":
        if len(shape) != 3:
            raise UsageError(
                f"--channels={settings.channels}: only of images with channels; points of "
                f"--data_file={settings.data_file} have shape {list(shape)}"
            )
        return settings.channels == "first"
    few = [len(shape) == 3 and length in CHANNELS for length in shape]
    return few == [True, False, False]
