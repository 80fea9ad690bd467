"""Opening a run: what may be given anew, and what must be as it was."""

import os

import numpy as np
import pytest

from base.errors import UsageError
from commands import shared, train
from storage.workdir import Workdir
from tests.commands.calls import call, settings


def test_the_seed_of_a_draw_is_the_runs_unless_given(run):
    opened = shared.open_run(call("sample", run), {})
    assert (opened.seed, opened.settings) == (0, settings())
    assert len(opened.state.steps) == 2
    drawn = shared.open_run(call("sample", run), {"seed": 9})
    assert (drawn.seed, drawn.settings.run.seed) == (9, 0)
    with pytest.raises(UsageError, match="--seed=-1: must lie in"):
        shared.open_run(call("sample", run), {"seed": -1})


def test_given_settings_must_be_those_of_the_run(run):
    shared.open_run(call("sample", run), {"epochs": 2, "steps": 2})
    with pytest.raises(UsageError, match="--epochs=3: the run in"):
        shared.open_run(call("sample", run), {"epochs": 3})


def test_data_may_have_moved_but_not_changed(engine, tmp_path):
    before, after = str(tmp_path / "x.npy"), str(tmp_path / "y.npy")
    np.save(before, np.random.RandomState(0).randn(400, 2))
    given = settings(dataset="file", data_file=before, steps=1)
    train.train(call("train", tmp_path / "run"), given)
    os.rename(before, after)
    asked = call("sample", tmp_path / "run")
    opened = shared.open_run(asked, {"data_file": after})
    assert opened.settings.data.data_file == after
    ready = shared.make_ready(asked, opened)
    assert (ready.dataset.number, len(ready.dataset.held_out)) == (320, 80)
    assert sum(ready.scorer.sizes[:3]) == 80
    np.save(after, np.random.RandomState(1).randn(400, 2))
    with pytest.raises(UsageError, match="its components are trained on other data"):
        shared.make_ready(asked, opened)


def test_a_directory_without_a_finished_step_is_no_run(run, tmp_path):
    workdir = Workdir(str(tmp_path / "new"))
    with pytest.raises(UsageError, match="holds no run"):
        shared.read_run(workdir)
    workdir.make()
    workdir.write_settings(settings().to_json())
    with pytest.raises(UsageError, match="has no finished step yet; train first"):
        shared.read_run(workdir)


def test_settings_that_were_changed_by_hand_are_noticed(run):
    workdir = Workdir(run)
    workdir.write_settings(settings(init_std=0.5).to_json())
    opened = shared.open_run(call("sample", run), {})
    with pytest.raises(UsageError, match="settings.json: was changed since the run was started"):
        shared.check_files(workdir, opened.state, opened.settings)


def test_steps_may_be_raised_without_being_other_settings(run):
    workdir = Workdir(run)
    shared.check_own_settings(workdir, settings(steps=7), workdir.read_state())
