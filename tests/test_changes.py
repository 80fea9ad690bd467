"""What has changed since a run was started: data, settings, the program, files that are gone."""

import os
import shutil
import subprocess
import sys
import time

import numpy as np

from tests.conftest import ROOT, TINY, run_main
from tests.whole_runs import SMALLEST, assert_one_line


def start_a_first_component(tmp_path, path):
    """Trains until a checkpoint is there and nothing is committed yet, then kills."""
    flags = [
        *SMALLEST, "--dataset=file", f"--data_file={path}", "--epochs=100000", "--batch_size=16",
        "--iterations_per_loop=40", "--checkpoint_seconds=0.05", "--workdir=run",
    ]  # fmt: skip
    process = subprocess.Popen(
        [sys.executable, os.path.join(ROOT, "main.py"), *flags],
        cwd=str(tmp_path), stdout=subprocess.DEVNULL,
    )  # fmt: skip
    while not os.path.exists(str(tmp_path / "run" / "components" / "01" / "progress.json")):
        assert process.poll() is None
        time.sleep(0.01)
    process.kill()
    process.wait()
    return flags


def test_before_its_first_commit_a_run_keeps_to_its_data_and_settings(tmp_path):
    path = tmp_path / "x.npy"
    points = np.random.RandomState(0).randn(6400, 2)
    np.save(str(path), points)
    flags = start_a_first_component(tmp_path, path)
    changed = np.where(np.arange(6400) % 50 == 25, 1.0, 0.0)[:, None] + points  # some rows of many
    np.save(str(path), changed)
    done = run_main(*flags, cwd=tmp_path)
    assert "its components are trained on other data" in assert_one_line(done, 2)
    np.save(str(path), points)
    settings = tmp_path / "run" / "settings.json"
    text = settings.read_text()
    settings.write_text(text.replace('"init_std": 0.8', '"init_std": 0.5'))
    done = run_main(*flags, "--init_std=0.5", cwd=tmp_path)
    assert "settings.json: was changed since the run was started" in assert_one_line(done, 2)
    settings.write_text(text)
    process = subprocess.Popen(
        [sys.executable, os.path.join(ROOT, "main.py"), *flags],
        cwd=str(tmp_path), stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert "Data: 5120 training points" in process.stdout.readline()
    process.kill()
    process.communicate()


def test_what_is_made_of_a_finished_run_comes_back(tiny_run, tmp_path):
    workdir = str(tmp_path / "run")
    shutil.copytree(tiny_run[0], workdir)
    shutil.rmtree(os.path.join(workdir, "plots"))
    os.remove(os.path.join(workdir, "report.html"))
    done = run_main(*TINY, f"--workdir={workdir}")
    assert done.returncode == 0, done.stderr
    assert os.listdir(os.path.join(workdir, "plots"))
    assert os.path.exists(os.path.join(workdir, "report.html"))


def test_changed_settings_of_a_finished_run_are_noticed(tiny_run, tmp_path):
    workdir = str(tmp_path / "run")
    shutil.copytree(tiny_run[0], workdir)
    path = os.path.join(workdir, "settings.json")
    with open(path) as file:
        text = file.read()
    for changed in (
        text.replace('"seed": 0', '"seed": 1'),
        text.replace('"seed"', '"sead": 1, "seed"'),
    ):
        assert changed != text
        with open(path, "w") as file:
            file.write(changed)
        error = assert_one_line(run_main(*TINY, "--seed=1", f"--workdir={workdir}"), 2)
        assert "settings.json: " in error
        assert "--mode=train --repair" in error
    done = run_main(*TINY, "--repair", f"--workdir={workdir}")
    assert done.returncode == 0, done.stderr
    with open(path) as file:
        assert file.read() == text


def test_changed_and_missing_files_and_other_data_are_noticed(tmp_path):
    points, other = tmp_path / "points.npy", tmp_path / "moved.npy"
    np.save(str(points), np.random.RandomState(0).randn(400, 2))
    workdir = str(tmp_path / "run")
    flags = [*TINY, "--steps=1", "--dataset=file", f"--workdir={workdir}"]
    done = run_main(*flags, "--data_file=points.npy", cwd=tmp_path, drawn=False)
    assert done.returncode == 0, done.stderr
    evaluate = ["--mode=evaluate", f"--workdir={workdir}"]
    assert run_main(*evaluate).returncode == 0  # from another directory

    shutil.move(str(points), str(other))
    assert run_main(*evaluate, f"--data_file={other}").returncode == 0
    np.save(str(other), np.random.RandomState(1).randn(400, 2))
    done = run_main(*evaluate, f"--data_file={other}")
    assert done.returncode == 2
    assert "trained on other data" in done.stderr

    np.save(str(points), np.random.RandomState(0).randn(400, 2))
    weights = os.path.join(workdir, "components", "01", "data_weights.npy")
    with open(weights, "r+b") as file:
        file.seek(200)
        file.write(b"xxxx")
    done = run_main(*evaluate)
    assert done.returncode == 2
    assert "data_weights.npy: was changed" in done.stderr
    os.remove(weights)
    done = run_main(*evaluate)
    assert done.returncode == 2
    assert "data_weights.npy: is missing" in done.stderr
