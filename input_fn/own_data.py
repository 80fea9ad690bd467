"""A user's own data as a dataset: what is held out, what its columns hold, what is odd about them.

Imports no TensorFlow.
"""

from typing import Iterator, Optional, Sequence

import numpy as np

from base import machine, streams
from base.errors import UsageError
from base.streams import Purpose
from input_fn import datasets, files, fitting, gaps, one_pass, outliers
from input_fn.columns import Columns
from input_fn.datasets import Dataset
from input_fn.files import Loaded
from input_fn.fitting import chunks
from input_fn.settings import DataSettings

FEWEST_POINTS = 15
"""Of a data file: with fewer, none would be held out for each part of the evaluation."""
CACHED_SHARE = 0.5
"""Of the memory there is: a mapped file that is larger will not stay in the system's cache."""
HELD_OUT_SHARE = 0.2
"""At most this share of a data file is held out of training for the evaluation."""
NAMED = 5
"""Columns that a remark names."""


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
        mean, deviation = gaps.of_present(
            *one_pass.moments(chunks(loaded, np.delete(every, held_out_rows))), loaded.gaps
        )
        some = next(chunks(loaded, held_out_rows[: outliers.LOOKED_AT]))
        some = gaps.spread(some, loaded.gaps)
        _check_spread(settings, loaded, some, mean, deviation)
        remarks = [*loaded.remarks, *outliers.remarks(lambda: chunks(loaded), some, loaded)]
        if loaded.rows.ndim == 2:
            dataset = _table(settings, loaded, mean, deviation, some)
        else:
            dataset = _images(settings, loaded, mean, deviation)
        remarks += [*_constant(dataset.columns), *_missing(loaded)]
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
    found = one_pass.far_out(chunks(loaded), some, mean, deviation)
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
    """The dataset of a table; arguments as in `fitting.of_table`."""
    rows, columns = loaded.rows, fitting.of_table(settings, loaded, mean, deviation, some)
    coordinates = len(columns.source)
    known = (np.zeros(coordinates), np.ones(coordinates))
    dataset = Dataset(rows, None, rows[:0], None, columns=columns, moments=known)
    if loaded.file is not None:  # mapped, maybe larger than memory
        return dataset._replace(
            digest=loaded.digest, file=loaded.file, as_rows=True, on_disk=_on_disk(rows)
        )
    points = np.empty((len(rows), coordinates), np.float32)
    at_a_time = files.rows_at_a_time(rows.shape[1:])
    for start in range(0, len(rows), at_a_time):
        points[start : start + at_a_time] = columns.encode(rows[start : start + at_a_time])
    return dataset._replace(points=points, digest=loaded.digest)


def _images(
    settings: DataSettings, loaded: Loaded, mean: np.ndarray, deviation: np.ndarray
) -> Dataset:
    rows, columns = loaded.rows, fitting.of_images(settings, loaded)
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


def _constant(columns: Optional[Columns]) -> Iterator[str]:
    """Of columns without variation, of which that between there and missing is one."""
    if columns is None or not columns.constant.any():
        return
    found = np.flatnonzero(columns.constant[: len(columns.names) or None])
    if not columns.is_table:
        yield f"{len(found)} of {len(columns.low)} coordinates are constant"
        return
    never = [column for column in found if columns.is_never_there(column)]
    at_times = [column for column in found if column in columns.gaps and column not in never]
    told = {
        "constant, left out of networks and scores, and put into samples": [
            column for column in found if column not in columns.gaps
        ],
        "missing in all rows, left out of networks and scores, and missing in samples": never,
        "one value or missing, of which networks and scores see where it is missing": at_times,
    }
    for text, own in told.items():
        if own:
            yield text + ": " + _shown([f"'{columns.names[column]}'" for column in own])


def _missing(loaded: Loaded) -> Iterator[str]:
    number = len(loaded.rows)
    shares = [
        f"{files.called(column, loaded.names)} in {gap.rows} of {number} rows"
        for column, gap in loaded.gaps.items()
        if gap.rows < number
    ]
    if shares:
        yield f"numbers are missing; where, is learned as a category is: {_shown(shares)}"


def _shown(texts: Sequence[str]) -> str:
    more = f" and {len(texts) - NAMED} more" if len(texts) > NAMED else ""
    return ", ".join(texts[:NAMED]) + more


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
