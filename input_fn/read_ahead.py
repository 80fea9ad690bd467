"""Scattered rows of a file that memory cannot cache, read many at once and them alone.

Imports no TensorFlow.
"""

import errno
import os

import numpy as np

from input_fn.held import HeldFile


def read_rows(points: np.memmap, rows: np.ndarray, file: HeldFile) -> np.ndarray:
    """What `points[rows]` gives, from the file rather than through the mapping.

    A mapped page that is not in memory stops the reader, one at a time, and the system reads as
    much around it as it would for a reader that goes on from there: megabytes for one row, which
    push out what is needed next. Here the system first hears of all rows, in the order of the file.

    Args:
      points: [N, *shape], a whole mapped file in C's order; rows must lie in one piece.
      rows: any shape of indices in [0, N).
      file: that is mapped.

    Returns:
      [*rows, *shape] of the file's type.

    Raises:
      OSError: if the file cannot be read, or is shorter than it was.
    """
    found = np.empty((rows.size, *points.shape[1:]), points.dtype)
    length = points[0].nbytes
    order = np.argsort(rows, axis=None, kind="stable")
    starts = (points.offset + rows.ravel()[order].astype(np.int64) * length).tolist()
    descriptor = file.descriptor
    os.posix_fadvise(descriptor, 0, 0, os.POSIX_FADV_RANDOM)
    for start in starts:
        os.posix_fadvise(descriptor, start, length, os.POSIX_FADV_WILLNEED)
    for place, start in zip(order.tolist(), starts):
        if os.preadv(descriptor, [found[place]], start) < length:
            file.check()
            raise OSError(errno.EIO, "ends before its last row", file.path)
    return found.reshape(*rows.shape, *points.shape[1:])
