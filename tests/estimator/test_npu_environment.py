"""What the environment says of Ascend cards, and what of it npu_bridge is shown."""

import json
import os

import pytest

from base.errors import UsageError
from estimator import factory, npu_environment
from estimator.engine import DeviceSettings
from tests.conftest import run_main
from tests.npu_runs import NPU, run_npu

MEETING = {
    "CM_CHIEF_IP": "10.0.0.1",
    "CM_CHIEF_PORT": "6000",
    "CM_CHIEF_DEVICE": "0",
    "CM_WORKER_SIZE": "2",
}


def test_without_cann_one_line_and_nothing_written(tmp_path, clean):
    done = run_main(*NPU, f"--workdir={tmp_path}/run")
    assert done.returncode == 2
    assert done.stderr.count("\n") == 1
    for word in ("ascend-toolkit/set_env.sh", "cann/set_env.sh", "TFPLUGIN_INSTALL_PATH"):
        assert word in done.stderr
    assert "npu_bridge" in done.stderr
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize(
    ("variables", "flags", "message"),
    [
        ({"RESTORE_FROM": "/old"}, [], "RESTORE_FROM=/old"),
        ({"LOCAL_CHECKPOINT_DIR": "/old"}, [], "LOCAL_CHECKPOINT_DIR=/old"),
        ({"RANK_SIZE": "2"}, [], "RANK_TABLE_FILE=: 2 cards need"),
        ({"RANK_SIZE": "2", "RANK_TABLE_FILE": "x"}, [], "RANK_ID=: must be this card's number"),
        ({"RANK_SIZE": "2", "RANK_TABLE_FILE": "x", "RANK_ID": "2"}, [], "RANK_ID=2: must be"),
        (
            {"RANK_SIZE": "3", "RANK_TABLE_FILE": "x", "RANK_ID": "0"},
            [],
            "--batch_size=64: must divide among 3 cards",
        ),
        ({"RANK_SIZE": "1", "CM_WORKER_SIZE": "1"}, [], "CM_WORKER_SIZE=1: npu_bridge does not"),
        ({"RANK_SIZE": "many"}, [], "RANK_SIZE=many"),
        ({}, ["--iterations_per_loop=7"], "--iterations_per_loop=7: must divide the 40"),
        ({}, ["--over_dump", "--data_dump_flag"], "--over_dump: not together"),
        ({}, ["--data_dump_step=x"], "--data_dump_step=x"),
        ({}, ["--data_dump_step=0|10-5"], "--data_dump_step=0|10-5: must be like"),
        ({}, ["--jit_compile=auto"], "--jit_compile=auto: this release of npu_bridge"),
        ({}, ["--op_precision_mode=no.ini"], "no.ini: is no file"),
        (
            {},
            ["--precision_mode=allow_mix_precision", "--precision_mode_v2=origin"],
            "--precision_mode_v2=origin: not together with",
        ),
        ({**MEETING, "RANK_ID": "1"}, [], "CM_WORKER_SIZE=2: this release of npu_bridge starts"),
    ],
)
def test_what_would_go_wrong_is_refused_before_anything_is_written(
    environment, tmp_path, variables, flags, message
):
    done = run_npu(environment, "B", *flags, f"--workdir={tmp_path}/run", **variables)
    assert done.returncode == 2
    assert message in done.stderr
    assert done.stderr.count("\n") == 1
    assert not (tmp_path / "run").exists()


def test_the_environment_is_completed_and_not_overwritten(clean):
    clean.setenv("JOB_ID", "77")
    npu_environment.prepare()
    assert os.environ["JOB_ID"] == "77"
    assert os.environ["RANK_SIZE"] == "1"
    for name in npu_environment.SINGLE_CARD:
        clean.delenv(name, raising=False)
    clean.setenv("CM_WORKER_SIZE", "1")
    npu_environment.prepare()
    assert not os.environ.get("RANK_SIZE")


@pytest.mark.parametrize(
    ("told", "rank"),
    [
        ({"RANK_ID": "1"}, 1),
        ({"ASCEND_DEVICE_ID": "1"}, 1),
        ({"DEVICE_ID": "1", "CM_WORKER_IP": "10.0.0.1"}, 1),
        ({"DEVICE_ID": "0", "CM_WORKER_IP": "10.0.0.2", "CM_RANK": "1", "CM_LOCAL_WORKER": "1"}, 1),
        ({"ASCEND_DEVICE_ID": "0", "CM_RANK": "0", "CM_LOCAL_WORKER": "2"}, 0),
    ],
)
def test_cards_meet_without_a_rank_table(clean, told, rank):
    """As Huawei documents it: no variable of a rank table may be there when npu_bridge reads."""
    for name, value in {**MEETING, **told}.items():
        clean.setenv(name, value)
    assert npu_environment.follows() == bool(rank)
    assert npu_environment.prepare() == (2, rank)
    assert not {"RANK_TABLE_FILE", "RANK_SIZE", "RANK_ID"} & set(os.environ)
    assert os.environ["JOB_ID"]


@pytest.mark.parametrize(
    ("more", "message"),
    [
        ({"RANK_TABLE_FILE": "x"}, "together with RANK_TABLE_FILE=x"),
        ({"CM_CHIEF_PORT": ""}, "CM_CHIEF_PORT=: 2 cards"),
        ({"CM_WORKER_IP": "10.0.0.2", "DEVICE_ID": "0"}, "RANK_ID=: must be this card's number"),
        ({"DEVICE_ID": "2"}, "RANK_ID=2: must be this card's number, from 0 to 1"),
        ({"CM_WORKER_SIZE": "0"}, "CM_WORKER_SIZE=0: must be the number"),
    ],
)
def test_cards_that_could_not_meet_are_refused(clean, more, message):
    for name, value in {**MEETING, **more}.items():
        clean.setenv(name, value)
    with pytest.raises(UsageError, match=message):
        npu_environment.prepare()


def test_a_run_of_two_cards_without_a_rank_table(environment, tmp_path):
    flags = ["--steps=1", f"--workdir={tmp_path}/run"]
    other = run_npu(environment, "A", *flags, **MEETING, ASCEND_DEVICE_ID="1")
    assert other.returncode == 0, other.stderr
    assert "rank 1 of 2" in other.stdout
    assert not (tmp_path / "run").exists()
    chief = run_npu(environment, "A", *flags, **MEETING, ASCEND_DEVICE_ID="0")
    assert chief.returncode == 0, chief.stderr
    assert (tmp_path / "run" / "state.json").exists()


def test_device_settings_are_checked_without_loading_anything():
    factory.check(DeviceSettings(data_dump_step="0|5|10-20"))
    assert json.dumps(DeviceSettings().precision_mode) == '""'
