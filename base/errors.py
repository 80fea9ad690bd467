"""How a run ends badly, each in one line: bad input, numbers gone wrong, what others did."""

import re
import signal
from typing import Optional

LONGEST_MESSAGE = 1000


class UsageError(Exception):
    """Bad input: one line that names the flag or file, the value, and what would be right."""

    def __init__(self, message: str):
        """Keeps it one line that a terminal can show, whatever the value was."""
        shown = "".join(c if c.isprintable() else ascii(c)[1:-1] for c in message.strip())
        if len(shown) > LONGEST_MESSAGE:  # the flag stands at the start, what is right at the end
            shown = f"{shown[: LONGEST_MESSAGE // 2]} ... {shown[-LONGEST_MESSAGE // 2 :]}"
        super().__init__(shown)


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
