r"""Directories by names that TensorFlow takes literally.

TensorFlow looks for a checkpoint to restore by a pattern, in Python and in C++ alike: below a
directory whose name has one of `* ? [ \` it finds none, and an escaped name is none that it reads.
"""

import contextlib
import os
from typing import Iterator

MAGIC = set("*?[\\")


@contextlib.contextmanager
def literal(directory: str) -> Iterator[str]:
    """A name of a directory that is no pattern, good within the context and this process.

    Nor is it relative, which TensorFlow would take now from here, now from another directory.

    Args:
      directory: one that is there.
    """
    if not MAGIC & set(os.path.abspath(directory)):
        yield os.path.abspath(directory)
        return
    descriptor = os.open(directory, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        yield f"/proc/self/fd/{descriptor}"  # Linux's own name for it
    finally:
        os.close(descriptor)
