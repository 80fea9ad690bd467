"""Other models of tables beside ours: CTGAN, TVAE, a diffusion model; `make peers` sets them up.

python -m benchmarks.peers     (makes the environment that they need)
"""

import os
import re
import sys
from typing import Sequence, Tuple

import numpy as np

from base.errors import UsageError
from benchmarks import children
from benchmarks.children import ROOT
from benchmarks.environments import Environment

WAYS = ("ctgan", "tvae", "diffusion")
REQUIREMENTS = os.path.join(ROOT, "requirements", "peers.txt")
with open(REQUIREMENTS) as _file:
    _PINNED = dict(re.findall(r"^(ctgan|torch)==([\d.]+)", _file.read(), re.M))
_CHECK = f"""import ctgan, torch, sys
found = {{"ctgan": ctgan.__version__, "torch": torch.__version__.split("+")[0]}}
sys.exit(found != {_PINNED})"""
ENVIRONMENT = Environment(
    directory=os.path.join(ROOT, ".venv-peers"),
    oldest=(3, 10),
    packages=("-r", REQUIREMENTS),
    check=_CHECK,
)


def check(ways: Sequence[str]) -> None:
    """That what is asked for can be run.

    Raises:
      UsageError: if it takes the environment, and that has not been made.
    """
    asked = [way for way in WAYS if way in ways]
    if asked and not ENVIRONMENT.is_there():
        raise UsageError(f"--ways={','.join(asked)}: not set up here; `make peers` does it")


def run(way: str, known: np.ndarray, number: int, seed: int) -> Tuple[float, np.ndarray]:
    """Seconds of one of the ways, and what it samples, [number, d], of [N, d] rows."""
    with children.directory() as directory:
        paths = [os.path.join(directory, name) for name in ("known.npy", "samples.npy")]
        np.save(paths[0], known)
        # Neither PYTHONPATH nor packages of the user's: those are for our Python.
        command = [ENVIRONMENT.python, "-E", "-s", "-m", "benchmarks.peer_ways", way, *paths]
        seconds = children.watch([*command, str(number), str(seed)]).seconds
        return seconds, np.load(paths[1])


def main() -> None:
    """Makes the environment; status 1 where it cannot be had."""
    why_not = ENVIRONMENT.make()
    if why_not:
        print(UsageError(f"error: {why_not}"), file=sys.stderr)
        sys.exit(1)


if __name__ == "__main__":
    main()
