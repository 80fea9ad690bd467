"""Commands in this process, on the fake engine, with a side process that is none."""

import dataclasses

from boost import loop
from commands import settings as all_settings
from commands import shared, train
from commands.settings import Command
from commands.shared import Call
from estimator.engine import DeviceSettings
from evaluation import two_sample
from storage.workdir import Workdir
from tests.fake_engine import FakeEngine

DEFAULTS = {
    field.name: field.default
    for _, kind in all_settings.ROOMS.values()
    for field in dataclasses.fields(kind)
}
SMALL = {
    "gmm_modes_num": 3, "toy_dataset_size": 640, "batch_size": 32, "epochs": 2, "steps": 2,
    "mixture_c_epoch_num": 2, "eval_points_num": 100,
}  # fmt: skip


def settings(**changed):
    return all_settings.make({**DEFAULTS, **SMALL, **changed})


def of_file(path, **changed):
    given = {"dataset": "file", "data_file": str(path), "latent_space_dim": 0}
    return settings(**{**given, **changed})


def call(mode, workdir, **command):
    return Call(Command(mode=mode, workdir=str(workdir), **command), DeviceSettings(), -1)


def simple_at(run, auc):
    """Makes the Gaussian mixture of a run one that is told so well from the data."""
    workdir = Workdir(str(run))
    state = workdir.read_state()
    median = state.simple.median._replace(two_sample_auc=auc)
    workdir.commit(dataclasses.replace(state, simple=state.simple._replace(median=median)))


class SideProcess:
    """Does everything at once, in this process, but for drawing."""

    def __init__(self):
        self._results = []

    def __enter__(self):
        return self

    def __exit__(self, *_):
        """Nothing runs any more."""

    def submit(self, function, *arguments):
        self._results.append(function(*arguments))
        return len(self._results) - 1

    def result(self, ticket):
        return self._results[ticket]


class NothingDrawn:
    """In the place of a live report."""

    def __init__(self, *_):
        pass

    def show(self, state):
        pass

    def finish(self, state):
        pass


def stand_in(monkeypatch):
    """The engine that all commands get from now on."""
    made = FakeEngine()
    monkeypatch.setattr(shared, "make_engine", lambda *_: made)
    monkeypatch.setattr(train, "SideProcess", SideProcess)
    monkeypatch.setattr(loop, "LiveReport", NothingDrawn)
    monkeypatch.setattr(two_sample, "ROUNDS", 4)  # how well it tells is tests/evaluation's
    monkeypatch.setattr(Workdir, "lock", lambda self: None)  # which would end with the process
    return made
