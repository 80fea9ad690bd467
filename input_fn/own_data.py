"""A user's own data as a dataset: what is held out, what its columns hold, what is odd about them.

Imports no TensorFlow.
"""

from typing import Iterator, Optional, Tuple

import numpy as np

from base import machine, streams
from base.errors import UsageError
from base.streams import Purpose
from input_fn import datasets, files, one_pass, outliers, quantiles, survey
from input_fn.columns import Columns
from input_fn.datasets import Dataset
from input_fn.files import Loaded
from input_fn.settings import DataSettings
from input_fn.survey import Survey

FEWEST_POINTS = 15
"""Of a data file: with fewer, none would be held out for each part of the evaluation."""
CACHED_SHARE = 0.5
"""Of the memory there is: a mapped file that is larger will not stay in the system's cache."""
HELD_OUT_SHARE = 0.2
"""At most this share of a data file is held out of training for the evaluation."""
NAMED = 5
"""Columns that a remark names."""
CHANNELS = (1, 3, 4)
"""Of images: an axis of such a length, and no other one, holds them."""


def load(settings: DataSettings, held_out: int) -> Dataset:
    """Reads a file.

    Args:
      settings: which, and how.
      held_out: points that the evaluation would like to have beside the training points; at most
        a fifth are given.

    Raises:
      UsageError: names the flag or file and what is wrong with it.
    """
    loaded, path = files.load(settings), settings.data_file
    number = len(loaded.rows)
    _check_number(path, number)
    rng = streams.generator(settings.data_seed, Purpose.HELD_OUT_POINTS)
    held_out = min(held_out, int(HELD_OUT_SHARE * number))
    held_out_rows = rng.choice(number, size=held_out, replace=False)
    every = np.arange(number, dtype=datasets.index_type(number))
    with files.told(path):  # what happens to the file while it is read
        mean, deviation = one_pass.moments(_chunks(loaded, np.delete(every, held_out_rows)))
        some = next(_chunks(loaded, held_out_rows[: outliers.LOOKED_AT]))
        _check_spread(settings, loaded, some, mean, deviation)
        remarks = [*loaded.remarks, *outliers.remarks(lambda: _chunks(loaded), some, loaded)]
        if loaded.rows.ndim == 2:
            dataset = _table(settings, loaded, mean, deviation, some)
        else:
            dataset = _images(settings, loaded, mean, deviation)
        remarks += _constant(dataset.columns)
        if settings.standardise == "no":
            remarks += one_pass.hardly_seen(deviation)
        dataset = dataset.with_held_out(held_out_rows)
    return dataset._replace(remarks=(*remarks, *_size(dataset, loaded)))


def _check_number(path: str, number: int) -> None:
    if number < FEWEST_POINTS:
        raise UsageError(f"--data_file={path}: has {number} points; needs {FEWEST_POINTS}")
    # Twice for a moment, and a mark: a file of bytes is mapped, and smaller than its rows' numbers.
    indices = (2 * datasets.index_type(number).itemsize + 1) * number
    if indices > machine.available_memory():
        raise UsageError(
            f"--data_file={path}: has {number} points; their numbers alone take "
            f"{indices / 2**30:.1f} GiB, more memory than there is"
        )


def _chunks(loaded: Loaded, rows: Optional[np.ndarray] = None) -> Iterator[np.ndarray]:
    """Rows, all or those of these numbers, as float64 arrays of their own, some at a time."""
    at_a_time = files.rows_at_a_time(loaded.rows.shape[1:])
    for start in range(0, len(loaded.rows if rows is None else rows), at_a_time):
        chosen = slice(start, start + at_a_time)
        with files.unchanged(loaded.file):
            chunk = np.array(loaded.rows[chosen if rows is None else rows[chosen]], np.float64)
        yield chunk


def _check_spread(
    settings: DataSettings,
    loaded: Loaded,
    some: np.ndarray,
    mean: np.ndarray,
    deviation: np.ndarray,
) -> None:
    """Checks that float32 holds the points apart.

    Raises:
      UsageError: names the column, and the row where it is one that is so far out.
    """
    path, is_table = settings.data_file, loaded.rows.ndim == 2
    centred = is_table and settings.standardise != "no"  # in double precision
    one_pass.check_precision(path, mean, deviation, loaded.names, centred)
    if settings.standardise == "no":
        return
    found = one_pass.far_out(_chunks(loaded), some, mean, deviation)
    if found is not None:
        row, column, value = found
        raise UsageError(
            f"--data_file={path}: row {row + 1} of the data is so far out at "
            f"{files.called(column, loaded.names)}, {value:.6g}, that float32 does not tell the "
            f"others apart once they are standardised; leave it out, or rescale the column, by a "
            f"logarithm say"
        )


