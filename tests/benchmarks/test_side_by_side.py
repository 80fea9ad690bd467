"""Jobs are done once, failures are tried again, and a killed worker of a cluster loses none."""

import json
import os
import signal
import subprocess
import sys
import threading
import time

import pytest

from benchmarks.tables import side_by_side
from benchmarks.tables.side_by_side import Job
from options import UsageError

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


def test_an_address_without_a_scheduler_is_refused_in_time(tmp_path, monkeypatch):
    monkeypatch.setattr(side_by_side, "CONNECT_SECONDS", 1)
    for address in ("tcp://127.0.0.1:1", "nonsense"):
        with pytest.raises(UsageError, match=f"^--scheduler={address}: .* within 1 s; needs its"):
            side_by_side.finish(jobs_in(tmp_path, ["one"]), str, 1, address)
    assert not os.listdir(str(tmp_path))


class Cluster:
    """A scheduler and workers of one thread each, all processes of their own."""

    def __init__(self, directory, nanny):
        self._directory, self._processes = directory, []
        self.address = ""
        file = str(directory / "scheduler.json")
        self._start(
            "dask_scheduler",
            "--host=127.0.0.1",
            "--port=0",
            "--no-dashboard",
            f"--scheduler-file={file}",
        )
        wait_for(lambda: os.path.exists(file) and os.path.getsize(file))
        with open(file) as opened:
            self.address = json.load(opened)["address"]
        for name in "ab":
            worker = [
                "dask_worker",
                self.address,
                "--host=127.0.0.1",
                "--nthreads=1",
                "--no-dashboard",
            ]
            self._start(*worker, nanny, f"--name={name}", f"--local-directory={directory}")

    def _start(self, program, *arguments):
        # A job that kills its worker is given up after the second time.
        environment = {
            "DASK_DISTRIBUTED__SCHEDULER__ALLOWED_FAILURES": "1",
        }
        self._processes.append(
            subprocess.Popen(
                [sys.executable, "-m", f"distributed.cli.{program}", *arguments],
                cwd=ROOT,
                env={**os.environ, **environment},
                stderr=subprocess.DEVNULL,
            )
        )

    def end(self):
        for process in reversed(self._processes):
            process.terminate()
        for process in self._processes:
            process.wait(30)


def wait_for(condition):
    deadline = time.monotonic() + 120
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.05)


@pytest.mark.parametrize("nanny", ["--nanny", "--no-nanny"])
def test_a_killed_worker_of_a_cluster_loses_no_seed(tmp_path, capsys, nanny):
    started = str(tmp_path / "started")

    def work(name):  # sent by value, as a test's own functions are
        import os
        import time

        if name == "failing":
            raise RuntimeError("went wrong")
        if name == "half-way" and not os.path.exists(started):
            with open(started + ".tmp", "w") as file:
                file.write(str(os.getpid()))
            os.rename(started + ".tmp", started)
            time.sleep(600)
        return {"name": name}

    def kill():
        wait_for(lambda: os.path.exists(started))
        with open(started) as file:
            os.kill(int(file.read()), signal.SIGKILL)

    names = ["one", "half-way", "two", "failing", "three"]
    jobs = jobs_in(tmp_path / "kept", names)
    cluster = Cluster(tmp_path, nanny)
    killer = threading.Thread(target=kill, daemon=True)
    try:
        killer.start()
        found = side_by_side.finish(jobs, work, 1, cluster.address)
    finally:
        cluster.end()
    killer.join(1)
    assert not killer.is_alive()
    assert found == {job.path: {"name": job.title} for job in jobs if job.title != "failing"}
    assert (
        "failing: failed, run again to retry: RuntimeError: went wrong" in capsys.readouterr().err
    )
