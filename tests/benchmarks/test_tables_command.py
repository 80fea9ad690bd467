"""The command that makes tables and sweeps: what it refuses, and how a signal ends it."""

import json
import os
import signal
import subprocess
import sys
import time

import numpy as np
import pytest

from benchmarks.tables import __main__ as tables
from benchmarks.tables import runs
from tests.benchmarks.sweeps import written
from tests.conftest import ROOT


def test_the_command_refuses_before_anything_runs(tmp_path, monkeypatch, capsys):
    sweep_file = f"--sweep={written(tmp_path, {'steps': [0]})}"
    command = [
        sys.executable,
        "-m",
        "benchmarks.tables",
        sweep_file,
        f"--directory={tmp_path}/kept",
    ]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=60)
    assert done.returncode == 2
    assert done.stderr.startswith("error: --sweep=")
    assert done.stderr.count("\n") == 1
    assert not (tmp_path / "kept").exists()
    seeds = (["gmm", "--seeds=-1"], ["gmm", "--seeds=1000"])
    for wrong in ([], ["gmm", "--sweep=mine.json"], ["gmm", "--jobs=0"], *seeds):
        monkeypatch.setattr("sys.argv", ["tables", *wrong])
        with pytest.raises(SystemExit) as ended:
            tables.main()
        assert ended.value.code == 2
        assert "error: " in capsys.readouterr().err.splitlines()[-1]


def test_tables_of_ones_own_are_benchmarks_own():
    command = [sys.executable, "-m", "benchmarks.tables", "own", "cancer", "--ways=none"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=60)
    assert done.returncode == 2
    assert "argument --ways: none: must be some of preset" in done.stderr.splitlines()[-1]


def test_a_directory_that_cannot_be_written_is_told_in_one_line(tmp_path, monkeypatch, capsys):
    (tmp_path / "file").write_text("")
    path = written(tmp_path, {"steps": [1]})
    arguments = [f"--sweep={path}", f"--directory={tmp_path / 'file'}"]
    monkeypatch.setattr("sys.argv", ["tables", *arguments])
    monkeypatch.setattr(runs, "fresh", pytest.fail)
    with pytest.raises(SystemExit) as ended:
        tables.main()
    assert ended.value.code == 1
    assert capsys.readouterr().err.startswith(f"error: {tmp_path / 'file'}")


def test_a_sweep_of_odd_names_is_stopped_by_a_signal_and_leaves_nothing(tmp_path):
    temporary, home = tmp_path / "temporary [ö] files", tmp_path / "~"
    temporary.mkdir()
    home.mkdir()
    np.save(str(home / "points [ü]*.npy"), np.random.RandomState(0).randn(2000, 2))
    values = {
        "dataset": ["file"],
        "data_file": ["~/points [ü]*.npy"],
        "epochs": [1000, 2000],
        "device": ["cpu"],
    }
    (home / "a | `b` [ö]\n.json").write_text(json.dumps(values))
    process = subprocess.Popen(
        [sys.executable, "-m", "benchmarks.tables", "--sweep=~/a | `b` [ö]\n.json"]
        + ["--directory=~/kept [ö]"],
        cwd=str(tmp_path),
        env={**os.environ, "TMPDIR": str(temporary), "HOME": str(home), "PYTHONPATH": ROOT},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        deadline = time.monotonic() + 100
        while len(list(temporary.glob("*/stderr.txt"))) < 2:
            assert process.poll() is None, process.stderr.read()
            assert time.monotonic() < deadline
            time.sleep(0.05)
        process.send_signal(signal.SIGINT)
        said = process.communicate(timeout=100)
    finally:
        process.kill()
    assert process.returncode == 130, said
    directory = home / "kept [ö]"
    assert said == (
        "",
        f"Stopped by SIGINT. Finished runs are kept in {directory}; "
        "the same command goes on from there.\n",
    )
    assert not list(temporary.iterdir())
    assert not [path for path in directory.rglob("*") if path.is_file()]
