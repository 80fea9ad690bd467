"""How a run ends early: numbers that go wrong, a signal, a failing disk. A leaf.

A first SIGTERM or Ctrl-C ends a run where it can go on; a second one ends it at once.
"""

import contextlib
import logging
import os
import signal
import sys
from typing import Iterator, Optional


class Diverged(Exception):
    """Numbers went wrong in training; one line with the flag that helps."""


class WorkerLost(Exception):
    """Another worker of the run has gone; one line that says which."""


class Stopped(BaseException):
    """A signal asked the run to end."""

    def __init__(self, number: int):
        """Args: the signal's number."""
        super().__init__(signal.Signals(number).name)
        self.status = 128 + number


_asked = 0
_deferred = False


def listen() -> None:
    """From now on a first signal raises `Stopped`, a second one ends the process."""
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda number, _: ask(number))


@contextlib.contextmanager
def deferred() -> Iterator[None]:
    """Within it, a signal waits for the next `check`."""
    global _deferred
    _deferred = True
    try:
        yield
    finally:
        _deferred = False


def asked() -> bool:
    """Whether a signal has come."""
    return bool(_asked)


def check() -> None:
    """Ends the run here, if a signal has come.

    Raises:
      Stopped: says which.
    """
    if _asked:
        raise Stopped(_asked)


def ask(number: int) -> None:
    """What a signal does.

    Raises:
      Stopped: if it is the first, and nothing defers it.
    """
    global _asked
    if _asked:
        os._exit(128 + number)
    _asked = number
    if not _deferred:
        raise Stopped(number)


class Log(logging.StreamHandler):
    """Ends the run when nobody reads its lines any more, or they cannot be written."""

    def handleError(self, record: logging.LogRecord) -> None:
        """Called while the error is being handled."""
        if not isinstance(sys.exc_info()[1], BrokenPipeError):
            raise
        # Nothing more can be said there, nor at the interpreter's end.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        ask(signal.SIGPIPE)


def of_the_system(error: Exception) -> Optional[str]:
    """One line for what disk or memory did to the run; None for an error of the program itself.

    Args:
      error: an OSError, a MemoryError, or one that TensorFlow raises in their place.
    """
    if isinstance(error, MemoryError):
        return f"not enough memory: {error}"
    if isinstance(error, OSError):
        return f"{error.filename}: {error.strerror or error}" if error.filename else str(error)
    if type(error).__module__.startswith("tensorflow") and type(error).__name__ in _OF_TENSORFLOW:
        return " ".join(str(error).split("\n\n")[0].split())[:300]
    return None


_OF_TENSORFLOW = {
    "DataLossError",
    "FailedPreconditionError",
    "NotFoundError",
    "OutOfRangeError",
    "PermissionDeniedError",
    "ResourceExhaustedError",
    "UnavailableError",
    "UnknownError",
}
"""Errors of files and memory among TensorFlow's."""
