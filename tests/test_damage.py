"""Runs whose files are damaged or lost: named, and repaired when told to."""

import os
import shutil

import pytest

from tests.conftest import TINY, run_main
from tests.whole_runs import metrics_of


def damage(path):
    with open(path, "r+b") as file:
        file.seek(os.path.getsize(path) // 2)
        byte = file.read(1)
        file.seek(-1, os.SEEK_CUR)
        file.write(bytes([byte[0] ^ 1]))


@pytest.mark.parametrize(
    "name",
    [
        "state.json",
        "settings.json",
        "components/01/model.ckpt-40.data-00000-of-00001",
        "components/02/mixture_discriminator/model.ckpt-20.data-00000-of-00001",
        "components/02/data_weights.npy",
    ],
)
def test_damaged_files_are_named_and_repaired_only_when_told_to(tiny_run, tmp_path, name):
    workdir = str(tmp_path / "run")
    shutil.copytree(tiny_run[0], workdir)
    path = os.path.join(workdir, name)
    damage(path)
    for flags in (
        ["--mode=evaluate"],
        ["--mode=sample", f"--output={tmp_path}/x.npy"],
        [*TINY, "--steps=3"],
    ):
        done = run_main(*flags, f"--workdir={workdir}")
        assert done.returncode == 2, name
        assert os.path.basename(name) in done.stderr or name == "settings.json"
        assert done.stderr.count("\n") == 1
    done = run_main(*TINY, "--repair", f"--workdir={workdir}", drawn=False)
    assert done.returncode == 0, done.stderr
    assert metrics_of(workdir) == metrics_of(tiny_run[0])


def test_lost_settings_are_written_anew_by_the_flags_of_the_run_only(tiny_run, tmp_path):
    workdir = str(tmp_path / "run")
    shutil.copytree(tiny_run[0], workdir)
    path = os.path.join(workdir, "settings.json")
    with open(path) as file:
        before = file.read()
    os.remove(path)
    for flags, told in (
        (["--mode=evaluate"], "no settings.json"),
        (TINY, "no settings.json; --repair with the flags of the run"),
        ([*TINY, "--repair", "--init_std=0.5"], "needs the flags of the run"),
    ):
        done = run_main(*flags, f"--workdir={workdir}")
        assert done.returncode == 2, done.stderr
        assert told in done.stderr
        assert done.stderr.count("\n") == 1
        assert not os.path.exists(path)
    with open(path, "wb") as file:
        file.write(b"\xff\xfe")
    done = run_main(*TINY, "--repair", f"--workdir={workdir}", drawn=False)
    assert done.returncode == 0, done.stderr
    with open(path) as file:
        assert file.read() == before
    (aside,) = [name for name in os.listdir(workdir) if name.startswith("removed-")]
    with open(os.path.join(workdir, aside, "settings.json"), "rb") as file:
        assert file.read() == b"\xff\xfe"
    assert metrics_of(workdir) == metrics_of(tiny_run[0])
