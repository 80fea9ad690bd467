"""The line between workers: who is let in, what the chief shares, who has gone; in threads."""

import contextlib
import json
import socket
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from endings import WorkerLost
from estimator import peers
from estimator.cluster import Cluster
from estimator.peers import Peers
from options import UsageError

FACTS = {"--batch_size": 64, "version": "aa"}


def free_addresses(number):
    """Of ports that nobody listens at."""
    with contextlib.ExitStack() as stack:
        sockets = [stack.enter_context(socket.socket()) for _ in range(number)]
        for each in sockets:
            each.bind(("127.0.0.1", 0))
        return tuple(f"127.0.0.1:{each.getsockname()[1]}" for each in sockets)


@pytest.fixture
def witness(tmp_path):
    path = tmp_path / "lock"
    path.write_text("process 1 on here\n")
    return str(path)


@pytest.fixture
def meeting(witness):
    """Has workers meet; gives them, or what each of them was told instead."""

    def meet(facts, witnesses=(), addresses=None):
        addresses = addresses or free_addresses(len(facts))
        all_peers = [Peers(Cluster(addresses, rank)) for rank in range(len(facts))]

        def one(rank):
            seen = dict(enumerate(witnesses)).get(rank, witness)
            try:
                all_peers[rank].meet(facts[rank], seen)
            except (UsageError, WorkerLost) as error:
                return error
            return all_peers[rank]

        with ThreadPoolExecutor(len(facts)) as pool:
            return list(pool.map(one, range(len(facts))))

    return meet


def leave(worker):
    """What the end of its process does."""
    lines = list(worker._lines.values())
    worker._lines.clear()
    for line in lines:
        line._connection.shutdown(socket.SHUT_RDWR)


def test_all_get_what_the_chief_shares_in_its_order(meeting):
    chief, *others = meeting([FACTS] * 3)
    for value in ({"done": 7}, None, [1, "é"]):
        assert chief.share(value) == value
    for other in others:
        assert [other.share("ignored") for _ in range(3)] == [{"done": 7}, None, [1, "é"]]


@pytest.mark.parametrize("name", ["--batch_size", "version"])
def test_another_mind_is_refused_everywhere_and_named(meeting, name):
    *_, odd = found = meeting([FACTS, {**FACTS, name: 32}])
    assert {str(error) for error in found} == {str(odd)}
    assert isinstance(odd, UsageError)
    assert str(odd).startswith(f"{name}=32: worker 1 (127.0.0.1:")
    assert f"the chief {name}={FACTS[name]}" in str(odd)


def test_a_worker_without_the_files_is_refused(meeting, tmp_path, witness, monkeypatch):
    monkeypatch.setattr(peers, "SHARED_SECONDS", 0.3)
    elsewhere = tmp_path / "elsewhere"
    elsewhere.write_text("process 1 on another host\n")
    for other in (str(elsewhere), str(tmp_path / "missing")):
        for error in meeting([FACTS, FACTS], [witness, other]):
            assert isinstance(error, UsageError)
            assert "does not see" in str(error)
            assert "share the --workdir" in str(error)


def test_a_worker_that_does_not_come_is_named(meeting, monkeypatch, witness):
    monkeypatch.setattr(peers, "MEETING_SECONDS", 0.5)
    addresses = free_addresses(2)
    with pytest.raises(WorkerLost, match=rf"worker 1 \({addresses[1]}\) did not come within"):
        Peers(Cluster(addresses, 0)).meet(FACTS, witness)
    with pytest.raises(WorkerLost, match=rf"the chief \({addresses[0]}\) does not answer"):
        Peers(Cluster(addresses, 1)).meet(FACTS, witness)


def test_a_taken_port_is_named(witness):
    with socket.socket() as taken:
        taken.bind(("", 0))
        taken.listen()
        address = f"127.0.0.1:{taken.getsockname()[1]}"
        with pytest.raises(UsageError, match=rf"TF_CONFIG: {address}: Address already in use"):
            Peers(Cluster((address, "127.0.0.1:1"), 0)).meet(FACTS, witness)


def test_strangers_and_workers_that_start_again_do_not_count(meeting, witness):
    addresses = free_addresses(2)
    host, port = addresses[0].split(":")

    def disturb():
        for text in ("GET / HTTP/1.0\n\n", "[]\n", '{"rank": 9}\n', "",
                     json.dumps({"rank": 1, "facts": FACTS}) + "\n"):  # fmt: skip
            with contextlib.closing(connected(host, int(port))) as stranger:
                stranger.sendall(text.encode())

    with ThreadPoolExecutor(2) as pool:
        chief = Peers(Cluster(addresses + free_addresses(1), 0))
        waiting = pool.submit(chief.meet, FACTS, witness)
        pool.submit(disturb).result()
        assert not waiting.done()  # worker 1 came, and worker 2 not yet
        others = [Peers(Cluster(chief._cluster.addresses, rank)) for rank in (1, 2)]
        met = [pool.submit(others[0].meet, FACTS, witness)]
        time.sleep(0.3)
        with ThreadPoolExecutor(1) as third:
            third.submit(others[1].meet, FACTS, witness).result()
        for each in [waiting, *met]:
            each.result()
    chief.share(5)
    assert [other.share() for other in others] == [5, 5]


def connected(host, port):
    for _ in range(100):
        with contextlib.suppress(ConnectionRefusedError):
            return socket.create_connection((host, port))
        time.sleep(0.05)
    raise AssertionError("nobody listens")


@pytest.mark.parametrize("gone", [0, 1, 2])
def test_one_that_has_gone_is_known_to_all(meeting, gone):
    all_peers = meeting([FACTS] * 3)
    chief = all_peers[0]
    chief.share("last word")
    leave(all_peers[gone])
    name = chief._cluster.name(gone)
    for rank, each in enumerate(all_peers):
        if rank == gone:
            continue
        assert each.lost.result(10) == f"{name} has ended"
        with pytest.raises(WorkerLost, match="has ended"):
            each.check()
        if rank:
            assert each.share() == "last word"  # what was said before still counts
        with pytest.raises(WorkerLost):
            each.share("more")


def test_one_that_is_silent_has_gone(meeting, monkeypatch):
    monkeypatch.setattr(peers, "SILENCE_SECONDS", 0.5)
    monkeypatch.setattr(peers, "BEAT_SECONDS", 1.5)
    chief, _ = meeting([FACTS] * 2)
    assert chief.lost.result(10).endswith("has been silent for 0 s")


def test_signs_of_life_keep_the_line(meeting, monkeypatch):
    monkeypatch.setattr(peers, "SILENCE_SECONDS", 0.6)
    monkeypatch.setattr(peers, "BEAT_SECONDS", 0.1)
    chief, other = meeting([FACTS] * 2)
    time.sleep(1.5)
    assert not chief.lost.done()
    assert not other.lost.done()
