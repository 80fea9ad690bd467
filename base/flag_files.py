"""Flag files, read so that none can harm: a leaf.

Absl reads them too, but of any length and nested as often as they like, and what is no text ends in
a traceback.
"""

import itertools
import os
from typing import List, Sequence

from base.errors import UsageError

LONGEST_FILE, LONGEST_LINE = 1 << 20, 8192
"""Bytes, characters."""
MOST_FILES, MOST_FLAGS = 1000, 10000
FLAG = "--flagfile"


def expand(arguments: Sequence[str]) -> List[str]:
    """The arguments with those of each `--flagfile=FILE` in its place.

    A file holds a flag a line, or a comment that starts with # or //; it may name further files,
    whose relative paths are seen from its own folder.

    Raises:
      UsageError: names the file and what is wrong with it.
    """
    expanded: List[str] = []
    stack, files = [("", iter(arguments))], 0
    while stack:
        inside, rest = stack[-1]
        argument = next(rest, None)
        name, equals, path = (argument or "").partition("=")
        if argument is None:
            stack.pop()
        elif name in (FLAG, FLAG[1:]):
            path = _path(path if equals else next(rest, ""), [outer for outer, _ in stack])
            stack.append((path, iter(_read(path))))
            files += 1
        else:
            expanded.append(argument)
        if files > MOST_FILES or len(expanded) > MOST_FLAGS:
            raise UsageError(f"{FLAG}={inside or path}: leads to too many files, or flags")
        if argument == "--":  # what follows are no flags
            return [*expanded, *itertools.chain(*(rest for _, rest in reversed(stack)))]
    return expanded


def _path(given: str, inside: Sequence[str]) -> str:
    """The path of a file that those in `inside` led to."""
    if not given.strip():
        raise UsageError(f"{FLAG}=: needs the path of a file")
    path = os.path.join(os.path.dirname(inside[-1]), os.path.expanduser(given.strip()))
    if path in inside:
        raise UsageError(f"{FLAG}={path}: leads back to itself through {inside[-1]}")
    return path


def _read(path: str) -> List[str]:
    """The lines of a file that are no comments."""
    try:
        with open(path, "rb") as file:
            data = file.read(LONGEST_FILE + 1)
        if len(data) > LONGEST_FILE:
            raise UsageError(f"{FLAG}={path}: is longer than {LONGEST_FILE} bytes")
        text = data.decode("utf-8-sig")
    except OSError as error:
        raise UsageError(f"{FLAG}={path}: {error.strerror}") from error
    except ValueError as error:
        raise UsageError(f"{FLAG}={path}: is no text in UTF-8") from error
    lines = [line.strip() for line in text.split("\n")]
    for number, line in enumerate(lines, 1):
        if len(line) > LONGEST_LINE or "\0" in line:
            raise UsageError(f"{FLAG}={path}: line {number} holds no flag: {line[:40]!r}")
    return [line for line in lines if line and not line.startswith(("#", "//"))]
