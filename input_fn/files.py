"""A user's own data: reading and checking tables and arrays.

Imports no TensorFlow. `.npy` files are memory-mapped.
"""

import contextlib
import csv
import hashlib
import os
import stat
from typing import Any, ContextManager, Dict, Iterator, List, NamedTuple, Optional, Sequence, Tuple

import numpy as np

from base.errors import UsageError
from input_fn import arrays, tables
from input_fn.gaps import Gap, Gaps
from input_fn.held import HeldFile
from input_fn.settings import TABLE_OPTIONS, DataSettings
from input_fn.tables import Table, TableOptions

LARGEST = 1e30
"""Standardised points are small; samples are so many deviations, which must stay in float32."""
LARGEST_UNSCALED = 1e18
"""Where networks see points as they are: the squares of larger ones, by which the first layer's
outputs change in a training step, overflow float32."""
ROWS_AT_A_TIME, NUMBERS_AT_A_TIME = 65536, 1 << 22
"""Of the points that are looked at together: a memory-mapped file is never held whole."""
LARGEST_POINT = 1 << 24
"""Numbers of one point: a component's pool of ten thousand such would take 600 GiB."""


class Loaded(NamedTuple):
    """The rows of a file."""

    rows: np.ndarray  # [N, *shape] of the file's own numeric type; memory-mapped for .npy
    digest: str  # of all of them, see `digest`
    file: Optional[HeldFile]  # that is mapped
    names: Tuple[str, ...]  # of a table's columns; () where the file has none
    categories: Dict[int, Tuple[str, ...]]  # see `tables.Table`
    remarks: Tuple[str, ...]  # what the user should know, a line each
    gaps: Dict[int, Gap] = {}  # by column that lacks numbers, nan in `rows`


def load(settings: DataSettings) -> Loaded:
    """The rows of a file, checked.

    Args:
      settings: which file, and how it is read.

    Raises:
      UsageError: names the file, what is wrong with it and where.
    """
    path = settings.data_file
    _check_flags(settings)
    with told(path):
        try:
            _check_regular(path)
            table, file = _read(settings)
        except (ValueError, OverflowError) as error:
            raise UsageError(f"--data_file={path}: {error}") from error
        rows = table.values.reshape(-1, 1) if table.values.ndim == 1 else table.values
        names = table.names if rows.ndim == 2 else ()
        if settings.keep_missing and rows.ndim != 2:
            raise UsageError(
                f"--keep_missing: only of a table or an array [N, d]; points of --data_file={path} "
                f"have shape {list(rows.shape[1:])}"
            )
        checked, gaps = _check(settings, rows, file, names)
    return Loaded(rows, checked, file, names, table.categories, table.remarks, gaps)


def _check_flags(settings: DataSettings) -> None:
    """Raises UsageError for what does not go with the kind of the file."""
    path = settings.data_file
    kinds = (*tables.ENDINGS, ".npy", ".npz")
    if not path.lower().endswith(kinds):
        raise UsageError(f"--data_file={path}: must end in {', '.join(kinds[:-1])} or {kinds[-1]}")
    if settings.data_key and not path.lower().endswith(".npz"):
        raise UsageError(f"--data_key={settings.data_key}: only an .npz file has keys, not {path}")
    if path.lower().endswith(tables.ENDINGS):
        return
    for name in TABLE_OPTIONS:
        value = getattr(settings, name)
        if value and value != "auto":
            raise UsageError(f"--{name}={value}: only of a table, such as a .csv, not of {path}")


def _read(settings: DataSettings) -> Tuple[Table, Optional[HeldFile]]:
    path = settings.data_file
    if path.lower().endswith(".npy"):
        values, file = arrays.load_npy(path)
        return Table(values, (), {}, ()), file
    if path.lower().endswith(".npz"):
        return Table(arrays.load_npz(path, settings.data_key), (), {}, ()), None
    options = TableOptions(
        header=settings.header,
        columns=_listed(settings.columns),
        drop=_listed(settings.drop),
        na_values=_listed(settings.na_values),
        delimiter=settings.delimiter,
        decimal=settings.decimal,
        keep_missing=settings.keep_missing,
    )
    return tables.load(path, options), None


def _listed(text: str) -> Tuple[str, ...]:
    """The parts of a,b,c; a part in double quotes may hold commas."""
    parts: List[str] = next(csv.reader([text], skipinitialspace=True), [])
    return tuple(part.strip() for part in parts if part.strip())


@contextlib.contextmanager
def told(path: str) -> Iterator[None]:
    """Says what the system does not give of a file while it is loaded.

    Raises:
      UsageError: names it.
    """
    try:
        yield
    except OSError as error:
        raise UsageError(f"--data_file={path}: {error.strerror or error}") from error
    except MemoryError as error:
        raise UsageError(f"--data_file={path}: does not fit into memory") from error


