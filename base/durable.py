"""Files that survive a crash: written whole, brought to disk, renamed into place. A leaf."""

import atexit
import contextlib
import ctypes
import errno
import fcntl
import glob
import hashlib
import logging
import os
import secrets
import shutil
import signal
import stat
from typing import IO, Any, Callable, Iterator, List, Set, Tuple

from base import machine

LONGEST_TEXT = 256 << 20
"""Bytes of a text that is read whole: a state of 10,000 steps has 30 MB."""
UNFINISHED, ASIDE = ".tmp", ".old"
"""How names end of what is not whole yet, and of what is between two names."""
LONGEST_STEM = 200
"""Bytes of a name that ends so; file systems take 255."""
AT_FDCWD, RENAME_EXCHANGE = -100, 2

log = logging.getLogger("adagan")

_unfinished: Set[str] = set()
_unsynced: Set[str] = set()  # mounts whose directories cannot be brought to disk, told once


def reached(point: str) -> None:
    """A named point of a commit; does nothing. Tests end the process there."""


def write_atomically(path: str, text: str) -> None:
    """Replaces a file so that a reader, or a restart, sees the old text or the new one.

    Bytes of a path that are no letters, which Python keeps as surrogates, become escapes.

    Raises:
      OSError: names the file; the old text is still there.
    """
    with replacing(path) as file:
        file.write(text.encode("utf-8", "backslashreplace"))
    reached("durable")


@contextlib.contextmanager
def replacing(path: str) -> Iterator[IO[bytes]]:
    """A binary file to write, which takes the place of another one once it is whole and on disk.

    Until then it has a name of its own, made for it alone, so two writers never mix. Where writing
    fails, or a signal ends the process, it goes; what a killed process left goes next time.

    Raises:
      OSError: names the file; what was there is still there.
    """
    with naming(path):
        remove_left(path)
        temporary, descriptor = _made_for_me(path, _open_new)
        try:
            with open(descriptor, "wb") as file:
                yield file
                reached("written")
                file.flush()
                os.fsync(descriptor)
                reached("on disk")
                os.replace(temporary, path)
        except BaseException:
            with contextlib.suppress(FileNotFoundError):
                os.remove(temporary)
            raise
        finally:
            _unfinished.discard(temporary)
        reached("renamed")
        sync_directory(os.path.dirname(path) or ".")


@contextlib.contextmanager
def replacing_directory(path: str) -> Iterator[str]:
    """A new directory to fill, which takes the place of another one once it is whole and on disk.

    The old one stays until then: the kernel exchanges the two. Where the file system cannot do
    that, it is moved aside between two renames, and is moved back here if a kill came between them.

    Raises:
      OSError: what was there is still there.
    """
    with naming(path):
        bring_back(path)
        remove_left(path)
        temporary, descriptor = _made_for_me(path, _open_new_directory)
        try:
            yield temporary
            tree = [(top, name) for top, _, names in os.walk(temporary) for name in names]
            sync([os.path.join(top, name) for top, name in tree], temporary)
            reached("whole")
            if os.path.lexists(path):
                _exchange(temporary, path)
            else:
                os.rename(temporary, path)
            reached("exchanged")
            sync_directory(os.path.dirname(path) or ".")
        finally:  # the new one, unless it is whole: then the old one
            shutil.rmtree(temporary, ignore_errors=True)
            _unfinished.discard(temporary)
            os.close(descriptor)


def bring_back(path: str) -> None:
    """Undoes the first of two renames that a kill came between."""
    for aside in _named(path, ASIDE):
        if os.path.lexists(path):
            shutil.rmtree(aside, ignore_errors=True)
        else:
            os.rename(aside, path)


def remove_at_end(path: str) -> None:
    """Has a directory removed when this process ends, unless it is killed."""
    _unfinished.add(path)
    atexit.register(_remove, path)


def remove_unfinished() -> None:
    """Removes what this process has not finished writing: for its sudden end."""
    for path in list(_unfinished):
        _remove(path)


