"""How workers meet: who is let in, who is refused, and who is waited for; in threads."""

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from base.errors import UsageError, WorkerLost
from estimator import meeting
from estimator.cluster import Cluster
from estimator.peers import Peers
from tests.conftest import ROOT
from tests.estimator.meetings import SHARED, TEXT, connected, free_addresses


@pytest.mark.parametrize("name", ["--batch_size", "version"])
def test_another_mind_is_refused_everywhere_and_named(together, name):
    *_, odd = found = together([SHARED, {**SHARED, name: 32}])
    assert {str(error) for error in found} == {str(odd)}
    assert isinstance(odd, UsageError)
    assert str(odd).startswith(f"{name}=32: worker 1 (127.0.0.1:")
    assert f"the chief {name}={SHARED[name]}" in str(odd)


def test_a_flag_that_one_worker_lacks_is_none_of_an_empty_value(together):
    with_columns = {**SHARED, "--columns": "a,b"}
    _, odd = together([with_columns, {**SHARED, "--columns": ""}])
    assert str(odd).startswith("no --columns: worker 1 (")
    assert str(odd).endswith(" has it so, the chief --columns=a,b")


def test_a_worker_without_the_files_is_refused(together, tmp_path, lock_path, monkeypatch):
    monkeypatch.setattr(meeting, "SHARED_SECONDS", 0.3)
    elsewhere = tmp_path / "elsewhere"
    elsewhere.write_text("process 1 on another host\n")
    os.mkfifo(str(tmp_path / "pipe"))  # which nobody writes
    for other in (str(elsewhere), str(tmp_path / "missing"), str(tmp_path / "pipe")):
        for error in together([SHARED, SHARED], [lock_path, other]):
            assert isinstance(error, UsageError)
            assert "does not see" in str(error)
            assert "share the --workdir" in str(error)


def test_a_worker_that_does_not_come_is_named(together, monkeypatch, lock_path):
    monkeypatch.setattr(meeting, "MEETING_SECONDS", 0.5)
    addresses = free_addresses(2)
    with pytest.raises(WorkerLost, match=rf"worker 1 \({addresses[1]}\) did not come within"):
        Peers(Cluster(addresses, 0)).join(SHARED, lock_path, TEXT)
    with pytest.raises(WorkerLost, match=rf"the chief \({addresses[0]}\) does not answer"):
        Peers(Cluster(addresses, 1)).join(SHARED, lock_path, TEXT)


def test_a_taken_port_is_named(lock_path):
    with socket.socket() as taken:
        taken.bind(("", 0))
        taken.listen()
        address = f"127.0.0.1:{taken.getsockname()[1]}"
        with pytest.raises(UsageError, match=rf"TF_CONFIG: {address}: Address already in use"):
            Peers(Cluster((address, "127.0.0.1:1"), 0)).join(SHARED, lock_path, TEXT)


def test_the_chief_does_not_open_the_lock_file():
    """Closing it again would give up a POSIX lock on it."""
    addresses = free_addresses(2)
    with ThreadPoolExecutor(1) as pool:
        met = pool.submit(Peers(Cluster(addresses, 0)).join, SHARED, "/not/there", TEXT)
        with connected(addresses[0]) as worker:
            worker.sendall(json.dumps({"rank": 1, "facts": SHARED}).encode() + b"\n")
            assert json.loads(worker.recv(1000).decode()) == {"witness": TEXT}
            worker.sendall(b'{"sees": true}\n')
            met.result(60)


