"""Environments of their own, for what does not run beside TensorFlow 1.15: made, and looked for."""

import glob
import os
import subprocess
import sys
from typing import List, NamedTuple, Sequence, Tuple

from benchmarks import children
from benchmarks.children import ROOT, die_with_parent

PYENV = os.environ.get("PYENV_ROOT") or os.path.expanduser("~/.pyenv")
PYTHONS = (
    *("python3", "python3.14", "python3.13", "python3.12", "python3.11", "python3.10"),
    *(".uv/bin/python", *sorted(glob.glob(f"{glob.escape(PYENV)}/versions/3.*/bin/python"))),
)
"""Where a Python is looked for: the first that is new enough is taken."""
PATIENCE = ("--retries=1", "--disable-pip-version-check")


class Environment(NamedTuple):
    """Where it lies, and what is in it."""

    directory: str
    oldest: Tuple[int, int]  # Python that its packages run on
    packages: Sequence[str]  # as pip takes them
    check: str  # Python that fails unless these are there

    @property
    def python(self) -> str:
        """Its interpreter."""
        return os.path.join(self.directory, "bin", "python")

    def is_there(self) -> bool:
        """Whether it has been made, with these packages."""
        return not _fails([self.python, "-I", "-c", self.check])

    def make(self) -> str:
        """Makes it unless it is there; why it cannot be had, "" where it can.

        Nothing half-made is left behind.
        """
        if self.is_there():
            return ""
        major, minor = self.oldest
        new_enough = f"import venv, ensurepip, sys; sys.exit(sys.version_info < {self.oldest})"
        fitting = (each for each in PYTHONS if not _fails([each, "-I", "-c", new_enough]))
        python = next(fitting, "")
        if not python:
            return f"no Python {major}.{minor} or later found that makes environments"
        name = os.path.basename(self.directory)
        print(f"Making {name} with {python}; this takes minutes", file=sys.stderr, flush=True)
        pip = [self.python, "-I", "-m", "pip", "install", "--quiet", *PATIENCE, *self.packages]
        usable = False
        try:
            why_not = (
                _fails([python, "-I", "-m", "venv", "--clear", self.directory])
                or _fails(pip)
                or _fails([self.python, "-I", "-c", self.check])
            )
            usable = not why_not
            return why_not
        finally:
            if not usable:
                children.remove(self.directory)


def _fails(command: List[str]) -> str:
    """Why a command fails, in one line; "" if it does not."""
    try:
        done = subprocess.run(
            command,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
            cwd=ROOT,
            preexec_fn=die_with_parent,
        )
    except OSError as error:  # no such program
        return str(error)
    said = done.stderr.strip().split("\n")[-1] or f"{' '.join(command)}: status {done.returncode}"
    return said if done.returncode else ""
