"""Whole runs that are killed, stopped, starved, damaged or used while they write."""

import csv
import os
import random
import shutil
import signal
import stat
import subprocess
import sys
import time

import pytest

from tests.conftest import ROOT, TINY, odd, run_main, seen_from_above
from tests.test_main import metrics_of

LONGER = [*TINY, "--epochs=400", "--iterations_per_loop=40", "--checkpoint_seconds=0.05"]


def start(*flags, **keywords):
    flags, cwd = seen_from_above(flags)
    command = [sys.executable, "-u", os.path.join(ROOT, "main.py"), *flags]
    return subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=cwd, **keywords
    )


def wait_for(process, text):
    for line in process.stdout:
        if text in line:
            return
    raise AssertionError(process.stderr.read())


def assert_clean(workdir):
    left = [n for _, _, names in os.walk(workdir) for n in names if "tmp" in n or "temp" in n]
    assert not left


@pytest.fixture(scope="module")
def longer_run(tmp_path_factory):
    workdir = str(odd(tmp_path_factory.mktemp("longer")) / "run")
    done = run_main(*LONGER, f"--workdir={workdir}")
    assert done.returncode == 0, done.stderr
    return workdir


def test_a_killed_run_goes_on_to_the_same_result(longer_run, tmp_path):
    """At random instants, the component's own checkpoints and the commits among them."""
    rng, workdir = random.Random(4), str(tmp_path / "run")
    kills, going_on = 0, False
    while kills < 4:
        process = start(*LONGER, f"--workdir={workdir}")
        time.sleep(rng.uniform(2.0, 7.0))
        process.kill()
        process.communicate()
        if process.returncode != -signal.SIGKILL:
            break  # it was faster
        kills += 1
        going_on = going_on or can_go_on(workdir) or os.path.exists(f"{workdir}/state.json")
    assert kills  # else it tells nothing
    assert going_on  # at least one kill came when there was something to lose
    done = run_main(*LONGER, f"--workdir={workdir}")
    assert done.returncode == 0, done.stderr
    assert metrics_of(workdir) == metrics_of(longer_run)
    assert_clean(workdir)


def can_go_on(directory):
    return any("progress.json" in names for _, _, names in os.walk(directory))


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_a_run_where_it_can_go_on(longer_run, tmp_path, number):
    workdir = str(tmp_path / "run")
    process = start(*LONGER, f"--workdir={workdir}")
    going_on = os.path.join(workdir, "components", "02")
    while not can_go_on(going_on):
        time.sleep(0.01)
    process.send_signal(number)
    _, error = process.communicate(timeout=60)
    assert process.returncode == 128 + number
    assert error.startswith(f"Stopped by {number.name}. What was committed in run is safe")
    assert error.count("\n") == 1
    assert can_go_on(going_on)
    done = run_main(*LONGER, f"--workdir={workdir}")
    assert done.returncode == 0, done.stderr
    assert metrics_of(workdir) == metrics_of(longer_run)


def test_a_second_signal_ends_at_once(tmp_path):
    process = start(*LONGER, "--epochs=100000", f"--workdir={tmp_path}/run")
    wait_for(process, "perfect sampler on the same")
    process.send_signal(signal.SIGTERM)
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=10)
    assert process.returncode in (128 + signal.SIGTERM, 128 + signal.SIGINT)


def test_a_log_that_nobody_reads_ends_a_run_where_it_can_go_on(longer_run, tmp_path):
    workdir = str(tmp_path / "run")
    process = start(*LONGER, f"--workdir={workdir}")
    wait_for(process, "perfect sampler on the same")
    process.stdout.close()
    error = process.stderr.read()
    assert process.wait(60) == 128 + signal.SIGPIPE
    assert error.count("\n") == 1
    assert run_main(*LONGER, f"--workdir={workdir}").returncode == 0
    assert metrics_of(workdir) == metrics_of(longer_run)


