"""What runs side by side ends with who started it, however that ends, and leaves nothing."""

import os
import signal
import subprocess
import sys
import time

import pytest

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))

CHILD = """
import os, signal, sys, time
name, saves = sys.argv[1], sys.argv[2] == "saves"
def save(number, frame):
    open(f"saved.{name}", "w").close()
    sys.exit(3)
signal.signal(signal.SIGTERM, save if saves else signal.SIG_IGN)
with open(f"started.{name}.tmp", "w") as file:
    file.write(f"{os.getpid()} {os.getppid()}")
os.rename(file.name, f"started.{name}")
time.sleep(600)
"""
PARENT = """
import os, sys, time
sys.path.insert(0, sys.argv[1])
from base import signals
from base.errors import Stopped
from benchmarks.tables import keeper, side_by_side
from benchmarks.tables.keeper import Keeper
from benchmarks.tables.side_by_side import Job

def work(name):
    if name == "bad":
        while not os.path.exists("started.one"):
            time.sleep(0.05)
        raise ValueError("went wrong")
    with Keeper(os.getcwd()) as this:
        open(os.path.join(this.directory, "large"), "w").close()
        return this.run([sys.executable, "child.py", name, sys.argv[2]])

keeper.SAVE_SECONDS = 600  # no test waits so long
signals.listen(lambda: "")
try:
    jobs = [Job(name, os.path.join("kept", name, "1.json"), (name,)) for name in sys.argv[3:]]
    side_by_side.finish(jobs, work, 2)
except Stopped as stopped:
    sys.exit(stopped.status)
"""


def wait_for(condition):
    deadline = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def runs(process):
    """Whether there is such a process that has not ended."""
    try:
        with open(f"/proc/{process}/stat") as file:
            return file.read().rpartition(")")[2].split()[0] not in "ZX"
    except (FileNotFoundError, ProcessLookupError):
        return False


class Family:
    """A process, and those that it has started side by side."""

    def __init__(self, directory, how, *names):
        (directory / "child.py").write_text(CHILD)
        (directory / "parent.py").write_text(PARENT)
        self.directory, self.temporary = directory, directory / "temporary [ö] files"
        self.temporary.mkdir()
        self.process = subprocess.Popen(
            [sys.executable, "parent.py", ROOT, how, *names],
            cwd=str(directory),
            env={**os.environ, "TMPDIR": str(self.temporary)},
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )

    def started(self, *names):
        """Waits for children; returns their process ids and those of their keepers."""
        paths = [self.directory / f"started.{name}" for name in names]
        wait_for(lambda: all(path.exists() for path in paths))
        return [[int(number) for number in path.read_text().split()] for path in paths]

    def is_gone(self, processes):
        """Waits until nothing is left of them, and checks that no other was started."""
        self.process.wait(60)
        wait_for(lambda: not any(map(runs, sum(processes, []))))
        wait_for(lambda: not list(self.temporary.iterdir()))
        assert not (self.directory / "started.three").exists()
        assert not list((self.directory / "kept").glob("*/*"))
        return self.process.stderr.read()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_first_signal_lets_all_save_and_starts_none(tmp_path, number):
    family = Family(tmp_path, "saves", "one", "two", "three")
    processes = family.started("one", "two")
    os.killpg(family.process.pid, number)  # as Ctrl-C at a terminal does
    assert not family.is_gone(processes)
    assert family.process.returncode == 128 + number
    assert len(list(tmp_path.glob("saved.*"))) == 2


def test_a_second_signal_kills_at_once(tmp_path):
    family = Family(tmp_path, "does not", "one", "two", "three")
    processes = family.started("one", "two")
    family.process.send_signal(signal.SIGINT)
    time.sleep(1)
    assert family.process.poll() is None
    assert all(runs(child) for child, _ in processes)
    family.process.send_signal(signal.SIGINT)
    assert not family.is_gone(processes)
    assert family.process.returncode == 128 + signal.SIGINT


def test_a_kill_of_the_parent_leaves_nothing(tmp_path):
    family = Family(tmp_path, "does not", "one", "two", "three")
    processes = family.started("one", "two")
    family.process.kill()
    assert not family.is_gone(processes)


def test_an_error_leaves_nothing(tmp_path):
    family = Family(tmp_path, "saves", "one", "bad", "three")
    assert "ValueError: went wrong" in family.is_gone(family.started("one"))
    assert family.process.returncode == 1


def test_a_kill_of_what_stands_between_is_a_failed_run(tmp_path):
    family = Family(tmp_path, "does not", "one")
    processes = family.started("one")
    os.kill(processes[0][1], signal.SIGKILL)
    said = family.is_gone(processes)
    assert said == "one: failed, run again to retry: was ended before it finished\n"