def test_workers_that_start_again_count_once(lock_path):
    addresses = free_addresses(3)
    chief, *others = [Peers(Cluster(addresses, rank)) for rank in range(3)]
    with ThreadPoolExecutor(3) as pool:
        met = [pool.submit(chief.join, SHARED, lock_path, TEXT)]
        for _ in range(2):
            with contextlib.closing(connected(addresses[0])) as earlier:
                earlier.sendall(json.dumps({"rank": 1, "facts": SHARED}).encode() + b"\n")
                time.sleep(0.2)
        met.append(pool.submit(others[1].join, SHARED, lock_path, ""))
        time.sleep(0.2)
        assert not met[0].done()  # worker 1 came twice, and went
        met.append(pool.submit(others[0].join, SHARED, lock_path, ""))
        for each in met:
            each.result(60)
    chief.share(5)
    assert [other.share() for other in others] == [5, 5]


def test_a_worker_passes_by_what_is_not_its_chief(lock_path, monkeypatch):
    monkeypatch.setattr(meeting, "MEETING_SECONDS", 60.0)
    addresses = free_addresses(2)
    host, port = addresses[0].split(":")
    worker, chief = [Peers(Cluster(addresses, rank)) for rank in (1, 0)]
    with ThreadPoolExecutor(2) as pool:
        met = pool.submit(worker.join, SHARED, lock_path, "")
        for text in (b"\n", b"[" * 200000 + b"\n", b"x" * (1 << 20), b'{"see": 1}\n'):
            with socket.socket() as listener:
                listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                listener.bind((host, int(port)))
                listener.listen()
                with listener.accept()[0] as line, contextlib.suppress(OSError):
                    line.sendall(text)
        pool.submit(chief.join, SHARED, lock_path, TEXT).result(60)
        met.result(60)
    chief.share(5)
    assert worker.share() == 5


@pytest.mark.parametrize("text", [b"", b"\n"])
def test_an_address_that_takes_calls_and_says_nothing_is_no_chief(monkeypatch, lock_path, text):
    monkeypatch.setattr(meeting, "MEETING_SECONDS", 1.0)
    with socket.socket() as silent, ThreadPoolExecutor(1) as pool:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        addresses = (f"127.0.0.1:{silent.getsockname()[1]}", "127.0.0.1:1")
        met = pool.submit(Peers(Cluster(addresses, 1)).join, SHARED, lock_path, "")
        lines = []
        silent.settimeout(0.2)
        while not met.done():
            with contextlib.suppress(OSError):
                lines.append(silent.accept()[0])
                lines[-1].sendall(text)
        with pytest.raises(WorkerLost, match=r"the chief \(127.* does not answer for 1 s \(it has"):
            met.result()


def test_a_worker_that_goes_while_they_look_at_the_lock_file_is_lost(lock_path):
    addresses = free_addresses(2)
    with ThreadPoolExecutor(1) as pool:
        met = pool.submit(Peers(Cluster(addresses, 0)).join, SHARED, lock_path, TEXT)
        with connected(addresses[0]) as worker:
            worker.sendall(json.dumps({"rank": 1, "facts": SHARED}).encode() + b"\n")
            assert worker.recv(1000)
        with pytest.raises(WorkerLost, match="worker 1 .* has ended"):
            met.result(60)


SIGNALLED = """
import contextlib
from base import signals
from base.errors import Stopped
from estimator.cluster import Cluster
from estimator.peers import Peers
signals.listen(lambda: "")
print("here", flush=True)
try:
    with signals.deferred() if {deferred} else contextlib.suppress():
        Peers(Cluster(("127.0.0.1:{port}", "127.0.0.1:1"), {rank})).join({{}}, "", "")
except Stopped as stopped:
    raise SystemExit(stopped.status)
"""


@pytest.mark.parametrize("deferred", [False, True])
@pytest.mark.parametrize("rank", [0, 1])
def test_a_signal_ends_the_meeting(rank, deferred):
    (address,) = free_addresses(1)
    code = SIGNALLED.format(port=address.split(":")[1], rank=rank, deferred=deferred)
    process = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, cwd=ROOT)
    assert process.stdout.readline() == b"here\n"
    time.sleep(0.2)
    process.terminate()
    assert process.wait(60) == 128 + signal.SIGTERM
    process.stdout.close()
