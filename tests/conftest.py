"""What all tests share: TensorFlow as main.py loads it, and tiny runs through main.py."""

import os
import subprocess
import sys

import hypothesis
import pytest

from estimator import backend

backend.load_tensorflow(-1)
hypothesis.settings.register_profile("any machine", deadline=None)  # a timing is never asserted
hypothesis.settings.load_profile("any machine")

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))

TINY = [
    "--device=cpu",
    "--gmm_modes_num=3",
    "--toy_dataset_size=640",
    "--epochs=4",
    "--steps=2",
    "--mixture_c_epoch_num=2",
    "--eval_points_num=100",
]


def run_main(*arguments, cwd=ROOT, environment=()):
    """Runs main.py in a fresh process, with some variables more in its environment."""
    return subprocess.run(
        [sys.executable, os.path.join(ROOT, "main.py"), *arguments],
        capture_output=True,
        text=True,
        cwd=str(cwd),
        env={**os.environ, **dict(environment)},
        timeout=300,
    )


@pytest.fixture(scope="session")
def tiny_run(tmp_path_factory):
    """A finished run of two small components: its directory and what it printed."""
    workdir = str(tmp_path_factory.mktemp("tiny") / "run")
    done = run_main(*TINY, f"--workdir={workdir}")
    assert done.returncode == 0, done.stderr
    return workdir, done
