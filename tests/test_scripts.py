"""The model collection's scripts, run on the CPU and on the stand-in for a card."""

import functools
import importlib.util
import os
import shutil
import subprocess
import sys

import numpy as np
import pytest

from tests import npu_stand_in, prepared_python
from tests.conftest import PREPARED, ROOT
from tests.script_runs import CARD, run_script, started
from tests.whole_runs import ONE, SMALLEST


@pytest.fixture(scope="module")
def python(tmp_path_factory):
    """For scripts: main.py finds TensorFlow loaded, and draws nothing."""
    place = tmp_path_factory.mktemp("bin")
    run = functools.partial(PREPARED.run, drawn=False)
    with prepared_python.program(place, run) as path:
        yield path


def figures(done):
    assert done.returncode == 0, done.stderr
    return dict(line.split(" = ") for line in done.stdout.splitlines() if " = " in line)


@pytest.mark.parametrize(
    ("name", "case", "components"),
    [("train_full_1p.sh", "acc", 2), ("train_performance_1p.sh", "perf", 1)],
)
def test_one_card_scripts_fill_every_line(python, tmp_path, name, case, components):
    flags = SMALLEST if case == "acc" else [flag for flag in SMALLEST if "--steps" not in flag]
    own = {} if case == "acc" else {"PYTHON": python}
    done, files = run_script(
        tmp_path, name, *flags, "--over_dump=False", "--precision_mode=", **own
    )
    lines = figures(done)
    full = f"ADAGAN_ID2115_for_TensorFlow_bs64_1p_{case}"
    assert lines["CaseName"] == full
    assert lines["Network"] == "ADAGAN_ID2115_for_TensorFlow"
    assert lines["RankSize"] == "1"
    assert lines["BatchSize"] == "64"
    assert 0 <= float(lines["TrainAccuracy"]) <= 1
    assert np.isfinite(float(lines["ActualLoss"]))
    assert float(lines["E2ETrainingTime"]) > 0
    assert float(lines["ActualFPS"]) > 0  # although the training was one Session.run
    rate = float(lines["ActualFPS"]) / 64
    assert float(lines["TrainingTime"]) == pytest.approx(1000 / rate, rel=0.01)
    assert f"{full}.log" in files
    assert any(file.startswith("train_") for file in files)
    assert len(os.listdir(str(tmp_path / "run" / "components"))) == components


def test_where_the_collection_looks_a_run_clears_the_one_before_and_makes_the_data(
    python, tmp_path
):
    """Its scripts always name a folder of data; an empty or absent one means the published GMM."""
    output = os.path.join(ROOT, "test", "output", CARD)
    flags = [flag for flag in SMALLEST if "--steps" not in flag]
    path = f"--data_path={tmp_path}/absent"
    try:
        os.makedirs(os.path.join(output, "ckpt_perf", "before"))
        for name in (f"train_{CARD}.log", "train_rank_1.log"):
            with open(os.path.join(output, name), "w") as file:
                file.write("Evaluating, before\n")
        lines = figures(started("test", "train_performance_1p.sh", path, *flags, PYTHON=python))
        assert float(lines["ActualFPS"]) > 0
        with open(os.path.join(output, f"train_{CARD}.log")) as file:
            log = file.read()
        assert f"none in {path}; the published GMM is made" in log
        assert log.count("Evaluating") == 1
        assert "before" not in os.listdir(os.path.join(output, "ckpt_perf"))
        assert not os.path.exists(os.path.join(output, "train_rank_1.log"))
    finally:
        shutil.rmtree(output, ignore_errors=True)


RECORDER = """#!/bin/sh
env >"$RECORDS/$RANK_ID.environment"
for argument; do
    echo "$argument" >>"$RECORDS/$RANK_ID.arguments"
    case $argument in --workdir=*) workdir=${argument#*=} ;; esac
done
mkdir -p "$workdir"
printf 'iterations_per_second,coverage\\n2,0.5\\n' >"$workdir/metrics.csv"
"""
"""In the place of Python: what it was started with."""


def recorded(tmp_path, name, *flags, **variables):
    """A script's output, and each card's environment and arguments, where nothing is trained."""
    (tmp_path / "python").write_text(RECORDER)
    (tmp_path / "python").chmod(0o755)
    records = tmp_path / "records"
    records.mkdir()
    more = {"PYTHON": str(tmp_path / "python"), "RECORDS": str(records), **variables}
    done, _ = run_script(tmp_path, name, *flags, **more)
    found = []
    for path in sorted(records.glob("*.environment")):
        pairs = (line.partition("=") for line in path.read_text().splitlines())
        arguments = path.with_suffix(".arguments").read_text().splitlines()
        found.append(({key: value for key, _, value in pairs}, arguments))
    return done, found


