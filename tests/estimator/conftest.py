"""Workers that meet, and an environment with the stand-in of npu_bridge in it."""

import importlib
import sys
from concurrent.futures import ThreadPoolExecutor
from unittest import mock

import pytest
from tensorflow.python.client.session import BaseSession

from base.errors import UsageError, WorkerLost
from estimator import distributed
from estimator.cluster import Cluster
from estimator.distributed import DistributedEngine
from estimator.engine import DeviceSettings
from estimator.peers import Peers
from tests import npu_stand_in
from tests.estimator.meetings import TEXT, free_addresses
from tests.npu_runs import CLEAN


@pytest.fixture
def clean(monkeypatch):
    """This process's environment without anything of Ascend."""
    for name in CLEAN:
        monkeypatch.setenv(name, "")  # so that what a test sets is taken back
        monkeypatch.delenv(name)
    return monkeypatch


@pytest.fixture
def environment(tmp_path, clean):
    """Variables for an environment without anything of Ascend, but an importable stand-in."""
    npu_stand_in.make_package(tmp_path / "bridge")
    graphs = tmp_path / "graphs"
    graphs.mkdir()
    return {"PYTHONPATH": str(tmp_path / "bridge"), "NPU_STAND_IN_LOG": str(graphs)}


@pytest.fixture
def bridge(environment, monkeypatch):
    monkeypatch.setattr(BaseSession, "_do_run", BaseSession._do_run)  # counted from here on
    monkeypatch.syspath_prepend(environment["PYTHONPATH"])
    module = importlib.import_module("npu_bridge.npu_init")
    yield module
    for name in [name for name in sys.modules if name.split(".")[0] == "npu_bridge"]:
        del sys.modules[name]


@pytest.fixture
def lock_path(tmp_path):
    path = tmp_path / "lock"
    path.write_text(TEXT)
    return str(path)


@pytest.fixture
def together(lock_path):
    """Has workers meet; gives them, or what each of them was told instead."""

    def meet(shared, lock_paths=(), addresses=None):
        addresses = addresses or free_addresses(len(shared))
        all_peers = [Peers(Cluster(addresses, rank)) for rank in range(len(shared))]

        def one(rank):
            seen = dict(enumerate(lock_paths)).get(rank, lock_path)
            try:
                all_peers[rank].join(shared[rank], seen, "" if rank else TEXT)
            except (UsageError, WorkerLost) as error:
                return error
            return all_peers[rank]

        with ThreadPoolExecutor(len(shared)) as pool:
            return list(pool.map(one, range(len(shared))))

    return meet


@pytest.fixture
def worker(monkeypatch, tmp_path):
    """One of two, whose peers say what it is given to say."""
    monkeypatch.setattr(distributed, "TICK", 0.05)
    strategy = mock.Mock(num_replicas_in_sync=2)
    monkeypatch.setattr(DistributedEngine, "_make_strategy", lambda self: strategy)
    workers = Cluster(("127.0.0.1:1", "127.0.0.1:2"), 1)
    (tmp_path / "run" / "components" / "01").mkdir(parents=True)
    return DistributedEngine(DeviceSettings(device="cpu"), False, workers, str(tmp_path / "run"))
