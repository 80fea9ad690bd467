"""Whether a path can be the directory of a run."""

import os
import re
import tempfile
from typing import List

from base import unfinished
from base.errors import UsageError

_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://")  # TensorFlow would call other hosts


def check_directory(path: str) -> List[str]:
    """Checks that a directory is there that can be written, or can be made.

    Returns:
      The names in it.

    Raises:
      UsageError: if the path is no directory, or cannot be written.
    """
    flag = f"--workdir={path}"
    if not path or "\0" in path:
        raise UsageError(f"{flag}: needs the path of a directory")
    if _SCHEME.match(path):
        raise UsageError(f"{flag}: needs a directory of this machine, mounted if it is remote")
    try:
        os.path.abspath(path).encode("utf-8")
    except UnicodeError as error:
        raise UsageError(
            f"{flag}: is no text in UTF-8, as TensorFlow takes paths; choose another name, or "
            f"a locale of UTF-8"
        ) from error
    if os.path.exists(path) and not os.path.isdir(path):
        raise UsageError(f"{flag}: is a file; needs the path of a directory")
    problem = why_not_writable(path)
    if problem:
        raise UsageError(f"{flag}: {problem}")
    try:
        return os.listdir(path) if os.path.isdir(path) else []
    except OSError as error:
        raise UsageError(f"{flag}: {error.strerror}") from error


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
    try:  # root may write where nothing can be made, and a server may say no
        with tempfile.TemporaryFile(dir=parent, suffix=unfinished.ENDING):
            return ""
    except OSError as error:
        return f"no file can be made in {parent} ({error.strerror})"
