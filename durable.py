"""Files that survive a crash: written whole, brought to disk, renamed into place. A leaf."""

import contextlib
import errno
import hashlib
import os
from typing import Iterator, List


def reached(point: str) -> None:
    """A named point of a commit; does nothing. Tests end the process there."""


def write_atomically(path: str, text: str) -> None:
    """Replaces a file so that a reader, or a restart, sees the old text or the new one.

    Raises:
      OSError: names the file; the old text is still there.
    """
    temporary = path + ".tmp"
    with naming(temporary):
        with open(temporary, "w", encoding="utf-8") as file:
            file.write(text)
            reached("written")
            file.flush()
            os.fsync(file.fileno())
        reached("on disk")
        os.replace(temporary, path)
        reached("renamed")
        _sync(os.path.dirname(path) or ".")
    reached("durable")


def sync(paths: List[str], top: str) -> None:
    """Brings files to disk, and their names in all directories from `top` down.

    Args:
      paths: of the files, below `top`.
      top: a directory, itself included.
    """
    directories = {top}
    for path in paths:
        _sync(path)
        directory = os.path.dirname(path)
        while len(directory) > len(top):
            directories.add(directory)
            directory = os.path.dirname(directory)
    for directory in sorted(directories, reverse=True):
        _sync(directory)


def sha256(path: str) -> str:
    """Digest of a file's content."""
    digest = hashlib.sha256()
    with open(path, "rb") as file:
        for block in iter(lambda: file.read(1 << 20), b""):
            digest.update(block)
    return digest.hexdigest()


@contextlib.contextmanager
def naming(path: str) -> Iterator[None]:
    """Gives an OSError that does not say which file it is about this one."""
    try:
        yield
    except OSError as error:
        if error.filename:
            raise
        number = error.errno or errno.EIO
        raise OSError(number, error.strerror or str(error), path) from error


def _sync(path: str) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        with naming(path):
            os.fsync(descriptor)
    finally:
        os.close(descriptor)
