"""Today's JAX beside TensorFlow 1.15: an environment of its own, and what is run in it."""

import os
import subprocess
import tempfile
from typing import Dict, Tuple

import numpy as np

from benchmarks.children import ROOT, die_with_parent
from benchmarks.environments import Environment

JAX = "0.10.2"
"""The version."""
ENVIRONMENT = Environment(
    directory=os.path.join(ROOT, ".venv-jax"),
    oldest=(3, 11),
    packages=(f"jax[cpu]=={JAX}",),
    check=f"import jax, sys; sys.exit(jax.__version__ != {JAX!r})",
)


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
            [ENVIRONMENT.python, "-I", script, *paths, loop, str(seconds)],
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
