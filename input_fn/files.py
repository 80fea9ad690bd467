"""A user's own data: reading and checking .npy, .npz and .csv files.

Imports no TensorFlow. `.npy` files are memory-mapped.
"""

import os
import stat
from typing import Callable, Dict, Iterator, Sequence

import numpy as np

from input_fn import arrays, tables
from options import UsageError

LARGEST = 1e30
"""Beyond it, products in float32 overflow."""
ROWS_AT_A_TIME, NUMBERS_AT_A_TIME = 65536, 1 << 22
"""Of the points that are looked at together: a memory-mapped file is never held whole."""
LARGEST_POINT = 1 << 24
"""Numbers of one point: a component's pool of ten thousand such would take 600 GiB."""


def load(path: str, key: str) -> np.ndarray:
    """The points of a file, checked.

    Args:
      path: a .npy, .npz or .csv file of numbers, one point a row.
      key: the array's name in an .npz that holds several, else "".

    Returns:
      [N, *shape] of the file's own numeric type; memory-mapped for .npy.

    Raises:
      UsageError: names the file, what is wrong with it and where.
    """
    readers: Dict[str, Callable[[], np.ndarray]] = {
        ".npy": lambda: arrays.load_npy(path),
        ".npz": lambda: arrays.load_npz(path, key),
        ".csv": lambda: tables.load_csv(path),
    }
    extension = os.path.splitext(path)[1].lower()
    if extension not in readers:
        raise UsageError(f"--data_file={path}: must end in .npy, .npz or .csv")
    if key and extension != ".npz":
        raise UsageError(f"--data_key={key}: only an .npz file has keys, --data_file={path}")
    try:
        _check_regular(path)
        points = readers[extension]()
    except OSError as error:
        raise UsageError(f"--data_file={path}: {error.strerror or error}") from error
    except (ValueError, OverflowError) as error:
        raise UsageError(f"--data_file={path}: {error}") from error
    except MemoryError as error:
        raise UsageError(f"--data_file={path}: does not fit into memory") from error
    if points.ndim == 1:
        points = points.reshape(-1, 1)
    _check(path, points)
    return points


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
def _check(path: str, points: np.ndarray) -> None:
    if int(np.prod(points.shape[1:])) > LARGEST_POINT:
        raise UsageError(
            f"--data_file={path}: has points of shape {list(points.shape[1:])}; a point may have "
            f"at most {LARGEST_POINT} numbers"
        )
    first, distinct, row = np.asarray(points[0], np.float64), False, 0
    for chunk in chunks(points):
        flat = chunk.reshape(len(chunk), -1)
        good = ((flat >= -LARGEST) & (flat <= LARGEST)).all(axis=1)  # nan is neither
        if not good.all():
            raise UsageError(
                f"--data_file={path}: row {row + int(np.argmin(good)) + 1} of the data holds a "
                f"number that is missing or infinite, or lies outside [-1e30, 1e30]"
            )
        distinct = distinct or bool((chunk != first).any())
        row += len(chunk)
    if not distinct:
        raise UsageError(f"--data_file={path}: all {len(points)} points are the same")
