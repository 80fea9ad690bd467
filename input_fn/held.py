"""A mapped data file, held open: whether it still is what it was when it was opened.

Imports no TensorFlow.
"""

import contextlib
import errno
import os
import weakref
from typing import Iterator, Tuple


class HeldFile:
    """The file behind mapped points, which a run reads again and again.

    A mapped page beyond the end of a file that was cut short ends the process by a signal (SIGBUS),
    and what is written into the file is what is read from then on: other data in mid-run. So
    whatever reads the points looks at the file before and after. A file of another name that takes
    its place does no harm: the descriptor, as the mapping, stays with the first one.
    """

    def __init__(self, path: str):
        """Opens it; what it is like from now on counts."""
        self.path = path
        # Not shared with the mapping, which reads ahead, while rows from anywhere should not.
        self.descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
        weakref.finalize(self, _close, self.descriptor)
        self._before = self._state()

    def check_same(self, descriptor: int) -> None:
        """Raises OSError if another file has taken the name of this one before it was mapped."""
        if not os.path.sameopenfile(self.descriptor, descriptor):
            raise OSError(errno.ESTALE, "was replaced while it was opened; try again", self.path)

    @contextlib.contextmanager
    def unchanged(self) -> Iterator[None]:
        """Within it the points may be read.

        What another process writes through a mapping of its own, into a page that it wrote into
        before, the file's time does not tell, nor what comes within one tick of its clock.
        A file that is cut short between the look and the access still ends the process: nothing
        that is no handler of signals in C can close this window, which is as long as the reading
        of one chunk. Two changes within one tick of the file system's clock look like one.

        Raises:
          OSError: if the file was written to or cut short since it was opened.
        """
        self.check()
        yield
        self.check()

    def check(self) -> None:
        """Raises OSError if the file was written to or cut short since it was opened."""
        before, now = self._before, self._state()
        if now == before:
            return
        shorter = before[0] - now[0]
        what = f"was cut short by {shorter} bytes" if shorter > 0 else "was written to"
        raise OSError(
            errno.ESTALE, f"{what} after it was opened; needs a file that stays as it is", self.path
        )

    def _state(self) -> Tuple[int, int]:
        """Length, and when it was last written to."""
        status = os.fstat(self.descriptor)
        return status.st_size, status.st_mtime_ns


def _close(descriptor: int) -> None:
    with contextlib.suppress(OSError):
        os.close(descriptor)
