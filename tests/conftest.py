"""What all tests share: TensorFlow as main.py loads it, and tiny runs through main.py."""

import fcntl
import os
import shutil
import subprocess
import sys

import hypothesis
import pytest

from boost import betas
from estimator import factory
from tests.prepared import Prepared

factory.load_tensorflow(-1)
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


PREPARED, BARE = Prepared(), Prepared(bare=True)

ODD = "wörk [1] \\x *"
"""Of all tests' directories: letters beyond ASCII, spaces, what TensorFlow takes for patterns."""


def run_main(*arguments, cwd=None, environment=(), drawn=True):
    """Runs main.py in a process where TensorFlow is loaded already, with some variables more.

    Where no current directory is given, it is the one above --workdir, so that this is relative.
    """
    arguments, cwd = seen_from_above(arguments, cwd)
    return PREPARED.run(arguments, cwd, {**os.environ, **dict(environment)}, drawn)


def run_fresh(*arguments, cwd=None, environment=()):
    """The same where the start counts: in a process that a user might have started."""
    arguments, cwd = seen_from_above(arguments, cwd)
    return subprocess.run(
        [sys.executable, os.path.join(ROOT, "main.py"), *arguments],
        capture_output=True,
        text=True,
        cwd=cwd,
        env={**os.environ, **dict(environment)},
        timeout=300,
    )


def seen_from_above(arguments, cwd=None):
    """Arguments with a relative --workdir, and the directory that it is seen from."""
    workdirs = [text[10:] for text in arguments if text.startswith("--workdir=/")]
    if cwd or not workdirs:
        return list(arguments), str(cwd or ROOT)
    above = os.path.dirname(workdirs[-1])
    return [
        "--workdir=" + os.path.relpath(text[10:], above) if text[10:] in workdirs else text
        for text in arguments
    ], above


def odd(path):
    """A new directory of a name that is hard on programs."""
    path = path / ODD
    path.mkdir()
    return path


@pytest.fixture
def tmp_path(tmp_path):
    return odd(tmp_path)


@pytest.fixture(scope="session")
def tiny_run(tmp_path_factory):
    """A finished run of two small components: its directory and what it printed."""

    def make(directory):
        return run_fresh(*TINY, f"--workdir={directory}/run")

    directory, printed = made_once(tmp_path_factory, "tiny", make)
    return os.path.join(directory, "run"), printed


@pytest.fixture(scope="session")
def begun_run(tmp_path_factory):
    """The first of its two components; its directory."""

    def make(directory):
        return run_main(*TINY, "--steps=1", f"--workdir={directory}/run")

    return os.path.join(made_once(tmp_path_factory, "begun", make)[0], "run")


@pytest.fixture(scope="session")
def refined_run(tiny_run, tmp_path_factory):
    """The same with a refinement, 300 samples of it beside it, and what making them printed."""

    def make(directory):
        shutil.copytree(tiny_run[0], f"{directory}/run")
        sample = ["--mode=sample", "--refine", "--num_samples=300", "--output=refined.npy"]
        return run_main(*sample, f"--workdir={directory}/run")

    directory, printed = made_once(tmp_path_factory, "refined", make)
    return os.path.join(directory, "run"), printed


def made_once(tmp_path_factory, name, make):
    """A directory that one of the processes that share the tests makes; what that printed."""
    top = tmp_path_factory.getbasetemp()
    top = top.parent if "PYTEST_XDIST_WORKER" in os.environ else top
    directory, printed = str(top / f"{name} {ODD}"), str(top / f"{name}.txt")
    with open(str(top / f"{name}.lock"), "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not os.path.exists(printed):
            os.mkdir(directory)
            done = make(directory)
            assert (done.returncode, done.stderr) == (0, "")
            with open(printed, "w") as file:
                file.write(done.stdout)
    with open(printed) as file:
        return directory, file.read()


def after(state, steps):
    """A state of other steps of the same run."""
    return state.after(steps, betas.mixture_weights([record.beta for record in steps]))
