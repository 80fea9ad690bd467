"""The model collection's scripts, run on the CPU and on the stand-in for a card."""

import os
import shutil
import subprocess
import sys

import numpy as np
import pytest

from tests import npu_stand_in
from tests.conftest import ROOT, TINY

SMALL = list(TINY)


def run_script(tmp_path, name, *flags, **variables):
    """Runs a script with its output under a folder of its own."""
    environment = {**os.environ, "ASCEND_DEVICE_ID": f"test{os.getpid()}", "PYTHON": sys.executable}
    output = os.path.join(ROOT, "scripts", "output", environment["ASCEND_DEVICE_ID"])
    shutil.rmtree(output, ignore_errors=True)
    try:
        done = subprocess.run(
            ["bash", os.path.join(ROOT, "scripts", name), f"--ckpt_path={tmp_path}/run", *flags],
            capture_output=True,
            text=True,
            env={**environment, **variables},
        )
        return done, sorted(os.listdir(output)) if os.path.isdir(output) else []
    finally:
        shutil.rmtree(output, ignore_errors=True)


@pytest.mark.parametrize(
    ("name", "case", "components"),
    [("train_full_1p.sh", "acc", 2), ("train_performance_1p.sh", "perf", 1)],
)
def test_one_card_scripts_fill_every_line(tmp_path, name, case, components):
    flags = SMALL if case == "acc" else [flag for flag in SMALL if "--steps" not in flag]
    done, files = run_script(tmp_path, name, *flags, "--over_dump=False", "--precision_mode=")
    assert done.returncode == 0, done.stderr
    lines = dict(line.split(" = ") for line in done.stdout.splitlines())
    full = f"ADAGAN_ID2115_for_TensorFlow_bs64_1p_{case}"
    assert lines["CaseName"] == full
    assert lines["Network"] == "ADAGAN_ID2115_for_TensorFlow"
    assert lines["RankSize"] == "1"
    assert lines["BatchSize"] == "64"
    assert 0 <= float(lines["TrainAccuracy"]) <= 1
    assert np.isfinite(float(lines["ActualLoss"]))
    assert float(lines["E2ETrainingTime"]) > 0
    assert f"{full}.log" in files
    assert any(file.startswith("train_") for file in files)
    assert len(os.listdir(str(tmp_path / "run" / "components"))) == components


def test_a_failed_training_is_told(tmp_path):
    done, _ = run_script(tmp_path, "train_full_1p.sh", *SMALL, "--beta_constant=3")
    assert done.returncode == 2
    assert "--beta_constant=3" in done.stderr


def test_several_cards_on_the_stand_in(tmp_path):
    npu_stand_in.make_package(tmp_path / "bridge")
    (tmp_path / "ranks.json").write_text("{}")
    flags = [flag for flag in SMALL if not flag.startswith("--device")]
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
    assert len(os.listdir(str(tmp_path / "run" / "components"))) == 2


def test_modelarts_copies_the_data_in_and_the_run_out(tmp_path):
    (tmp_path / "data").mkdir()
    np.save(str(tmp_path / "data" / "points.npy"), np.random.RandomState(0).randn(400, 2))
    command = [
        sys.executable,
        os.path.join(ROOT, "scripts", "modelarts.py"),
        f"--data_url={tmp_path}/data",
        f"--train_url={tmp_path}/out",
        *TINY,
        "--steps=1",
    ]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert "320 training points" in done.stdout
    assert (tmp_path / "out" / "state.json").exists()