def unchanged(file: Optional[HeldFile]) -> ContextManager[None]:
    """Within it points may be read, mapped ones and others; see `HeldFile.unchanged`."""
    return contextlib.nullcontext() if file is None else file.unchanged()


def digest(points: np.ndarray) -> str:
    """SHA-256 of shape, type and all numbers of points that are in memory.

    A .csv and a .npy have the same one if they agree to the last bit; float32 made of float64 has
    another one.
    """
    whole = _new_digest(points)
    whole.update(_bytes(points))
    return str(whole.hexdigest())


def _new_digest(points: np.ndarray) -> Any:
    """A digest that has seen shape and type of points, and is to see their rows' bytes."""
    return hashlib.sha256(repr((points.shape, points.dtype.str)).encode())


def _bytes(rows: np.ndarray) -> np.ndarray:
    """Of some rows, in C's order whatever theirs is."""
    return np.ascontiguousarray(rows).reshape(-1).view(np.uint8)


def chunks(points: np.ndarray) -> Iterator[np.ndarray]:
    """The points as float64, some rows at a time."""
    rows = rows_at_a_time(points.shape[1:])
    for start in range(0, len(points), rows):
        yield np.asarray(points[start : start + rows], np.float64)


def rows_at_a_time(shape: Sequence[int]) -> int:
    """How many points of this shape are looked at together."""
    return max(1, min(ROWS_AT_A_TIME, NUMBERS_AT_A_TIME // int(np.prod(shape))))


def _check_regular(path: str) -> None:
    """Anything else, a pipe or a device, may wait or go on for ever when it is read."""
    kind = os.stat(path).st_mode
    if stat.S_ISDIR(kind):
        raise ValueError("is a directory; needs the path of a file")
    if not stat.S_ISREG(kind):
        raise ValueError("is a pipe, device or socket; needs a file on disk")


@np.errstate(over="ignore", invalid="ignore")  # what is too large, or nan, is told below
def _check(
    settings: DataSettings, points: np.ndarray, file: Optional[HeldFile], names: Tuple[str, ...]
) -> Tuple[str, Dict[int, Gap]]:
    """Looks at all points once; returns their digest, and which columns lack numbers."""
    path, unscaled = settings.data_file, settings.standardise == "no"
    if int(np.prod(points.shape[1:])) > LARGEST_POINT:
        raise UsageError(
            f"--data_file={path}: has points of shape {list(points.shape[1:])}; a point may have "
            f"at most {LARGEST_POINT} numbers"
        )
    largest, whole = LARGEST_UNSCALED if unscaled else LARGEST, _new_digest(points)
    first, gaps = np.zeros(0), Gaps()  # the first until another point is found
    rows = rows_at_a_time(points.shape[1:])
    for start in range(0, len(points), rows):
        with unchanged(file):
            chunk = np.asarray(points[start : start + rows])
            whole.update(_bytes(chunk))
            if settings.keep_missing:
                chunk = gaps.see(chunk)
            low, high = chunk.min(), chunk.max()  # nan if there is one, which is neither
            if not (low >= -largest and high <= largest):
                bad = _what_is_bad(chunk, start, largest, names)
                raise UsageError(f"--data_file={path}: {bad}")
            if not start:
                first = chunk[0].astype(np.float64)
            if first.size and (chunk.astype(np.float64) != first).any():
                first = np.zeros(0)
    if first.size:
        raise UsageError(f"--data_file={path}: all {len(points)} points are the same")
    return str(whole.hexdigest()), gaps.found()


def _what_is_bad(chunk: np.ndarray, before: int, largest: float, names: Sequence[str]) -> str:
    """Where a chunk's first number is that training cannot take, and what is wrong with it."""
    flat = chunk.reshape(len(chunk), -1)
    bad = ~((flat >= -largest) & (flat <= largest))
    row, column = np.unravel_index(int(np.argmax(bad)), flat.shape)
    value = float(flat[row, column])
    fault = "is missing" if np.isnan(value) else "is infinite"
    if np.isfinite(value):
        fault = f"lies outside [-{largest:.0e}, {largest:.0e}]".replace("e+", "e")
        if largest < LARGEST:
            fault += ", too large for networks that see it as it is; needs --standardise=yes"
    help_with = "; --keep_missing keeps such rows" if np.isnan(value) and chunk.ndim == 2 else ""
    return (
        f"row {before + row + 1} of the data holds a number that {fault}: "
        f"{called(column, names)} is {value:.6g}{help_with}"
    )


def called(column: int, names: Sequence[str]) -> str:
    """What messages call a column or coordinate, counted from 0."""
    return f"column '{names[column]}'" if names else f"coordinate {column + 1}"
