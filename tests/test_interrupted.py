"""Whole runs that are killed, stopped or read while they write."""

import dataclasses
import os
import random
import shutil
import signal
import time

import pytest

from storage.workdir import Workdir
from tests.conftest import TINY, odd, run_main
from tests.whole_runs import SMALLEST, assert_clean, metrics_of, start, wait_for

LONGER = [*SMALLEST, "--epochs=400", "--iterations_per_loop=40", "--checkpoint_seconds=0.05"]


@pytest.fixture(scope="module")
def longer_run(tmp_path_factory):
    workdir = str(odd(tmp_path_factory.mktemp("longer")) / "run")
    assert_goes_on(workdir)
    return workdir


def assert_goes_on(workdir):
    """The same command, with which it ends well."""
    done = run_main(*LONGER, f"--workdir={workdir}", drawn=False)
    assert done.returncode == 0, done.stderr


def test_a_killed_run_goes_on_to_the_same_result(longer_run, tmp_path):
    """At random instants, the component's own checkpoints and the commits among them."""
    rng, workdir = random.Random(4), str(tmp_path / "run")
    kills, going_on = 0, False
    while kills < 3:
        process = start(*LONGER, f"--workdir={workdir}")
        while kills == 2 and not going_on and process.poll() is None:
            time.sleep(0.1)  # a slow machine
            going_on = can_go_on(workdir)
        time.sleep(rng.uniform(2.0, 7.0) if not going_on else rng.uniform(0.0, 2.0))
        process.kill()
        process.communicate()
        if process.returncode != -signal.SIGKILL:
            break  # it was faster
        kills += 1
        going_on = going_on or can_go_on(workdir) or os.path.exists(f"{workdir}/state.json")
    assert kills  # else it tells nothing
    assert going_on  # at least one kill came when there was something to lose
    assert_goes_on(workdir)
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
    assert_goes_on(workdir)
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
    assert_goes_on(workdir)
    assert metrics_of(workdir) == metrics_of(longer_run)


def test_readers_work_while_a_run_is_writing_and_a_second_writer_is_refused(tmp_path):
    workdir = str(tmp_path / "run")
    flags = [*LONGER, "--epochs=2000", f"--workdir={workdir}"]
    process = start(*flags)
    wait_for(process, "Mixture discriminator 2/2")  # the first step is committed
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


def test_a_directory_removed_half_way_is_one_line(tmp_path):
    workdir = str(tmp_path / "run")
    process = start(*LONGER, f"--workdir={workdir}")
    wait_for(process, "Evaluating")
    shutil.rmtree(workdir, ignore_errors=True)
    _, error = process.communicate(timeout=60)
    assert process.returncode == 1
    assert error.count("\n") == 1


def test_what_a_kill_may_leave_before_the_settings_is_no_obstacle(tmp_path):
    workdir = tmp_path / "run"
    workdir.mkdir()
    (workdir / "settings.json.tmp").write_text("{")
    (workdir / "lock").write_text("process 1 on nowhere")
    done = run_main(*SMALLEST, "--steps=1", f"--workdir={workdir}", drawn=False)
    assert done.returncode == 0, done.stderr


def test_what_a_kill_after_the_last_commit_left_out_is_made_good(tiny_run, tmp_path):
    workdir, _ = tiny_run
    other = str(tmp_path / "run")
    shutil.copytree(workdir, other)
    state = Workdir(other).read_state()
    Workdir(other).commit(dataclasses.replace(state, complete=False))
    shutil.rmtree(os.path.join(other, "plots"))
    os.remove(os.path.join(other, "metrics.csv"))
    done = run_main(*TINY, f"--workdir={other}")
    assert done.returncode == 0, done.stderr
    assert len(os.listdir(os.path.join(other, "plots"))) == 8
    assert metrics_of(other) == metrics_of(workdir)
    assert "has finished" in run_main(*TINY, f"--workdir={other}").stdout
