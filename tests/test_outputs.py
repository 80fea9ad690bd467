"""Outputs: what they never replace, and where they are written."""

import os
import shutil

import numpy as np
import pytest

from tests.conftest import run_main
from tests.whole_runs import ONE, assert_one_line


@pytest.mark.parametrize(
    ("mode", "output", "told"),
    [
        ("sample", "other/components/01/data_weights.npy", "belongs to the run in "),
        ("sample", "run/components/01/data_weights.npy", "belongs to the run in run"),
        ("sample", "run/metrics.csv", "belongs to the run in run"),
        ("sample", "link.npy", "holds the data of the run"),
        ("sample", "x.npy", "holds the data of the run"),
        ("evaluate", "run/state.json", "belongs to the run in run"),
        ("evaluate", "run/./settings.json", "belongs to the run in run"),
        ("sample", "pipe.npy", "is a pipe"),
        ("sample", "nowhere/x.npy", "is no directory that can be written"),
    ],
)
def test_outputs_never_replace_what_the_run_needs(own_run, mode, output, told):
    before = contents(own_run)
    done = run_main(f"--mode={mode}", "--workdir=run", f"--output={output}", cwd=own_run)
    error = assert_one_line(done, 2)
    assert error.startswith(f"error: --output={output}: ")
    assert told in error
    assert contents(own_run) == before


@pytest.fixture(scope="module")
def own_run(tmp_path_factory):
    directory = tmp_path_factory.mktemp("own [x]")
    np.save(str(directory / "x.npy"), np.random.RandomState(0).randn(100, 2))
    flags = [*ONE, "--dataset=file", "--data_file=x.npy", "--batch_size=10", "--workdir=run"]
    done = run_main(*flags, cwd=directory, drawn=False)
    assert done.returncode == 0, done.stderr
    os.link(str(directory / "x.npy"), str(directory / "link.npy"))
    os.mkfifo(str(directory / "pipe.npy"))
    shutil.copytree(str(directory / "run"), str(directory / "other"))
    return directory


def test_other_outputs_are_written(own_run):
    for output in ("run/new.npy", "new.csv"):
        flags = ["--mode=sample", "--workdir=run", "--num_samples=70", f"--output={output}"]
        done = run_main(*flags, cwd=own_run)
        assert done.returncode == 0, done.stderr
    table = np.loadtxt(str(own_run / "new.csv"), delimiter=",", skiprows=1)
    np.testing.assert_allclose(table, np.load(str(own_run / "run" / "new.npy")), rtol=1e-6)


def contents(top):
    found = {}
    for directory, _, names in os.walk(str(top)):
        for name in names:
            path = os.path.join(directory, name)
            found[path] = os.stat(path).st_mtime_ns
    return found
