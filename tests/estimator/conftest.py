"""An environment with the stand-in of npu_bridge in it."""

import importlib
import sys

import pytest
from tensorflow.python.client.session import BaseSession

from tests import npu_stand_in
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
