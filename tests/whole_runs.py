"""Whole runs of main.py: started, waited for, and looked at; tests only."""

import csv
import json
import os
import subprocess
import sys

from tests.conftest import BARE, ROOT, TINY, seen_from_above

SMALLEST = [*TINY, "--nounrolled", "--g_num_layers=1", "--d_num_layers=1"]
"""For what surrounds a training: its graph is built in less time."""
ONE = [*SMALLEST, "--steps=1"]


def assert_one_line(done, status):
    assert done.returncode == status, done.stderr
    assert done.stderr.count("\n") == 1
    return done.stderr


def metrics_of(workdir):
    """metrics.csv without its timings."""
    with open(os.path.join(workdir, "metrics.csv")) as file:
        rows = list(csv.DictReader(file))
    timings = ("seconds_", "iterations_per_second")
    return [{k: v for k, v in row.items() if not k.startswith(timings)} for row in rows]


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


def run_script(command, cwd, environment):
    """In a process that loads everything itself."""
    command = [sys.executable, "-W", "ignore", *command]
    return subprocess.run(command, capture_output=True, text=True, cwd=cwd, env=environment)


def assert_clean(workdir):
    left = [n for _, _, names in os.walk(workdir) for n in names if "tmp" in n or "temp" in n]
    assert not left


def drawn_by_the_example(directory, number, cwd, fresh=False):
    """Rows by column that examples/load_export.py draws from an export, without this project."""
    command = [os.path.join(ROOT, "examples", "load_export.py"), directory, str(number)]
    place = {"cwd": str(cwd), "environment": {**os.environ, "PYTHONPATH": ""}}
    done = (run_script if fresh else BARE.run)(command, **place)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1])
