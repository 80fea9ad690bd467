"""Whole runs of several workers, each a process of its own, on loopback."""

import functools
import os
import signal
import socket
import time

import numpy as np
import pytest

from tests.conftest import TINY, odd, run_main
from tests.estimator.trainings import weights_of
from tests.several_workers import FLAGS, ends, iterations_saved, names_in, start_workers, wait_until
from tests.whole_runs import assert_clean, metrics_of, wait_for

CHECKPOINTS = [
    "components/01/model.ckpt-200",
    "components/02/model.ckpt-200",
    "components/02/mixture_discriminator/model.ckpt-20",
]


@pytest.fixture(scope="module")
def black_hole():
    """A proxy that takes calls and says nothing."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        listener.settimeout(0)
        yield listener


@pytest.fixture(scope="module")
def together(tmp_path_factory, black_hole):
    """A run of two workers, from where a proxy must not be asked: its directory, and its ends."""
    workdir = str(odd(tmp_path_factory.mktemp("together")) / "run")
    proxy = f"http://127.0.0.1:{black_hole.getsockname()[1]}"
    kinds = [f"{kind}_proxy" for kind in ("http", "https", "grpc", "all")]
    environment = {name: proxy for kind in kinds for name in (kind, kind.upper())}
    environment.update(no_proxy="", NO_PROXY="elsewhere")
    workers = start_workers(*FLAGS, f"--workdir={workdir}", environment=environment)
    return workdir, ends(workers)


def test_no_proxy_is_asked(together, black_hole):
    """Two workers would wait for it for ever."""
    assert [status for status, _, _ in together[1]] == [0, 0]
    with pytest.raises(BlockingIOError):
        black_hole.accept()


def test_the_chief_keeps_the_run_and_nothing_is_said_at_the_end(together):
    workdir, (chief, other) = together
    for status, _, errors in (chief, other):
        assert status == 0, errors
        assert errors == ""
    assert chief[1].count("Evaluating") == 2
    assert other[1].count("Evaluating") == 0
    assert "This is worker 1 (127.0.0.1:" in other[1]
    assert_clean(workdir)
    assert run_main("--mode=evaluate", f"--workdir={workdir}").returncode == 0


def test_two_workers_see_what_one_alone_sees(together, tmp_path):
    workdir, alone = together[0], str(tmp_path / "run")
    done = run_main(*FLAGS, f"--workdir={alone}")
    assert done.returncode == 0, done.stderr
    assert names_in(workdir) == names_in(alone)
    for checkpoint in CHECKPOINTS:
        one, two = (weights_of(os.path.join(top, checkpoint)) for top in (alone, workdir))
        assert one.keys() == two.keys()
        for name in one:
            np.testing.assert_allclose(two[name], one[name], rtol=1e-3, atol=1e-4, err_msg=name)


def test_stopped_and_killed_workers_go_on_to_the_same_result(together, tmp_path):
    workdir = str(tmp_path / "run")
    for component, number in (("01", signal.SIGTERM), ("02", signal.SIGKILL)):
        processes = start_workers(*FLAGS, f"--workdir={workdir}")
        wait_until(functools.partial(iterations_saved, workdir, component), processes)
        processes[1].send_signal(number)
        chief, other = ends(processes, 60)
        if number == signal.SIGTERM:
            for status, _, errors in (chief, other):
                assert status == 128 + number
                assert errors.startswith("Stopped by SIGTERM. What was committed in ")
                assert errors.count("\n") == 1
        else:
            assert other[0] == -number
            assert chief[0] == 1
            assert chief[2].startswith("error: worker 1 (127.0.0.1:")
            assert "has ended. What was committed in " in chief[2]
            assert chief[2].count("\n") == 1
        assert iterations_saved(workdir, component)
    for status, _, errors in ends(start_workers(*FLAGS, f"--workdir={workdir}")):
        assert status == 0, errors
    assert metrics_of(workdir) == metrics_of(together[0])
    assert_clean(workdir)


def test_a_second_command_is_refused_while_workers_train(tmp_path):
    workdir = str(tmp_path / "run")
    flags = [*FLAGS, "--epochs=20000", f"--workdir={workdir}"]
    processes = start_workers(*flags)
    wait_until(functools.partial(iterations_saved, workdir, "01"), processes)
    held = {name: contents(os.path.join(workdir, name)) for name in ("lock", "settings.json")}
    for more in ([], ["--steps=3"]):
        second = run_main(*flags, *more)
        assert second.returncode == 2, second.stdout
        assert f"process {processes[0].pid} on " in second.stderr
        assert second.stderr.count("\n") == 1
    assert held == {name: contents(os.path.join(workdir, name)) for name in held}
    assert [process.poll() for process in processes] == [None, None]
    for process in processes:
        process.terminate()
    for status, _, errors in ends(processes, 60):
        assert status == 128 + signal.SIGTERM
        assert errors.count("\n") == 1


def contents(path):
    with open(path) as file:
        return file.read()


NEVER_TRAINS = """
import sys, time
from absl import app
import main
from estimator import factory

load, does = factory.load_tensorflow, sys.argv.pop()

def load_and_change(*arguments):
    load(*arguments)
    from estimator import distributed
    distributed.LEAVE_SECONDS = 1.0
    if does == "never":
        distributed.DistributedEngine._train = lambda *_: time.sleep(1e6)

factory.load_tensorflow = load_and_change
sys.argv[0] = "main.py"
main.define_flags()
app.run(main.run_main, flags_parser=main.parse)
"""


def test_a_signal_ends_workers_whose_tensorflow_hangs(tmp_path):
    workdir = str(tmp_path / "run")
    processes = start_workers(
        *TINY,
        f"--workdir={workdir}",
        own_flags={0: ["trains"], 1: ["never"]},
        program=("-c", NEVER_TRAINS),
    )
    wait_for(processes[0], "one worker alone would be faster")  # its training is set up
    time.sleep(1)
    for process in processes:
        process.terminate()
    for status, _, errors in ends(processes, 60):
        assert status == 128 + signal.SIGTERM
        assert errors.startswith("Stopped by SIGTERM. What was committed in ")
        assert errors.count("\n") == 1
