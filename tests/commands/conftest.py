"""Runs of the commands' tests."""

import logging
import shutil

import pytest

from commands import train
from tests.commands.calls import call, settings, stand_in


@pytest.fixture
def engine(monkeypatch, caplog):
    """The engine of all commands; what they log is in `caplog`."""
    monkeypatch.setattr(logging.getLogger("adagan"), "propagate", True)
    caplog.set_level(logging.INFO, "adagan")
    return stand_in(monkeypatch)


@pytest.fixture(scope="session")
def made_once(tmp_path_factory):
    """The work directory of a run of two steps."""
    path = str(tmp_path_factory.mktemp("made") / "run")
    with pytest.MonkeyPatch.context() as patch:
        stand_in(patch)
        train.train(call("train", path), settings())
    return path


@pytest.fixture
def run(engine, made_once, tmp_path):
    """A copy of it."""
    shutil.copytree(made_once, str(tmp_path / "run"))
    return str(tmp_path / "run")
