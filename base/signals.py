"""Signals: a first SIGTERM or Ctrl-C ends a run where it can go on, a second one at once."""

import contextlib
import os
import signal
import sys
from typing import Callable, Iterator

from base import unfinished
from base.errors import Stopped

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
    unfinished.remove_all()
    with contextlib.suppress(Exception):  # nobody reads it, or it is being written to
        sys.stdout.flush()
    if first:
        stopped = Stopped(number)
        with contextlib.suppress(OSError):
            os.write(2, f"Stopped by {stopped}. {_how_to_go_on()}\n".encode("utf-8", "replace"))
    os._exit(128 + number)
