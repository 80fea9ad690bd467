"""Files that survive a crash: written whole, brought to disk, renamed into place."""

import contextlib
import errno
import hashlib
import logging
import os
import shutil
import signal
import stat
from typing import IO, Iterator, List, Set

from base import machine, unfinished

LONGEST_TEXT = 256 << 20
"""Bytes of a text that is read whole: a state of 10,000 steps has 30 MB."""

log = logging.getLogger("adagan")
_unsynced: Set[str] = set()  # mounts whose directories cannot be brought to disk, each said once


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
        unfinished.remove_left(path)
        temporary, descriptor = unfinished.new_file(path)
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
            unfinished.forget(temporary)
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
        unfinished.bring_back(path)
        unfinished.remove_left(path)
        temporary, descriptor = unfinished.new_directory(path)
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
            unfinished.forget(temporary)
            os.close(descriptor)


def _exchange(new: str, old: str) -> None:
    """Gives two directories each other's name."""
    if unfinished.exchanged(new, old):
        return
    # Between the two renames nothing is at the path: a signal would leave it so until a restart.
    aside = unfinished.aside(old)
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
