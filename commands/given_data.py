"""Data that Python gives, as a file beside the work directory that main.py reads."""

import contextlib
import hashlib
import os
from typing import NamedTuple, Sequence, Tuple

from base import durable
from base.errors import UsageError
from storage import paths


class Copy(NamedTuple):
    """Such a file."""

    path: str
    made: Tuple[str, ...]  # it, and directories above that were not there, from below; maybe none

    def remove(self) -> None:
        """Removes what was made; what was there stays, as does what is in use by now."""
        _remove(self.made)


def check(workdir: str) -> None:
    """Checks, before any work, that a run can be written.

    Raises:
      ValueError: if not, as the command line says it.
    """
    try:
        paths.check_directory(workdir)
    except UsageError as error:
        raise ValueError(str(error)) from error


def write(data: bytes, workdir: str, ending: str) -> Copy:
    """A file of these bytes beside the work directory, whole or not at all; others' files stay.

    Args:
      data: its content, from which it has its name.
      workdir: of the run.
      ending: of the name.

    Raises:
      ValueError: if nothing can be written there.
    """
    digest = hashlib.sha256(data).hexdigest()[:8]
    path = f"{os.path.abspath(workdir)}.data-{digest}{ending}"
    if os.path.exists(path):
        return Copy(path, ())
    problem = paths.why_not_writable(os.path.dirname(path))
    if problem:
        raise ValueError(f"--workdir={workdir}: the data are to be written beside it; {problem}")
    made, above = [path], os.path.dirname(path)
    while not os.path.exists(above):
        made.append(above)
        above = os.path.dirname(above)
    with contextlib.ExitStack() as unless_whole:
        unless_whole.callback(_remove, made)
        durable.make_directories(os.path.dirname(path))
        with durable.replacing(path) as file:
            file.write(data)
        unless_whole.pop_all()
    return Copy(path, tuple(made))


def _remove(made: Sequence[str]) -> None:
    for path in made:
        with contextlib.suppress(OSError):
            os.rmdir(path) if os.path.isdir(path) else os.remove(path)
