"""What in a work directory is the run's own."""

import fnmatch
import os
from typing import Iterator

from base.errors import UsageError
from storage.lock import LOCK

FILES = ("settings.json", "state.json", "metrics.csv", "report.html")
"""What the run writes at the top, beside the lock."""
COLUMNS = "columns.npz"
"""What the run knows of a data file beside its points."""
FRAME = "frame.json"
"""What Python's `fit` knows of a data frame beside the file that it makes of it."""
OWN = (
    *FILES,
    COLUMNS,
    FRAME,
    LOCK,
    "components",
    "plots",
    "refinement",
    "perfect_sampler",
    "gaussian_mixture",
    "npu_*",
    "removed-*",
    "events.out.tfevents.*",
)
"""Names at the top, as patterns, that are the run's own."""


def check_links(directory: str) -> None:
    """Checks that nothing of the run's own is a link, which may lead anywhere.

    Raises:
      UsageError: names the first.
    """
    for path in _own(directory):
        if os.path.islink(path):
            raise UsageError(
                f"{path}: is a link; a work directory holds what belongs to it: move the "
                f"whole of it elsewhere, and make that a link, or give it as --workdir"
            )


def owns(directory: str, path: str) -> bool:
    """Whether a path is this directory, or one of the run's own files or directories in it."""
    top, whole = os.path.realpath(directory), os.path.realpath(path)
    inside = os.path.relpath(whole, top).split(os.sep)[0]
    return inside == os.curdir or any(fnmatch.fnmatchcase(inside, own) for own in OWN)


def _own(directory: str) -> Iterator[str]:
    """All paths of what is the run's own; links are not followed."""
    names = os.listdir(directory) if os.path.isdir(directory) else []
    for name in names:
        if any(fnmatch.fnmatchcase(name, own) for own in OWN):
            yield os.path.join(directory, name)
            for top, below, files in os.walk(os.path.join(directory, name)):
                yield from (os.path.join(top, each) for each in below + files)