def _made_for_me(path: str, make: Callable[[str], int]) -> Tuple[str, int]:
    """A new file or directory beside a path, and its descriptor, which others see as held."""
    while True:
        temporary = f"{_stem(path)}.{secrets.token_hex(4)}{UNFINISHED}"
        descriptor = make(temporary)
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


def remove_left(path: str) -> None:
    """Removes what processes that are no more left unfinished beside a path."""
    for left in _named(path, UNFINISHED):
        with contextlib.suppress(OSError):  # somebody holds it, or removes it too
            descriptor = os.open(left, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
                _remove(left)
            finally:
                os.close(descriptor)


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


def _exchange(new: str, old: str) -> None:
    """Gives two directories each other's name."""
    exchange: Any = getattr(ctypes.CDLL(None), "renameat2", None)
    names = (AT_FDCWD, os.fsencode(new), AT_FDCWD, os.fsencode(old), RENAME_EXCHANGE)
    if exchange is not None and exchange(*names) == 0:
        return
    aside = f"{_stem(old)}.{secrets.token_hex(4)}{ASIDE}"
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT, signal.SIGTERM})
    try:
        os.rename(old, aside)
        reached("aside")
        os.rename(new, old)
        os.rename(aside, new)
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def make_directories(path: str) -> None:
    """Makes a directory and those above it, where they are not there, and brings them to disk.

    Raises:
      OSError: names the one that cannot be made.
    """
    above = os.path.dirname(os.path.abspath(path))
    if os.path.isdir(path):
        return
    if above != path:
        make_directories(above)
    try:
        os.mkdir(path)
    except FileExistsError:
        if not os.path.isdir(path):  # else another process was first
            raise
    sync_directory(above)


def why_not_writable(path: str) -> str:
    """What keeps a file or directory from being made at a path; "" if nothing is seen to."""
    parent = os.path.abspath(path)
    while not os.path.exists(parent):
        if os.path.islink(parent):
            return f"{parent} is a link that leads nowhere"
        parent = os.path.dirname(parent)
    if not os.path.isdir(parent):
        return f"{parent} is a file; needs the path of a directory"
    if not os.access(parent, os.W_OK | os.X_OK):
        return f"{parent} is not writable"
    return ""


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
        sync_directory(directory)


def sync_directory(path: str) -> None:
    """Brings a directory's names to disk; says once where the file system does not do that."""
    try:
        _sync(path)
    except OSError as error:
        if error.errno not in (errno.EINVAL, errno.ENOTSUP, errno.ENOSYS):
            raise
        mount = machine.mount_of(path)
        if mount not in _unsynced:
            _unsynced.add(mount)
            log.warning(
                "%s does not bring directories to disk (%s): a power failure may undo the last "
                "commit; a kill does not.",
                mount,
                error.strerror,
            )


def sha256(path: str) -> str:
    """Digest of a regular file's content.

    Raises:
      OSError: if it cannot be read.
      ValueError: if it is a pipe or alike.
    """
    digest = hashlib.sha256()
    with open_regular(path) as file:
        for block in iter(lambda: file.read(1 << 20), b""):
            digest.update(block)
    return digest.hexdigest()


def read_text(path: str, longest: int = LONGEST_TEXT) -> str:
    """The text of a regular file.

    Raises:
      OSError: if it cannot be read.
      ValueError: if it is a pipe or alike, no text in UTF-8, or has more than `longest` bytes.
    """
    with open_regular(path) as file:
        data = file.read(longest + 1)
    if len(data) > longest:
        raise ValueError(f"is longer than {longest} bytes")
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as error:
        raise ValueError("is no text in UTF-8") from error


def open_regular(path: str) -> IO[bytes]:
    """Opens a file to read its bytes; a pipe or a device, which may wait for ever, is refused.

    Raises:
      OSError: if it cannot be opened.
      ValueError: if it is no regular file.
    """
    descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise ValueError("is no regular file")
    return open(descriptor, "rb")


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
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        with naming(path):
            os.fsync(descriptor)
    finally:
        os.close(descriptor)
