"""Signals at any instant, to all of a run's processes or to one of them."""

import contextlib
import glob
import os
import random
import signal
import subprocess
import sys
import time

import pytest

from tests.conftest import ROOT, run_main
from tests.whole_runs import ONE, SMALLEST


def signalled(flags, cwd, seconds, number):
    """Runs main.py, to which a signal comes after so long, as from a terminal: to all of it."""
    process = subprocess.Popen(
        [sys.executable, os.path.join(ROOT, "main.py"), *flags],
        cwd=str(cwd), stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True,
        start_new_session=True,
    )  # fmt: skip
    time.sleep(seconds)
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, number)
    _, error = process.communicate(timeout=60)
    return process.returncode, error


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_at_any_instant_of_the_start(tmp_path, number):
    """Before anything is there to save, while modules load, and while others start."""
    rng = random.Random(int(number))
    for seconds in (0.15, 0.4, 0.7, rng.uniform(0.1, 3.0)):
        flags = [*ONE, "--epochs=100000", "--workdir=run"]
        status, error = signalled(flags, tmp_path, seconds, number)
        assert status in (128 + number, -number), (seconds, error)
        assert error == "" or error.startswith(f"Stopped by {number.name}. What was committed")
        assert error.count("\n") <= 1


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_at_any_instant_of_sampling(tiny_run, tmp_path, number):
    workdir = os.path.relpath(tiny_run[0], str(tmp_path))
    rng = random.Random(int(number))
    flags = ["--mode=sample", f"--workdir={workdir}", "--num_samples=3000000", "--output=x.csv"]
    for _ in range(2):
        status, error = signalled(flags, tmp_path, rng.uniform(0.1, 5.0), number)
        assert status in (128 + number, -number), error
        assert error in ("", f"Stopped by {number.name}. Nothing was changed.\n")
        assert os.listdir(str(tmp_path)) == []


def test_a_helper_that_is_killed_is_told_and_the_run_goes_on(tmp_path):
    flags = [*SMALLEST, "--epochs=400", "--iterations_per_loop=40", "--steps=3"]
    command = [sys.executable, os.path.join(ROOT, "main.py"), *flags, "--workdir=run"]
    process = subprocess.Popen(
        command, cwd=str(tmp_path), stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True
    )
    while not os.path.exists(str(tmp_path / "run" / "components" / "01" / "state.json")):
        assert process.poll() is None
        time.sleep(0.01)
    (helper,) = helpers_of(process.pid)
    os.kill(helper, signal.SIGKILL)
    _, error = process.communicate(timeout=60)
    assert process.returncode == 1
    assert error == (
        "error: the process that draws the pictures has died (killed by SIGKILL). What was "
        "committed in run is safe; the same command goes on from there.\n"
    )
    done = run_main(*flags, f"--workdir={tmp_path}/run", drawn=False)
    assert done.returncode == 0, done.stderr
    assert "Going on after step" in done.stdout


def helpers_of(process):
    found = []
    for path in glob.glob("/proc/[0-9]*/stat"):
        try:
            with open(path) as file:
                fields = file.read().rpartition(")")[2].split()
        except OSError:  # it has ended
            continue
        if int(fields[1]) == process:
            found.append(int(path.split("/")[2]))
    return found