def _table(
    settings: DataSettings,
    loaded: Loaded,
    mean: np.ndarray,
    deviation: np.ndarray,
    some: np.ndarray,
) -> Dataset:
    """The dataset of a table; some: [n, D] rows drawn at random."""
    rows = loaded.rows
    precision = np.finfo(rows.dtype).eps if rows.dtype.kind == "f" else np.finfo(float).eps
    found = survey.of_table(_chunks(loaded), len(rows), float(precision))
    sizes = np.ones(rows.shape[1], np.int64)
    sizes[found.low == found.high] = 0
    for column, texts in loaded.categories.items():
        sizes[column] = len(texts) if len(texts) > 1 else 0
    source = np.repeat(np.arange(rows.shape[1]), sizes)
    shift, scale = mean[source], datasets.with_units(mean, deviation)[1][source]
    for column, texts in loaded.categories.items():
        if sizes[column]:
            shares = np.bincount(rows[:, column].astype(np.int64), minlength=len(texts)) / len(rows)
            own = source == column
            shift[own], scale[own] = shares, np.sqrt(np.sum(shares * (1 - shares)))
    knots = {}
    for column, made, scores in _by_quantiles(settings, loaded, found, some):
        knots[column], own = made, source == column
        shift[own], scale[own] = scores.mean(), scores.std() or 1.0
    values = {c: v for c, v in found.values.items() if c not in loaded.categories}
    bounds = {}
    if settings.column_transform != "standard" and settings.standardise != "no":
        bounds = {c: quantiles.bounds(_column(loaded, c), v) for c, v in values.items()}
    for column in bounds:
        shift[source == column], scale[source == column] = 0.0, 1.0
    columns = Columns(
        names=loaded.names or tuple(f"x{column}" for column in range(rows.shape[1])),
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
    )
    known = (np.zeros(len(source)), np.ones(len(source)))
    dataset = Dataset(rows, None, rows[:0], None, columns=columns, moments=known)
    if loaded.file is not None:  # mapped, maybe larger than memory
        return dataset._replace(
            digest=loaded.digest, file=loaded.file, as_rows=True, on_disk=_on_disk(rows)
        )
    points = np.empty((len(rows), len(source)), np.float32)
    at_a_time = files.rows_at_a_time(rows.shape[1:])
    for start in range(0, len(rows), at_a_time):
        points[start : start + at_a_time] = columns.encode(rows[start : start + at_a_time])
    return dataset._replace(points=points, digest=loaded.digest)


def _column(loaded: Loaded, column: int) -> np.ndarray:
    with files.unchanged(loaded.file):
        return np.array(loaded.rows[:, column], np.float64)


def _by_quantiles(
    settings: DataSettings, loaded: Loaded, found: Survey, some: np.ndarray
) -> Iterator[Tuple[int, np.ndarray, np.ndarray]]:
    """Columns that go by their quantiles, with their knots, and normal scores of many values."""
    if settings.column_transform == "standard" or settings.standardise == "no":
        return
    chosen = found.high > found.low
    if settings.column_transform == "auto":
        chosen &= quantiles.long_tailed(some, found.low, found.high)
    every = max(1, len(loaded.rows) // quantiles.LOOKED_AT)
    for column in np.flatnonzero(chosen):
        if column not in loaded.categories and column not in found.values:
            with files.unchanged(loaded.file):
                values = np.array(loaded.rows[::every, column], np.float64)
            made = quantiles.knots(np.append(values, [found.low[column], found.high[column]]))
            yield int(column), made, np.interp(values, *made)


def _images(
    settings: DataSettings, loaded: Loaded, mean: np.ndarray, deviation: np.ndarray
) -> Dataset:
    rows, size = loaded.rows, int(np.prod(loaded.rows.shape[1:]))
    flat = (chunk.reshape(len(chunk), -1) for chunk in _chunks(loaded))
    found = survey.of_images(flat, rows.dtype.kind in "iu")
    columns = Columns(
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
    if columns.channels_first:
        mean, deviation = np.moveaxis(mean, 0, -1), np.moveaxis(deviation, 0, -1)
    return Dataset(
        rows,
        None,
        rows[:0],
        None,
        on_disk=loaded.file is not None and _on_disk(rows),
        moments=datasets.with_units(mean, deviation),
        digest=loaded.digest,
        file=loaded.file,
        columns=columns,
        as_rows=True,
    )


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


def _constant(columns: Optional[Columns]) -> Iterator[str]:
    if columns is None or not columns.constant.any():
        return
    found = np.flatnonzero(columns.constant)
    if not columns.is_table:
        yield f"{len(found)} of {len(columns.low)} coordinates are constant"
        return
    names = [f"'{columns.names[column]}'" for column in found]
    shown = ", ".join(names[:NAMED]) + (f" and {len(names) - NAMED} more" if names[NAMED:] else "")
    yield f"constant, left out of networks and scores, and put into samples: {shown}"


def _on_disk(rows: np.ndarray) -> bool:
    return _exceeds_cache(rows) and rows.flags.c_contiguous


def _exceeds_cache(rows: np.ndarray) -> bool:
    return rows.nbytes > CACHED_SHARE * machine.available_memory()


def _size(dataset: Dataset, loaded: Loaded) -> Iterator[str]:
    columns = dataset.columns
    if columns is not None and columns.channels_first:
        yield (
            f"points of shape {list(columns.shape)} have their {columns.shape[0]} channels first; "
            f"--channels=last says otherwise"
        )
    if loaded.file is not None and _exceeds_cache(loaded.rows):
        ordered = loaded.rows.flags.c_contiguous
        order = "" if ordered else ", slowly, because its array is in Fortran's order, not C's"
        yield (
            f"{loaded.rows.nbytes / 2**30:.1f} GiB: memory does not hold them, minibatches are "
            f"read from disk{order}"
        )
