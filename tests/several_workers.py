"""Runs of several workers, each a process of its own, on loopback; tests only."""

import contextlib
import json
import os
import subprocess
import sys
import time

from tests.conftest import ROOT, TINY
from tests.estimator.meetings import free_addresses

# 200 iterations a component, without look-ahead steps, which are each worker's own.
FLAGS = [*TINY, "--epochs=20", "--unrolling_steps=0", "--checkpoint_seconds=0.1"]
FLAGS += ["--g_num_layers=1", "--d_num_layers=1"]


def start_workers(*flags, number=2, own_flags=(), environment=(), program=("main.py",)):
    """The same command on all workers, as a launcher starts it; the chief first."""
    addresses = list(free_addresses(number))
    processes = []
    for index in range(number):
        task = {"type": "worker", "index": index}
        config = {"cluster": {"worker": addresses}, "task": task}
        own = dict(own_flags).get(index, [])
        processes.append(
            subprocess.Popen(
                [sys.executable, *program, *flags, *own],
                env={**os.environ, **dict(environment), "TF_CONFIG": json.dumps(config)},
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                text=True,
                cwd=ROOT,
            )
        )
    return processes


def ends(processes, seconds=240):
    """Each one's status, output and errors."""
    try:
        told = [process.communicate(timeout=seconds) for process in processes]
    finally:
        for process in processes:
            process.kill()
    return [(process.returncode, *texts) for process, texts in zip(processes, told)]


def names_in(workdir):
    """What lies there, but for TensorBoard's files, whose names tell the time."""
    return {name for name in os.listdir(workdir) if not name.startswith("events.")}


def wait_until(happened, processes, seconds=240):
    """Waits for something that these do, or are found not to do."""
    deadline = time.monotonic() + seconds
    while not happened():
        over = time.monotonic() > deadline or any(each.poll() is not None for each in processes)
        if over:
            raise AssertionError(ends(processes, 10))
        time.sleep(0.01)


def iterations_saved(workdir, component):
    """Of the training that goes on in a component's directory."""
    path = os.path.join(workdir, "components", component, "progress.json")
    with contextlib.suppress(FileNotFoundError), open(path) as file:
        return json.load(file)["iterations"]
    return 0
