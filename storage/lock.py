"""Who writes in a work directory: one process, as long as it lives."""

import contextlib
import errno
import fcntl
import os
import socket
import stat
from typing import Optional

from base import machine
from base.errors import UsageError

LOCK = "lock"
"""Name of the lock's file."""


class Lock:
    """The lock of a directory."""

    def __init__(self, directory: str):
        """Args: its path; nothing is made yet."""
        self._directory, self._path = directory, os.path.join(directory, LOCK)
        self._descriptor: Optional[int] = None  # while this process holds the lock

    def take(self) -> None:
        """Keeps other processes from writing here while this one lives.

        The lock is the process's own: it ends with it, and no forked helper inherits it.

        Raises:
          UsageError: if another one writes here, and says which; or if there are no locks here.
        """
        if self._descriptor is not None:
            return
        path, flag = self._path, f"--workdir={self._directory}"
        flags = os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK
        descriptor = os.open(path, flags, 0o666)
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            os.close(descriptor)
            raise UsageError(f"{path}: is no regular file; remove it")
        try:
            # Of the open file: unlike a POSIX lock it stays when the file is opened again.
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            holder = os.read(descriptor, 1000).decode("utf-8", "replace").strip()
            os.close(descriptor)
            if error.errno not in (errno.EWOULDBLOCK, errno.EACCES):
                raise UsageError(
                    f"{flag}: {machine.mount_of(self._directory)} gives no locks "
                    f"({error.strerror}); "
                    f"mount it with locks, or choose a directory of another file system"
                ) from error
            raise UsageError(
                f"{flag}: {holder or 'another process'} is writing there; wait for it, or choose "
                f"another directory"
            ) from error
        os.register_at_fork(after_in_child=lambda: _let_go(descriptor, path))
        self._descriptor = descriptor
        os.ftruncate(descriptor, 0)
        os.write(descriptor, self.holder.encode())

    @property
    def holder(self) -> str:
        """What the lock file says while this process holds the lock."""
        return f"process {os.getpid()} on {socket.gethostname()}\n"

    def check(self) -> None:
        """Checks that the directory was not removed, and made anew by another run.

        Raises:
          FileNotFoundError: if it was.
        """
        if self._descriptor is None:
            return
        path = self._path
        if not os.path.exists(path) or not os.path.samestat(
            os.fstat(self._descriptor), os.stat(path)
        ):
            raise FileNotFoundError(errno.ENOENT, "was removed while the run was writing", path)


def _let_go(descriptor: int, path: str) -> None:
    """Closes a lock's descriptor in a forked child, if it is still that."""
    with contextlib.suppress(OSError):
        if os.path.samestat(os.fstat(descriptor), os.stat(path)):
            os.close(descriptor)
