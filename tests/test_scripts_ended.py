"""How the model collection's scripts end: bad options, a typo, --help, a signal."""

import glob
import os
import shutil
import subprocess
import sys
import time

import psutil
import pytest

from tests.conftest import ROOT
from tests.script_runs import CARD, run_script, started


@pytest.mark.parametrize(
    ("flags", "variables", "told"),
    [
        (["--rank_size=x"], {}, "--rank_size=x: must be the number of cards"),
        (["--rank_size=0"], {}, "--rank_size=0: must be the number of cards"),
        (["--rank_size=2"], {"CM_CHIEF_IP": "a", "CM_WORKER_SIZE": "x"}, "CM_WORKER_SIZE=x: "),
        (["--workdir=x"], {}, "--workdir=x: give --ckpt_path="),
        (["--data_path=tests"], {}, "--data_path=tests: holds no .npy"),
        (["--data_path", "tests"], {}, "--data_path=tests: holds no .npy"),
    ],
)
def test_bad_options_of_scripts_end_in_one_line(tmp_path, flags, variables, told):
    done, files = run_script(tmp_path, "train_full_1p.sh", *flags, **variables)
    assert done.returncode == 2
    assert done.stderr.startswith(f"error: {told}")
    assert done.stderr.count("\n") == 1
    assert not files


def test_a_typo_leaves_what_an_earlier_run_made(tmp_path):
    output = os.path.join(ROOT, "scripts", "output", CARD)
    try:
        os.makedirs(os.path.join(output, "ckpt_acc", "kept"))
        done = started("scripts", "train_full_1p.sh", "--nosuch=1", "--device=cpu")
        assert done.returncode == 2
        assert "--nosuch" in done.stderr
        assert os.listdir(os.path.join(output, "ckpt_acc")) == ["kept"]
    finally:
        shutil.rmtree(output, ignore_errors=True)


def test_help_of_scripts_are_their_options():
    done = started("scripts", "train_performance_1p.sh", "--help")
    assert done.stdout.startswith("Options: --data_path=")
    assert "#" not in done.stdout
    assert done.stdout.rstrip().endswith("is replaced.")


LONG = ["--device=cpu", "--steps=10", "--epochs=2000"]


@pytest.mark.parametrize(
    "command",
    [
        ["bash", "scripts/train_full_1p.sh", "--ckpt_path={}/run"],
        [sys.executable, "scripts/modelarts.py", "--train_url={}/out"],
    ],
)
def test_a_signal_ends_the_training_too_and_keeps_it(tmp_path, command):
    environment = {**os.environ, "ASCEND_DEVICE_ID": CARD, "PYTHON": sys.executable}
    own = tmp_path / "tmp"
    own.mkdir()
    process = subprocess.Popen(
        [*(part.format(tmp_path) for part in command), *LONG],
        cwd=ROOT, env={**environment, "TMPDIR": str(own)}, stderr=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
    )  # fmt: skip
    try:
        (child,) = wait_for(lambda: psutil.Process(process.pid).children(), process)
        settings = f"{glob.escape(str(tmp_path))}/**/settings.json"
        wait_for(lambda: glob.glob(settings, recursive=True), process)
        process.terminate()
        process.communicate(timeout=60)
        assert process.returncode == 143
        assert not child.is_running()
        kept = "run" if "bash" in command else "out"
        assert (tmp_path / kept / "settings.json").exists()
        assert not os.listdir(str(own))
    finally:
        process.kill()
        shutil.rmtree(os.path.join(ROOT, "scripts", "output", CARD), ignore_errors=True)


def wait_for(what, process):
    deadline = time.monotonic() + 60
    while not what():
        assert process.poll() is None
        assert time.monotonic() < deadline
        time.sleep(0.05)
    return what()
