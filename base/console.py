"""The standard streams of a run: what it counts on, and its log."""

import logging
import os
import signal
import sys

from base import machine, signals
from base.errors import UsageError


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
        signals.ask(signal.SIGPIPE)