def test_a_log_that_cannot_be_written_is_one_line(tmp_path):
    with open("/dev/full", "w") as full:
        process = subprocess.run(
            [sys.executable, "main.py", *TINY, f"--workdir={tmp_path}/run"],
            stdout=full, stderr=subprocess.PIPE, text=True, cwd=ROOT,
        )  # fmt: skip
    assert process.returncode == 1
    assert process.stderr.startswith("error: [Errno 28] No space left")
    assert process.stderr.count("\n") == 1


def test_readers_work_while_a_run_is_writing_and_a_second_writer_is_refused(tmp_path):
    workdir = str(tmp_path / "run")
    flags = [*LONGER, "--epochs=8000", f"--workdir={workdir}"]
    assert run_main(*LONGER, "--epochs=8000", "--steps=1", f"--workdir={workdir}").returncode == 0
    process = start(*flags)
    wait_for(process, "Going on after step 1")
    try:
        second = run_main(*flags)
        assert second.returncode == 2
        assert f"process {process.pid} on " in second.stderr
        assert second.stderr.count("\n") == 1
        sampled = run_main("--mode=sample", f"--workdir={workdir}", f"--output={tmp_path}/x.npy")
        assert sampled.returncode == 0, sampled.stderr
        assert process.poll() is None
    finally:
        process.kill()
        process.communicate()


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
    done = run_main(*TINY, "--repair", f"--workdir={workdir}")
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
    done = run_main(*TINY, "--repair", f"--workdir={workdir}")
    assert done.returncode == 0, done.stderr
    with open(path) as file:
        assert file.read() == before
    (aside,) = [name for name in os.listdir(workdir) if name.startswith("removed-")]
    with open(os.path.join(workdir, aside, "settings.json"), "rb") as file:
        assert file.read() == b"\xff\xfe"
    assert metrics_of(workdir) == metrics_of(tiny_run[0])


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


def test_a_disk_that_becomes_read_only(tiny_run, tmp_path):
    disk = str(tmp_path / "disk")
    mounted(disk, "100m")
    try:
        workdir = os.path.join(disk, "run")
        assert run_main(*TINY, "--steps=1", f"--workdir={workdir}").returncode == 0
        subprocess.run(["mount", "-o", "remount,ro", disk], check=True)
        done = run_main(*TINY, f"--workdir={workdir}")
        assert done.returncode in (1, 2)
        assert done.stderr.count("\n") == 1
        assert run_main("--mode=evaluate", f"--workdir={workdir}").returncode == 0
        subprocess.run(["mount", "-o", "remount,rw", disk], check=True)
        assert run_main(*TINY, f"--workdir={workdir}").returncode == 0
        assert metrics_of(workdir) == metrics_of(tiny_run[0])
    finally:
        subprocess.run(["umount", "-l", disk], check=True)


def test_a_directory_removed_half_way_is_one_line(tmp_path):
    workdir = str(tmp_path / "run")
    process = start(*LONGER, f"--workdir={workdir}")
    wait_for(process, "Evaluating")
    shutil.rmtree(workdir, ignore_errors=True)
    _, error = process.communicate(timeout=60)
    assert process.returncode == 1
    assert error.count("\n") == 1


def test_a_network_that_diverges_is_tried_once_more_and_then_told(tmp_path):
    workdir = str(tmp_path / "run")
    done = run_main(
        *TINY,
        "--toy_dataset_size=6400",
        "--init_std=50",
        "--nounrolled",
        "--g_learning_rate=100",
        "--d_learning_rate=100",
        "--objective=JS_modified",
        f"--workdir={workdir}",
    )
    assert done.returncode == 1
    assert done.stderr.count("\n") == 1
    assert "Once more from other initial weights" in done.stdout
    assert done.stderr.startswith("error: Component 1/2: ")
    assert "lower --g_learning_rate" in done.stderr
    assert "2 initialisations tried" in done.stderr


def test_the_number_of_initialisations_is_recorded(tiny_run):
    with open(os.path.join(tiny_run[0], "metrics.csv")) as file:
        rows = list(csv.DictReader(file))
    assert [row["initialisations_component"] for row in rows] == ["1", "1"]
    assert [row["initialisations_mixture_discriminator"] for row in rows] == ["0", "1"]
