"""Jobs are done once, failures are tried again, and a killed worker of a cluster loses none."""

import contextlib
import glob
import json
import os
import re
import shlex
import signal
import subprocess
import sys
import time
from concurrent import futures

import psutil
import pytest

from base import signals
from base.errors import Stopped, UsageError
from benchmarks.tables import side_by_side
from benchmarks.tables.side_by_side import Job

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))


def jobs_in(directory, names):
    return [Job(name, str(directory / name / "1.json"), (name,)) for name in names]


def test_what_is_there_is_not_done_again_and_what_failed_is(tmp_path, capsys):
    done = []

    def work(name):
        done.append(name)
        if name == "bad" and done.count("bad") == 1:
            raise RuntimeError("went wrong")
        return {"name": name}

    jobs = jobs_in(tmp_path, ["good", "bad"])
    assert side_by_side.finish(jobs, work, 2) == {jobs[0].path: {"name": "good"}}
    assert capsys.readouterr().err == "bad: failed, run again to retry: went wrong\n"
    found = side_by_side.finish([*jobs, jobs[0]], work, 2)
    assert found == {job.path: {"name": job.title} for job in jobs}
    assert sorted(done) == ["bad", "bad", "good"]
    with open(jobs[1].path) as file:
        assert json.load(file) == {"name": "bad"}


@pytest.mark.parametrize("damage", ["cut", "other", "pipe", "directory", "deep", "bytes"])
def test_what_is_kept_and_damaged_is_told_before_anything_is_done(tmp_path, damage):
    def check(came_to):
        if came_to != {"name": "bad"}:
            raise ValueError("has another name")

    good, bad = [job._replace(check=check) for job in jobs_in(tmp_path, ["good", "bad [ö] "])]
    os.mkdir(os.path.dirname(bad.path))
    if damage == "pipe":
        os.mkfifo(bad.path)
    elif damage == "directory":
        os.mkdir(bad.path)
    else:
        texts = {"cut": b'{"name": "b', "other": b"[1]", "deep": b"[" * 99999, "bytes": b"\xff"}
        with open(bad.path, "wb") as file:
            file.write(texts[damage])
    with pytest.raises(UsageError, match=f"^{re.escape(bad.path)}: is not what .*; remove it"):
        side_by_side.finish([good, bad], pytest.fail, 2)


def test_what_a_run_comes_to_is_checked_before_it_is_kept(tmp_path, capsys):
    def check(came_to):
        raise ValueError("has no figures")

    (job,) = jobs_in(tmp_path, ["one"])
    assert side_by_side.finish([job._replace(check=check)], str, 1) == {}
    assert capsys.readouterr().err == "one: failed, run again to retry: has no figures\n"
    assert not os.path.exists(job.path)


def test_an_address_without_a_scheduler_is_refused_in_time(tmp_path, monkeypatch):
    monkeypatch.setattr(side_by_side, "CONNECT_SECONDS", 1)
    for address in ("tcp://127.0.0.1:1", "nonsense"):
        with pytest.raises(UsageError, match=f"^--scheduler={address}: .* within 1 s; needs its"):
            side_by_side.finish(jobs_in(tmp_path, ["one"]), str, 1, address)
    assert not os.listdir(str(tmp_path))


def commands_of_the_documents():
    """Those of docs/many_runs.md that start a scheduler and a worker, on this machine only."""
    with open(os.path.join(ROOT, "docs", "many_runs.md"), encoding="utf-8") as file:
        lines = file.read().replace("\\\n", " ").splitlines()
    words = [shlex.split(line, comments=True) for line in lines if " distributed.cli." in line]
    return [[re.sub("(OWN_)?ADDRESS", "127.0.0.1", word) for word in each[1:]] for each in words]


