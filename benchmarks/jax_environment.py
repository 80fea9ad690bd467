"""Today's JAX beside TensorFlow 1.15: an environment of its own, and what is run in it."""

import os
import subprocess
import tempfile
from typing import Dict, List, Tuple

import numpy as np

from benchmarks import children
from benchmarks.children import ROOT, die_with_parent

JAX, OLDEST = "0.10.2", (3, 11)
"""The version, and the oldest Python that it runs on."""
DIRECTORY = os.path.join(ROOT, ".venv-jax")
PYTHON = os.path.join(DIRECTORY, "bin", "python")
PYTHONS = ("python3", "python3.14", "python3.13", "python3.12", "python3.11", ".uv/bin/python")
"""Where a Python is looked for."""
PATIENCE = ("--retries=1", "--disable-pip-version-check")
IMPORTS = f"import jax, sys; sys.exit(jax.__version__ != {JAX!r})"
NEW_ENOUGH = f"import venv, ensurepip, sys; sys.exit(sys.version_info < {OLDEST})"


def make() -> str:
    """Makes the environment unless it is there; why it cannot be had, "" where it can.

    Nothing half-made is left behind.
    """
    if not _fails([PYTHON, "-I", "-c", IMPORTS]):
        return ""
    fitting = (python for python in PYTHONS if not _fails([python, "-I", "-c", NEW_ENOUGH]))
    python = next(fitting, "")
    if not python:
        return f"no Python {OLDEST[0]}.{OLDEST[1]} or later found that makes environments"
    pip = [PYTHON, "-I", "-m", "pip", "install", "--quiet", *PATIENCE, f"jax[cpu]=={JAX}"]
    usable = False
    try:
        why_not = (
            _fails([python, "-I", "-m", "venv", "--clear", DIRECTORY])
            or _fails(pip)
            or _fails([PYTHON, "-I", "-c", IMPORTS])
        )
        usable = not why_not
        return why_not
    finally:
        if not usable:
            children.remove(DIRECTORY)


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


def run(
    inputs: Dict[str, np.ndarray], loop: str, seconds: float
) -> Tuple[float, Dict[str, np.ndarray]]:
    """Iterations a second, and the parameters after those to compare; see `jax_way.py`."""
    # Our XLA's flags are not those of JAX's, which runs with its own.
    environment = {name: value for name, value in os.environ.items() if "XLA_FLAGS" not in name}
    with tempfile.TemporaryDirectory() as directory:
        paths = [os.path.join(directory, name) for name in ("inputs.npz", "outputs.npz")]
        np.savez(paths[0], **inputs)
        script = os.path.join(ROOT, "benchmarks", "jax_way.py")
        done = subprocess.run(
            [PYTHON, "-I", script, *paths, loop, str(seconds)],
            check=True,
            stdout=subprocess.PIPE,
            text=True,
            env=environment,
            preexec_fn=die_with_parent,
        )
        return float(done.stdout), dict(np.load(paths[1]))


def difference(ours: Dict[str, np.ndarray], theirs: Dict[str, np.ndarray]) -> float:
    """The largest difference of a parameter, relative to the largest number in it."""
    by_name = [np.abs(ours[name] - theirs[name]).max() / np.abs(ours[name]).max() for name in ours]
    return float(np.max(by_name))  # Python's max would pass over NaN
