"""Opening a run: what may be given anew, and what must be as it was."""

import os
import re

import numpy as np
import pytest

from base.errors import UsageError
from boost import refinement
from commands import shared, train
from storage import state as states
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


def test_a_run_of_another_version_is_told_by_its_format_not_by_its_settings(run):
    for name, (text, other) in {
        "state.json": (f'"format": {states.FORMAT}', f'"format": {states.FORMAT - 1}'),
        "settings.json": ('"keep_missing"', '"no_setting_of_this_version"'),
    }.items():
        path = os.path.join(run, name)
        with open(path) as file:
            before = file.read()
        assert before.count(text) == 1
        with open(path, "w") as file:
            file.write(before.replace(text, other))
    told = f"is of format {states.FORMAT - 1}, .* use the version that made the run"
    with pytest.raises(UsageError, match=told):
        shared.open_run(call("sample", run), {})


def test_data_may_have_moved_but_not_changed(engine, tmp_path):
    before, after = str(tmp_path / "x.npy"), str(tmp_path / "y.npy")
    np.save(before, np.random.RandomState(0).randn(400, 2))
    given = settings(dataset="file", data_file=before, steps=1)
    train.train(call("train", tmp_path / "run"), given)
    os.rename(before, after)
    asked = call("sample", tmp_path / "run")
    opened = shared.open_run(asked, {"data_file": after})
    assert opened.settings.data.data_file == after
    dataset = shared.make_components(asked, opened, needs_data=True).dataset
    assert (dataset.number, len(dataset.held_out)) == (320, 80)
    assert sum(opened.state.sizes[:3]) == 80
    np.save(after, np.random.RandomState(1).randn(400, 2))
    told = f"^--data_file={re.escape(after)}: .* its components are trained on other data"
    with pytest.raises(UsageError, match=told):
        shared.make_components(asked, opened, needs_data=True)


def made(run, needs_data, explicit=None, **command):
    asked = call("sample", run, **command)
    return shared.make_components(asked, shared.open_run(asked, explicit or {}), needs_data)


def test_what_is_known_of_a_file_is_enough_to_draw_from_its_run(table, table_made_once):
    path = str(table_made_once / "x.csv")
    with_data, without = made(table, True, {"data_file": path}), made(table, False)
    assert (with_data.dataset.number, without.dataset.number) == (320, 0)
    assert with_data.pool_sizes == without.pool_sizes
    checkpoint = with_data.workdir.join(Workdir(table).read_state().steps[0].checkpoint)
    latent = np.random.RandomState(0).randn(50, 6).astype(np.float32)
    points = [each.generator(1, checkpoint)(latent) for each in (with_data, without)]
    np.testing.assert_array_equal(*points)


def test_data_that_are_needed_must_be_there(table, tmp_path):
    with pytest.raises(UsageError, match="^--data_file=.*gone.csv: No such file"):
        made(table, True, {"data_file": str(tmp_path / "gone.csv")})


def test_toys_are_made_again_whether_needed_or_not(run):
    assert made(run, False).dataset.number == 640


def append(path):
    with open(path, "ab") as file:
        file.write(b"x")


@pytest.mark.parametrize(("damage", "told"), [(os.remove, "is missing"), (append, "was changed")])
def test_what_is_known_of_a_file_must_be_what_was_committed(table, damage, told):
    damage(os.path.join(table, "columns.npz"))
    with pytest.raises(UsageError, match=f"columns.npz: {told}.*; --mode=train with the data"):
        made(table, False)


def test_only_a_refinement_that_is_not_there_needs_the_data(table, monkeypatch):
    opened = shared.open_run(call("sample", table), {})
    for refine, is_made, needed in [(0, 0, False), (1, 0, True), (1, 1, False), (0, 1, False)]:
        monkeypatch.setattr(refinement, "is_made", lambda *_, there=is_made: bool(there))
        assert shared.refines_anew(opened, call("sample", table, refine=bool(refine)).command) == (
            needed
        )


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
