"""Scattered rows of a memory-mapped file, asked for before they are read.

Imports no TensorFlow.
"""

import os

import numpy as np


def ask_for(points: np.memmap, rows: np.ndarray) -> None:
    """Has the system read rows of a mapped array into its cache, many at once and them alone.

    Left to itself, a page that is not in memory stops the reader, and the system reads as much
    around it as it would for a reader that goes on from there: megabytes for one row.

    Args:
      points: [N, *shape], a whole file, or in Fortran's order: of these a row is no one place.
      rows: to be read, any shape; each is asked for once, in the order of the file.

    Raises:
      OSError: if the file is no longer there.
    """
    if not points.flags.c_contiguous:
        return
    length = points[0].nbytes
    descriptor = os.open(points.filename, os.O_RDONLY)
    try:
        for row in np.unique(rows).tolist():
            start = points.offset + row * length
            os.posix_fadvise(descriptor, start, length, os.POSIX_FADV_WILLNEED)
    finally:
        os.close(descriptor)
