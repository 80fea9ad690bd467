"""How a run ends early: numbers that go wrong, a signal, a failing disk. A leaf.

A first SIGTERM or Ctrl-C ends a run where it can go on; a second one ends it at once.
"""

import contextlib
import logging
import os
import re
import signal
import sys
from typing import Callable, Iterator, Optional

import durable
import machine
from options import UsageError


class Diverged(Exception):
    """Numbers went wrong in training; one line with the flag that helps."""


class WorkerLost(Exception):
    """Another worker of the run has gone; one line that says which."""


class HelperLost(Exception):
    """A process that works for the run has died; one line that says so."""


class Stopped(BaseException):
    """A signal asked the run to end."""

    def __init__(self, number: int):
        """Args: the signal's number."""
        super().__init__(signal.Signals(number).name)
        self.status = 128 + number


_asked = 0
_deferred = False
_how_to_go_on: Callable[[], str] = str


def listen(how_to_go_on: Callable[[], str]) -> None:
    """From now on a first signal ends the run where it can go on, a second one ends it at once.

    Args:
      how_to_go_on: a sentence for whoever sent the signal.
    """
    global _how_to_go_on
    _how_to_go_on = how_to_go_on
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda number, _: ask(number))


@contextlib.contextmanager
def deferred() -> Iterator[None]:
    """Within it, a signal waits for the next `check`; outside, there is nothing to save."""
    global _deferred
    before, _deferred = _deferred, True
    try:
        yield
    finally:
        _deferred = before


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
    """What a signal does: where nothing defers it, or it is the second, it ends the process here.

    An exception would be swallowed wherever Python ignores them, in a destructor for example.
    """
    global _asked
    first, _asked = not _asked, number
    if first and _deferred:
        return
    durable.remove_unfinished()
    with contextlib.suppress(Exception):  # nobody reads it, or it is being written to
        sys.stdout.flush()
    if first:
        stopped = Stopped(number)
        with contextlib.suppress(OSError):
            os.write(2, f"Stopped by {stopped}. {_how_to_go_on()}\n".encode("utf-8", "replace"))
    os._exit(128 + number)


def settle_in() -> None:
    """Gives a process what all programs count on: standard streams, any letter on them, a home.

    Where a stream is closed, the next file that is opened would get what is meant for a terminal.
    Ends the process where a limit leaves too little for what is going to be loaded.
    """
    if os.path.expanduser("~") == "~":  # a container's user, of whom the system has no entry
        os.environ["HOME"] = os.sep
    for number in range(3):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, os.O_RDWR)  # gets the lowest number that is free
    sys.stdin = sys.stdin or os.fdopen(0, "r")
    sys.stdout = sys.stdout or os.fdopen(1, "w")
    sys.stderr = sys.stderr or os.fdopen(2, "w")
    for stream in (sys.stdout, sys.stderr):
        reconfigure = getattr(stream, "reconfigure", None)
        if reconfigure:  # a path may have letters that a terminal has not
            reconfigure(errors="backslashreplace")
    try:
        machine.check_address_space()
    except UsageError as error:
        sys.stderr.write(f"error: {error}\n")
        sys.exit(2)


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
        text = str(error).split("\nTraceback (most recent call last)")[0].split("\n\n")[0]
        of_input = _OF_INPUT.search(text)
        return f"{of_input[2]}: {of_input[1]}" if of_input else " ".join(text.split())[:300]
    return None


_OF_INPUT = re.compile(r"Error: \[Errno \d+\] (.*): ['\"](.*)['\"]$")
"""An OSError that the input pipeline met, as TensorFlow tells it."""
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
