"""What a run needs can be had as wheels where Ascend cards are: aarch64, and x86_64."""

import os
import re
import subprocess
import sys

import pytest
from packaging.markers import default_environment
from packaging.requirements import Requirement

from tests.conftest import ROOT

NO_INDEX = re.compile("connection|timed out|name resolution|unreachable|ssl:", re.IGNORECASE)


def lines(name):
    with open(os.path.join(ROOT, "requirements", name)) as file:
        return [line.split(" #")[0].strip() for line in file if not line.startswith("#")]


def wanted(name, machine):
    """What a file asks for on such a machine, without the markers that say so."""
    environment = {**default_environment(), "platform_machine": machine}
    found = [Requirement(line) for line in lines(name)]
    return [
        f"{each.name}{each.specifier}"
        for each in found
        if each.marker is None or each.marker.evaluate(environment)
    ]


def pip():
    """One that knows --platform for whole requirements, which needs 20 or later."""
    for command in ([".uv/bin/pip"], ["python3", "-m", "pip"], [sys.executable, "-m", "pip"]):
        try:
            done = subprocess.run([*command, "--version"], capture_output=True, text=True, cwd=ROOT)
        except OSError:
            continue
        version = re.match(r"pip (\d+)", done.stdout)
        if version and int(version.group(1)) >= 20:
            return command
    return pytest.skip("no pip of version 20 or later is here")


@pytest.mark.parametrize("machine", ["aarch64", "x86_64"])
def test_everything_is_pinned_once_a_machine(machine):
    asked = wanted("run.txt", machine)
    names = [re.split("[=<>]", each)[0] for each in asked]
    assert len(set(names)) == len(names)
    assert all(re.fullmatch(r"[\w.-]+==[\d.]+", each) for each in asked), asked


def test_the_lock_is_of_what_x86_64_asks_for():
    locked = {line.split(" ")[0] for line in lines("lock.txt")}
    files = ("run.txt", "tensorflow.txt", "export.txt", "dev.txt")
    assert {each for name in files for each in wanted(name, "x86_64")} <= locked


@pytest.mark.parametrize(
    ("machine", "python", "platforms"),
    [
        ("aarch64", "37", ["manylinux2014_aarch64"]),  # the first 3.7, as all its wheels are for
        ("x86_64", "3.7.5", ["manylinux2014_x86_64", "manylinux2010_x86_64"]),
    ],
)
def test_a_run_installs_from_wheels(tmp_path, machine, python, platforms):
    """Each line by itself: pip reads markers, and what wheels need, for the machine it runs on."""
    asked = wanted("run.txt", machine)
    command = [*pip(), "download", "--quiet", "--no-deps", "--only-binary=:all:", "--no-cache-dir"]
    command += [f"--python-version={python}", "--implementation=cp", "--disable-pip-version-check"]
    command += [f"--platform={each}" for each in platforms]
    command += ["--retries=1", "--timeout=20", f"--dest={tmp_path}", *asked]
    done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT)
    if done.returncode and NO_INDEX.search(done.stderr):
        pytest.skip(f"no package index is reached: {done.stderr.strip().splitlines()[-1]}")
    assert done.returncode == 0, done.stderr
    assert len(os.listdir(str(tmp_path))) == len(asked)
