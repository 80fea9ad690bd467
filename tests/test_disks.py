"""Disks that are full or become read-only, and who may read what is written."""

import os
import shutil
import stat
import subprocess
import sys

import pytest

from tests.conftest import ROOT, TINY, run_main
from tests.whole_runs import assert_clean, metrics_of


def test_a_log_that_cannot_be_written_is_one_line(tmp_path):
    with open("/dev/full", "w") as full:
        process = subprocess.run(
            [sys.executable, "main.py", *TINY, f"--workdir={tmp_path}/run"],
            stdout=full, stderr=subprocess.PIPE, text=True, cwd=ROOT,
        )  # fmt: skip
    assert process.returncode == 1
    assert process.stderr.startswith("error: [Errno 28] No space left")
    assert process.stderr.count("\n") == 1


def test_the_work_directory_gets_the_users_umask(tmp_path):
    before = os.umask(0o027)
    try:
        done = run_main(*TINY, "--steps=1", f"--workdir={tmp_path}/run")
    finally:
        os.umask(before)
    assert done.returncode == 0, done.stderr
    for directory, names, files in os.walk(str(tmp_path / "run")):
        for name in [*names, *files]:
            mode = stat.S_IMODE(os.stat(os.path.join(directory, name)).st_mode)
            assert not mode & 0o027, name


def mounted(path, size):
    os.makedirs(path)
    command = ["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", path]
    if subprocess.run(command, stderr=subprocess.DEVNULL).returncode:
        pytest.skip("needs the right to mount a small file system")


@pytest.mark.parametrize("size", ["40k", "700k"])
def test_a_full_disk_is_one_line_and_the_run_goes_on_when_there_is_room(tiny_run, tmp_path, size):
    disk = str(tmp_path / "disk")
    mounted(disk, size)
    try:
        workdir = os.path.join(disk, "run")
        done = run_main(*TINY, f"--workdir={workdir}")
        assert done.returncode == 1, done.stderr
        assert done.stderr.count("\n") == 1
        assert "the same command goes on" in done.stderr
        subprocess.run(["mount", "-o", "remount,size=100m", disk], check=True)
        done = run_main(*TINY, f"--workdir={workdir}")
        assert done.returncode == 0, done.stderr
        assert metrics_of(workdir) == metrics_of(tiny_run[0])
        assert_clean(workdir)
    finally:
        subprocess.run(["umount", "-l", disk], check=True)


def test_a_disk_that_becomes_read_only(tiny_run, begun_run, tmp_path):
    disk = str(tmp_path / "disk")
    mounted(disk, "100m")
    try:
        workdir = os.path.join(disk, "run")
        shutil.copytree(begun_run, workdir)
        subprocess.run(["mount", "-o", "remount,ro", disk], check=True)
        done = run_main(*TINY, f"--workdir={workdir}")
        assert done.returncode in (1, 2)
        assert done.stderr.count("\n") == 1
        assert run_main("--mode=evaluate", f"--workdir={workdir}").returncode == 0
        subprocess.run(["mount", "-o", "remount,rw", disk], check=True)
        assert run_main(*TINY, f"--workdir={workdir}", drawn=False).returncode == 0
        assert metrics_of(workdir) == metrics_of(tiny_run[0])
    finally:
        subprocess.run(["umount", "-l", disk], check=True)
