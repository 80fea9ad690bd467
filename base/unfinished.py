"""What is not whole yet, under names of its own: held while it is written, removed when it is left.

A file or directory that is being written lies beside the path whose place it takes. Its writer
holds a lock on it, so that others can tell what is being written from what a killed process left.
"""

import atexit
import contextlib
import ctypes
import fcntl
import glob
import os
import secrets
import shutil
from typing import Any, Callable, List, Set, Tuple

ENDING, ASIDE = ".tmp", ".old"
"""How names end of what is not whole yet, and of what is between two names."""
LONGEST_STEM = 200
"""Bytes of a name that ends so; file systems take 255."""

AT_FDCWD, RENAME_EXCHANGE = -100, 2  # of the C library's renameat2

_unfinished: Set[str] = set()  # paths that this process writes, removed when it ends


def new_file(path: str) -> Tuple[str, int]:
    """Makes a file beside a path: its own path, and the descriptor that writes and holds it."""
    return _create(path, _open_new)


def new_directory(path: str) -> Tuple[str, int]:
    """Makes a directory beside a path: its own path, and the descriptor that holds it."""
    return _create(path, _open_new_directory)


def exchanged(new: str, old: str) -> bool:
    """Whether the kernel has given two directories each other's name, which some cannot."""
    exchange: Any = getattr(ctypes.CDLL(None), "renameat2", None)
    names = (AT_FDCWD, os.fsencode(new), AT_FDCWD, os.fsencode(old), RENAME_EXCHANGE)
    return exchange is not None and exchange(*names) == 0


def forget(temporary: str) -> None:
    """Leaves alone what is whole or removed by now."""
    _unfinished.discard(temporary)


def aside(path: str) -> str:
    """A new name beside a path for what gives it up."""
    return f"{_stem(path)}.{secrets.token_hex(4)}{ASIDE}"


def bring_back(path: str) -> None:
    """Undoes the first of two renames that a kill came between."""
    for moved in _named(path, ASIDE):
        if os.path.lexists(path):
            shutil.rmtree(moved, ignore_errors=True)
        else:
            os.rename(moved, path)


def remove_left(path: str) -> None:
    """Removes what processes that are no more left unfinished beside a path."""
    for left in _named(path, ENDING):
        with contextlib.suppress(OSError):  # somebody holds it, or removes it too
            descriptor = os.open(left, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
                _remove(left)
            finally:
                os.close(descriptor)


def remove_at_end(path: str) -> None:
    """Has a directory removed when this process ends, unless it is killed."""
    _unfinished.add(path)
    atexit.register(_remove, path)


def remove_all() -> None:
    """Removes what this process has not finished writing: for its sudden end."""
    for path in list(_unfinished):
        _remove(path)


def _create(path: str, open_new: Callable[[str], int]) -> Tuple[str, int]:
    while True:
        temporary = f"{_stem(path)}.{secrets.token_hex(4)}{ENDING}"
        descriptor = open_new(temporary)
        _unfinished.add(temporary)
        with contextlib.suppress(OSError):  # no locks there: then nothing is taken for left
            fcntl.flock(descriptor, fcntl.LOCK_EX)
        if os.path.lexists(temporary):  # else another process took it for left just before
            return temporary, descriptor
        os.close(descriptor)
        _unfinished.discard(temporary)


def _open_new(path: str) -> int:
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
    return os.open(path, flags, 0o666)


def _open_new_directory(path: str) -> int:
    os.mkdir(path)
    return os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)


def _named(path: str, ending: str) -> List[str]:
    return sorted(glob.glob(f"{glob.escape(_stem(path))}.{'[0-9a-f]' * 8}{ending}"))


def _stem(path: str) -> str:
    """A path whose name leaves room for an ending of ours."""
    above, name = os.path.split(path)
    return os.path.join(above, os.fsdecode(os.fsencode(name)[:LONGEST_STEM]))


def _remove(path: str) -> None:
    if os.path.isdir(path) and not os.path.islink(path):
        shutil.rmtree(path, ignore_errors=True)
    else:
        with contextlib.suppress(OSError):
            os.remove(path)
