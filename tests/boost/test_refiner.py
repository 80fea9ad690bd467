"""What refined sampling trains and keeps: whole runs, and an end where nothing is accepted."""

import glob
import json
import os
import shutil
import signal
import subprocess
import sys
import time

import numpy as np
import pytest

from base.errors import Diverged
from base.streams import Purpose
from boost import refinement, refiner
from storage import sealed
from tests.conftest import ROOT, run_main


def test_refined_samples_are_made_once_and_kept(refined_run, tmp_path):
    workdir, printed = str(tmp_path / "run"), refined_run[1]
    shutil.copytree(refined_run[0], workdir)
    sample = ["--mode=sample", "--refine", "--num_samples=300", "--output=again.npy"]
    done = run_main(*sample, f"--workdir={workdir}")
    assert done.returncode == 0, done.stderr
    assert "Refining discriminator" in printed
    assert "Refining discriminator" not in done.stdout
    assert "Refining accepts" in printed
    assert "Refining accepts" in done.stdout
    outputs = [
        os.path.join(os.path.dirname(refined_run[0]), "refined.npy"),
        str(tmp_path / "again.npy"),
    ]
    first, second = (np.load(output) for output in outputs)
    assert first.shape == (300, 2)
    np.testing.assert_array_equal(first, second)
    (name,) = [n for n in os.listdir(os.path.join(workdir, "refinement")) if n != "lock"]
    path = os.path.join(workdir, "refinement", name, "refinement.json")
    with open(path) as file:
        text = file.read()
    kept = json.loads(text)
    outside = kept["rounds"][0]["checkpoint"]
    for damaged in (
        text.replace(f'"cap": {kept["cap"]}', '"cap": 1000.0'),
        sealed.seal(refinement.FORMAT, {**of(kept), "digests": {}}),
        sealed.seal(refinement.FORMAT, json.loads(json.dumps(of(kept)).replace(outside, "/etc/x"))),
        None,
    ):
        assert damaged != text
        os.remove(path)
        if damaged is None:
            os.mkfifo(path)
        else:
            with open(path, "w") as file:
                file.write(damaged)
        assert_refused(workdir)
    os.remove(path)
    with open(path, "w") as file:
        file.write(text)
    checkpoint = os.path.join(workdir, sorted(kept["digests"])[0])
    with open(checkpoint, "r+b") as file:
        file.write(b"xxxx")
    done = assert_refused(workdir)
    assert "was changed since it was committed" in done.stderr


def of(kept):
    return {name: value for name, value in kept.items() if name not in ("format", "sha256")}


def assert_refused(workdir):
    done = run_main("--mode=sample", "--refine", "--output=x.npy", f"--workdir={workdir}")
    assert done.returncode == 2
    assert "is damaged; remove it to refine anew" in done.stderr
    assert done.stderr.count("\n") == 1
    return done


class NeverAccepts(refiner.Refiner):
    """A refinement of which every ratio lies far below the cap."""

    def __init__(self):
        self.asked = 0

    def _proposals(self, seed, purpose, rounds):
        while True:
            self.asked += 1
            yield np.zeros((1000, 2)), np.random.Generator(np.random.Philox(0))

    def log_ratio(self, points, rounds=None):
        return np.full(len(points), -100.0)


def test_proposals_that_are_never_accepted_end_in_a_line():
    rejecting = NeverAccepts()
    with pytest.raises(Diverged, match="refining accepts 0 of 1000 samples"):
        rejecting._accepted(10, 0, Purpose.SAMPLE, refinement.Refinement((), 0.0, 0.5, {}))
    assert rejecting.asked == 1


def test_a_signal_while_refining_loses_nothing_that_was_trained(tiny_run, tmp_path):
    number = signal.SIGINT
    workdir = str(tmp_path / "run")
    shutil.copytree(tiny_run[0], workdir)
    flags = ["--mode=sample", "--refine", "--num_samples=300", "--iterations_per_loop=100"]
    command = [sys.executable, os.path.join(ROOT, "main.py"), *flags, "--workdir=run"]
    process = subprocess.Popen(
        [*command, "--output=x.npy", "--checkpoint_seconds=0.05"],
        cwd=str(tmp_path), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    while not glob.glob(f"{glob.escape(workdir)}/refinement/*/round_1/progress.json"):
        time.sleep(0.01)
        assert process.poll() is None
    process.send_signal(number)
    _, error = process.communicate(timeout=60)
    assert process.returncode == 128 + number
    assert error == (
        f"Stopped by {number.name}. What was trained of the refinement is kept; the same command "
        f"goes on from there.\n"
    )
    (path,) = glob.glob(f"{glob.escape(workdir)}/refinement/*/round_1/progress.json")
    with open(path) as file:
        assert 0 < json.load(file)["iterations"] < 12_000
    assert not os.path.exists(str(tmp_path / "x.npy"))
