"""One process writes in a work directory, as long as it lives."""

import errno
import os
import signal
import socket
import subprocess
import sys

import pytest

from base.errors import UsageError
from storage.workdir import Workdir
from tests.conftest import ROOT
from tests.storage.runs import started

HOLDER = """
import os, sys, time
from storage.workdir import Workdir
Workdir(sys.argv[1]).lock()
if not os.fork():
    print(os.getpid(), flush=True)  # once it has let go of what it was forked with
time.sleep(60)
"""


def test_the_lock_names_its_process_and_ends_with_it(tmp_path):
    environment = {**os.environ, "PYTHONPATH": ROOT}
    command = [sys.executable, "-c", HOLDER, str(tmp_path)]
    holder = subprocess.Popen(command, stdout=subprocess.PIPE, env=environment)
    helper = int(holder.stdout.readline())
    try:
        with pytest.raises(UsageError) as error:
            Workdir(str(tmp_path)).lock()
        assert f"process {holder.pid} on {socket.gethostname()} is writing there" in str(error)
        holder.kill()
        holder.wait()
        os.kill(helper, 0)  # it lives on, and holds nothing
        Workdir(str(tmp_path)).lock()
    finally:
        holder.kill()
        os.kill(helper, signal.SIGKILL)


def test_the_lock_stays_when_its_file_is_opened_and_closed_again(tmp_path):
    """By a reader of who holds it, or of all files."""
    workdir = Workdir(str(tmp_path))
    workdir.lock()
    with open(workdir.join("lock")) as file:
        assert file.read() == workdir.holder
    code = "import sys; from storage.workdir import Workdir; Workdir(sys.argv[1]).lock()"
    command = [sys.executable, "-c", code, str(tmp_path)]
    other = subprocess.run(command, cwd=ROOT, stderr=subprocess.PIPE, encoding="utf-8")
    assert other.returncode == 1
    assert f"process {os.getpid()} on {socket.gethostname()} is writing there" in other.stderr


@pytest.mark.parametrize("number", [errno.ENOLCK, errno.ENOSYS, errno.EOPNOTSUPP])
def test_a_file_system_without_locks_is_named(tmp_path, monkeypatch, number):
    def flock(*_):
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr("fcntl.flock", flock)
    with pytest.raises(UsageError, match=r": / \(\w+\) gives no locks \(.*\); mount it"):
        Workdir(str(tmp_path)).lock()


def test_a_run_whose_lock_was_removed_commits_no_more(tmp_path):
    workdir, before, after = started(tmp_path, 1)
    workdir.lock()
    os.rename(workdir.join("lock"), workdir.join("other"))
    for _ in range(2):  # no lock, and another run's lock
        with pytest.raises(FileNotFoundError, match="was removed while the run was writing"):
            workdir.commit(after)
        open(workdir.join("lock"), "w").close()
    assert repr(workdir.read_state()) == repr(before)