def test_an_empty_folder_of_data_is_none(tmp_path):
    (tmp_path / "empty").mkdir()
    done, ((_, arguments),) = recorded(
        tmp_path, "train_performance_1p.sh", f"--data_path={tmp_path}/empty", "--seed=4"
    )
    assert figures(done)["ActualFPS"] == "128.00"
    assert f"none in --data_path={tmp_path}/empty; the published GMM is made" in done.stderr
    assert arguments == ["main.py", "--flagfile=ascend.flags", f"--workdir={tmp_path}/run"] + [
        "--steps=1",
        "--seed=4",
    ]


def test_cards_that_meet_without_a_rank_table_are_told_how_many_they_are(tmp_path):
    """By CM_WORKER_SIZE alone, which npu_bridge does not take together with RANK_SIZE."""
    meeting = {"CM_CHIEF_IP": "10.0.0.1", "CM_CHIEF_PORT": "6000", "CM_CHIEF_DEVICE": "0"}
    done, cards = recorded(tmp_path, "train_8p.sh", **meeting)
    assert figures(done)["RankSize"] == "8"
    for rank, (environment, _) in enumerate(cards):
        assert environment["RANK_ID"] == str(rank)
        assert environment["ASCEND_DEVICE_ID"] == (str(rank) if rank else CARD)
        assert environment["CM_WORKER_SIZE"] == "8"
        assert "RANK_SIZE" not in environment
        assert meeting.items() <= environment.items()
    assert len(cards) == 8


def test_a_folder_with_one_file_is_its_data(python, tmp_path):
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
    for path in ("one/points", "two/points", "two/more"):
        np.save(str(tmp_path / f"{path}.npy"), np.random.RandomState(0).randn(400, 2))
    run = functools.partial(run_script, tmp_path, "train_full_1p.sh", *ONE, PYTHON=python)
    done, _ = run(f"--data_path={tmp_path}/one")
    assert figures(done)["RankSize"] == "1"
    state = (tmp_path / "run" / "settings.json").read_text()
    assert "points.npy" in state
    again, _ = run(f"--data_path={tmp_path}/one")
    assert figures(again)["TrainAccuracy"] == figures(done)["TrainAccuracy"]
    assert "had finished before" in again.stderr
    two, _ = run(f"--data_path={tmp_path}/two")
    assert two.returncode == 2
    assert "must hold one data file, holds more.npy points.npy" in two.stderr


def test_a_failed_training_is_told(python, tmp_path):
    flags = [*SMALLEST, "--beta_constant=3"]
    done, _ = run_script(tmp_path, "train_full_1p.sh", *flags, PYTHON=python)
    assert done.returncode == 2
    assert "--beta_constant=3" in done.stderr


def test_several_cards_on_the_stand_in(tmp_path):
    npu_stand_in.make_package(tmp_path / "bridge")
    (tmp_path / "ranks.json").write_text("{}")
    flags = [flag for flag in ONE if not flag.startswith("--device")]
    done, files = run_script(
        tmp_path,
        "train_8p.sh",
        "--rank_size=2",
        *flags,
        PYTHONPATH=str(tmp_path / "bridge"),
        RANK_TABLE_FILE=str(tmp_path / "ranks.json"),
    )
    assert done.returncode == 0, done.stderr
    assert "RankSize = 2" in done.stdout
    assert "train_rank_1.log" in files
    assert len(os.listdir(str(tmp_path / "run" / "components"))) == 1


@pytest.mark.parametrize("there", [True, False])
def test_modelarts_without_data_leaves_the_flags_as_they_are(tmp_path, monkeypatch, capfd, there):
    """So the run makes the published GMM."""
    path = os.path.join(ROOT, "scripts", "modelarts.py")
    spec = importlib.util.spec_from_file_location("modelarts", path)
    modelarts = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(modelarts)
    if there:
        (tmp_path / "empty").mkdir()
    commands = []
    monkeypatch.setattr(modelarts, "run", lambda command: commands.append(command) or 0)
    monkeypatch.setattr("sys.argv", [path, f"--data_url={tmp_path}/empty", *SMALLEST])
    assert modelarts.main() == 0
    (command,) = commands
    assert command[1:-1] == [os.path.join(ROOT, "main.py"), *SMALLEST]
    assert command[-1].startswith("--workdir=")
    assert "the published GMM is made" in capfd.readouterr().out


def test_modelarts_copies_the_data_in_and_the_run_out(tmp_path):
    (tmp_path / "data").mkdir()
    np.save(str(tmp_path / "data" / "points.npy"), np.random.RandomState(0).randn(400, 2))
    command = [
        sys.executable,
        os.path.join(ROOT, "scripts", "modelarts.py"),
        f"--data_url={tmp_path}/data",
        f"--train_url={tmp_path}/out",
        *ONE,
    ]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert "320 training points" in done.stdout
    assert (tmp_path / "out" / "state.json").exists()
