"""Runs of the commands' tests."""

import logging
import os
import shutil

import pytest

from commands import train
from tests.boost import tables
from tests.commands.calls import call, of_file, settings, stand_in
from tests.conftest import made_once as made_by_one
from tests.conftest import run_main


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


@pytest.fixture(scope="session")
def table_made_once(tmp_path_factory):
    """A directory with a table, and a run of two steps on it."""
    path = tmp_path_factory.mktemp("table")
    tables.write(path / "x.csv")
    with pytest.MonkeyPatch.context() as patch:
        stand_in(patch)
        train.train(call("train", path / "run"), of_file(path / "x.csv"))
    return path


@pytest.fixture
def table(engine, table_made_once, tmp_path):
    """The work directory of a copy of this run, whose data have gone."""
    shutil.copytree(str(table_made_once / "run"), str(tmp_path / "run"))
    return str(tmp_path / "run")


@pytest.fixture(scope="session")
def trained_table(tmp_path_factory):
    """A run of two small components on a table, by main.py; its data have gone."""

    def make(directory):
        tables.write(f"{directory}/x.csv")
        flags = ["--device=cpu", "--dataset=file", "--latent_space_dim=0", "--steps=2"]
        more = [
            "--latent_signs=2",
            "--iterations=60",
            "--mixture_c_iterations=60",
            "--eval_points_num=100",
        ]
        done = run_main(
            *flags, *more, f"--data_file={directory}/x.csv", f"--workdir={directory}/run",
            drawn=False,
        )  # fmt: skip
        os.remove(f"{directory}/x.csv")
        return done

    directory, _ = made_by_one(tmp_path_factory, "trained table", make)
    return os.path.join(directory, "run")