class Cluster:
    """A scheduler and workers of one thread each, all processes of their own."""

    def __init__(self, directory, nanny):
        self._directory, self._processes = directory, []
        self.address = ""
        file = str(directory / "scheduler.json")
        scheduler, worker = commands_of_the_documents()
        self._start(*scheduler, "--port=0", f"--scheduler-file={file}")
        wait_for(lambda: os.path.exists(file) and os.path.getsize(file))
        with open(file) as opened:
            self.address = json.load(opened)["address"]
        own = [self.address if "://" in word else word for word in worker]
        for name in "ab":
            self._start(*own, nanny, f"--name={name}", f"--local-directory={directory}")

    def _start(self, *arguments):
        # A job that kills its worker is given up after the second time.
        environment = {
            "DASK_DISTRIBUTED__SCHEDULER__ALLOWED_FAILURES": "1",
            "TMPDIR": str(self._directory),
        }
        self._processes.append(
            subprocess.Popen(
                [sys.executable, *arguments],
                cwd=ROOT,
                env={**os.environ, **environment},
                stderr=subprocess.DEVNULL,
            )
        )

    def kill_scheduler(self):
        self._processes[0].kill()

    def end(self):
        for process in reversed(self._processes):
            process.terminate()
        for process in self._processes:
            process.wait(30)

    def listens_at(self):
        """Addresses, by the kernel's own list, of all its processes and those that they started."""
        addresses = set()
        for each in map(psutil.Process, [process.pid for process in self._processes]):
            for process in [each, *each.children(recursive=True)]:
                with contextlib.suppress(psutil.NoSuchProcess):
                    found = process.connections("tcp")
                    addresses |= {c.laddr.ip for c in found if c.status == psutil.CONN_LISTEN}
        return addresses


def wait_for(condition):
    deadline = time.monotonic() + 180
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.05)


SLEEPER = """
import os, sys, time
with open(sys.argv[1] + ".tmp", "w") as file:
    file.write(f"{sys.argv[2]} {os.getpid()}")
os.rename(file.name, sys.argv[1])
time.sleep(400)
"""


def numbers_in(path):
    """Process ids of a worker and of a sleeper on it, once there are."""
    wait_for(lambda: os.path.exists(path))
    with open(path) as file:
        return map(int, file.read().split())


@contextlib.contextmanager
def meanwhile(act):
    """Acts in a thread; if that fails, a signal ends what is waited for, and the test fails."""

    def acts():
        with contextlib.ExitStack() as unless_done:
            unless_done.callback(setattr, signals, "_asked", signal.SIGTERM)
            act()
            unless_done.pop_all()

    with futures.ThreadPoolExecutor(1) as thread:
        acting = thread.submit(acts)
        try:
            yield
        finally:
            acting.result()


@pytest.mark.timeout(600)  # five processes import Dask, on a machine that may be full
@pytest.mark.parametrize("nanny", ["--nanny", "--no-nanny"])
def test_a_cluster_loses_no_seed_and_leaves_nothing(tmp_path, capsys, monkeypatch, nanny):
    first, second, third = (str(tmp_path / name) for name in ("first", "second", "third"))
    paths, sleeper = {"half-way": first, "unwanted": second, "orphaned": third}, SLEEPER

    def work(name):  # sent by value, as a test's own functions are
        import os
        import sys

        from benchmarks.tables.keeper import Keeper

        if name == "failing":
            raise RuntimeError("went wrong")
        if name in paths and not os.path.exists(paths[name]):
            with Keeper(".") as keeper:
                keeper.run([sys.executable, "-c", sleeper, paths[name], str(os.getpid())])
        return {"name": name}

    def kill():
        worker, child = numbers_in(first)
        seen.update(cluster.listens_at())
        os.kill(worker, signal.SIGKILL)
        wait_for(lambda: not psutil.pid_exists(child))
        seen.add("no child")

    def stop():
        numbers_in(second)
        seen.update(cluster.listens_at())
        signals._asked = signal.SIGTERM

    def lose():
        numbers_in(third)
        cluster.kill_scheduler()

    monkeypatch.setattr(signals, "_asked", 0)
    cluster, seen = Cluster(tmp_path, nanny), set()
    jobs = jobs_in(tmp_path / "kept", ["one", "half-way", "two", "failing", "three"])
    unwanted, orphaned = (jobs_in(tmp_path / "kept", [name]) for name in ("unwanted", "orphaned"))
    try:
        with meanwhile(kill):
            found = side_by_side.finish(jobs, work, 1, cluster.address)
        with meanwhile(stop), pytest.raises(Stopped):
            side_by_side.finish(unwanted, work, 1, cluster.address)
        monkeypatch.setattr(signals, "_asked", 0)
        with meanwhile(lose):
            assert side_by_side.finish(orphaned, work, 1, cluster.address) == {}
        for path in (second, third):
            _, child = numbers_in(path)
            wait_for(lambda child=child: not psutil.pid_exists(child))
    finally:
        cluster.end()
    assert found == {job.path: {"name": job.title} for job in jobs if job.title != "failing"}
    assert seen == {"127.0.0.1", "no child"}
    wait_for(lambda: not glob.glob(f"{glob.escape(str(tmp_path))}/adagan-*"))
    said = capsys.readouterr().err
    assert "failing: failed, run again to retry: RuntimeError: went wrong" in said
    assert "orphaned: failed, run again to retry: the scheduler is gone" in said
