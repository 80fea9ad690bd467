"""The command line: what it refuses in one line, and what it tells."""

import os
import shutil
import subprocess
import sys

import pytest

from tests.conftest import ROOT, TINY, run_fresh, run_main
from tests.whole_runs import ONE, assert_one_line


@pytest.mark.parametrize(
    ("flags", "told"),
    [
        (["--mode=sample", "--component=1", "--output=x.npy"], "--component=1: is for --mode=exp"),
        (["--mode=evaluate", "--repair"], "--repair: is for --mode=train"),
        ([*TINY, "--output=x.npy"], "--output=x.npy: is for --mode=sample or"),
        (["--mode=sample", "--output=x.npy", "--seed=-4"], "--seed=-4: must lie in [0, 42949672"),
        (["--mode=evaluate", "--seed=4294967296"], "--seed=4294967296: must lie in"),
    ],
)
def test_flags_that_would_be_ignored_are_refused(tiny_run, tmp_path, flags, told):
    done = run_main(*flags, f"--workdir={tiny_run[0]}")
    assert f"error: {told}" in assert_one_line(done, 2)


@pytest.mark.parametrize("scheme", ["s3", "ram"])
def test_addresses_of_other_hosts_are_no_work_directories(tmp_path, scheme):
    done = run_main(*ONE, f"--workdir={scheme}://a/b", cwd=tmp_path)
    assert "needs a directory of this machine" in assert_one_line(done, 2)
    assert os.listdir(str(tmp_path)) == []


def test_a_path_that_is_no_text_is_refused(tmp_path):
    command = [sys.executable, os.path.join(ROOT, "main.py"), *ONE, b"--workdir=\xff\xfe"]
    done = subprocess.run(command, cwd=str(tmp_path), capture_output=True, text=True)
    assert "is no text in UTF-8" in assert_one_line(done, 2)
    assert os.listdir(str(tmp_path)) == []


def bad_inputs(tmp_path):
    (tmp_path / "text.csv").write_text("1,2\n3,4\nfive,6\n" * 50)
    (tmp_path / "nan.csv").write_text("1,2\n3,nan\n5,6\n" * 50)
    (tmp_path / "few.csv").write_text("1,2\n3,4\n5,6\n" * 20)
    (tmp_path / "file").write_text("x")
    file = "--dataset=file"
    return [
        (["--dataset=mnist"], "--dataset=mnist: must be one of"),
        ([file, f"--data_file={tmp_path}/absent.npy"], "absent.npy: No such file"),
        (
            [file, f"--data_file={tmp_path}/text.csv"],
            "row 3 of the data, column",
        ),
        (
            [file, f"--data_file={tmp_path}/nan.csv"],
            "row 2",
        ),
        ([file, f"--data_file={tmp_path}/few.csv"], "--batch_size=64: larger than the data"),
        (["--beta_constant=1.5"], "--beta_constant=1.5: must lie in (0, 1)"),
        ([f"--workdir={tmp_path}/file"], "is a file; needs the path of a directory"),
        (["--workdir=/proc/nothing"], "--workdir=/proc/nothing: "),
        (["--mode=sample", "--output=x.npy"], "holds no run"),
        (["--mode=evaluate"], "holds no run"),
        (["stray"], "stray: not a flag"),
        (["--mode=evaluate", "stray"], "stray: not a flag"),
    ]


@pytest.mark.parametrize("case", range(12))
def test_bad_input_is_one_line_with_status_2_and_leaves_nothing(tmp_path, case):
    flags, message = bad_inputs(tmp_path)[case]
    before = sorted(os.listdir(str(tmp_path)))
    done = run_main(f"--workdir={tmp_path}/run", *flags, cwd=tmp_path)
    assert done.returncode == 2
    assert message in done.stderr
    assert done.stderr.count("\n") == 1
    assert "Traceback" not in done.stderr
    assert sorted(os.listdir(str(tmp_path))) == before


def test_other_settings_for_a_work_directory_are_refused(tiny_run, tmp_path):
    workdir = str(tmp_path / "run")
    shutil.copytree(tiny_run[0], workdir)
    for flags in (
        [*TINY, "--seed=5"],
        [*TINY, "--steps=1"],
        ["--mode=evaluate", "--gmm_modes_num=4"],
        ["--mode=sample", "--output=x.npy", "--batch_size=3"],
    ):
        done = run_main(*flags, f"--workdir={workdir}")
        assert done.returncode == 2
        assert "was made with" in done.stderr
        assert done.stderr.count("\n") == 1
    done = run_main("--mode=sample", f"--workdir={workdir}", "--output=x.txt")
    assert done.returncode == 2
    assert "ends in .npy or .csv" in done.stderr


def test_help_groups_the_flags_and_ends_well():
    done = run_fresh("--help")
    assert done.returncode == 0
    assert "Mixture discriminator:\n" in done.stdout
    assert "--beta_constant=0.5  (0, 1)" in done.stdout
    assert done.stderr == ""


def test_the_version_is_that_of_the_newest_changes():
    done = run_fresh("--version")
    with open(os.path.join(ROOT, "CHANGES.md")) as file:
        newest = next(line for line in file if line.startswith("## "))
    assert (done.returncode, done.stderr) == (0, "")
    assert newest.startswith(f"## {done.stdout.strip()} (")


@pytest.mark.parametrize(
    ("flag", "told"),
    [
        ("--epoch=5", "--epoch: is no flag; --epochs is near, see --help"),
        ("--steps=2.5", "--steps=2.5: must be an integer"),
        ("--refine=perhaps", "--refine=perhaps: must be true or false"),
        ("--g_learning_rate=fast", "--g_learning_rate=fast: must be a number"),
    ],
)
def test_typos_end_in_one_line(flag, told):
    done = run_main(flag)
    assert done.returncode == 2
    assert done.stderr == f"error: {told}\n"


def test_flag_files_parse():
    for name in ("cpu.flags", "ascend.flags"):
        done = run_main(f"--flagfile={name}", "--beta_constant=7")
        assert done.returncode == 2
        assert "--beta_constant=7" in done.stderr
