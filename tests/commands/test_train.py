"""Starting a run and going on with it, on the fake engine."""

import os
import re
import signal
import tempfile

import numpy as np
import pytest

from base import durable, unfinished, version
from base.errors import Stopped, UsageError
from boost import scoring
from commands import presets, shared, train
from estimator import factory
from storage.workdir import Workdir
from tests.boost import tables
from tests.commands.calls import call, of_file, settings


def again(run, **changed):
    train.train(call("train", run), settings(**changed))


def test_a_run_ends_with_all_its_steps(run):
    state = Workdir(run).read_state()
    assert [record.step for record in state.steps] == [1, 2]
    assert state.complete
    assert state.settings_fingerprint == settings().fingerprint()
    with open(os.path.join(run, "settings.json")) as file:
        assert file.read() == settings().to_json()


def test_a_finished_run_makes_no_engine(run, monkeypatch, caplog):
    pictures = [f"plots/{name}.png" for name in ("metrics", "regions", "step_01", "step_02")]
    for name in ("report.html", *pictures):
        path = os.path.join(run, name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        open(path, "w").close()
    monkeypatch.setattr(shared, "make_engine", lambda *_: pytest.fail("is not needed"))
    again(run)
    assert "has finished its 2 steps; raise --steps to go on." in caplog.text


def test_what_people_look_at_comes_back_without_training(run, engine):
    again(run)
    assert engine.trained == []


def test_raised_steps_go_on(run, engine, caplog, monkeypatch):
    monkeypatch.setattr(scoring, "yardsticks", lambda *_: pytest.fail("the state has them"))
    again(run, steps=3)
    assert "Going on after step 2." in caplog.text
    assert len(engine.trained) == 2  # a mixture discriminator and a component
    assert len(Workdir(run).read_state().steps) == 3


@pytest.mark.parametrize("changed", [{"seed": 1}, {"steps": 1}, {"epochs": 3}])
def test_other_settings_are_refused(run, engine, changed):
    ((name, value),) = changed.items()
    with pytest.raises(UsageError, match=f"--{name}={value}: the run in .* was made with"):
        again(run, **changed)
    assert engine.trained == []


def test_steps_of_another_version_are_told(run, monkeypatch, caplog):
    before = version.digest()
    monkeypatch.setattr(version, "digest", lambda: "another")
    again(run, steps=3)
    told = f"Step 2 was made by another version of this program ({before}, this is another)"
    assert told in caplog.text
    assert [r.program for r in Workdir(run).read_state().steps] == [before, before, "another"]


def test_a_damaged_step_is_trained_again_when_told(run, engine):
    figures = [record.metrics for record in Workdir(run).read_state().steps]
    with open(os.path.join(run, "components", "02", "data_weights.npy"), "ab") as file:
        file.write(b"x")
    with pytest.raises(UsageError, match="data_weights.npy: was changed .* --repair"):
        again(run)
    train.train(call("train", run, repair=True), settings())
    assert [record.metrics for record in Workdir(run).read_state().steps] == figures
    assert len(engine.trained) == 2


@pytest.mark.parametrize(
    "text", [None, "{", settings(init_std=0.5).to_json()], ids=["lost", "damaged", "changed"]
)
def test_lost_settings_are_written_anew_from_those_of_the_run_only(run, text):
    path = os.path.join(run, "settings.json")
    os.remove(path)
    if text is not None:
        with open(path, "w") as file:
            file.write(text)
    wrong = settings(init_std=0.5 if text in (None, "{") else 0.25)
    with pytest.raises(UsageError, match="needs the flags of the run|was changed|was made with"):
        train.train(call("train", run, repair=True), wrong)
    train.train(call("train", run, repair=True), settings())
    with open(path) as file:
        assert file.read() == settings().to_json()


def test_a_rank_other_than_0_trains_along_and_leaves_nothing(run, engine, monkeypatch, tmp_path):
    (tmp_path / "private").mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "private"))
    monkeypatch.setattr(factory, "follows", lambda: True)
    monkeypatch.setattr(unfinished, "remove_at_end", lambda _: None)
    monkeypatch.setattr(engine, "rank", 1, raising=False)
    before = {top: sorted(names) for top, _, names in os.walk(run)}
    again(run, steps=3)
    assert {top: sorted(names) for top, _, names in os.walk(run)} == before
    assert len(engine.trained) == 2
    (name,) = os.listdir(str(tmp_path / "private"))
    private = Workdir(str(tmp_path / "private" / name)).read_state()
    assert len(private.steps) == 3


def test_workers_share_what_must_be_the_same_and_not_where_it_lies(engine, monkeypatch, tmp_path):
    points = np.random.RandomState(0).randn(400, 2)
    facts = []

    def join_workers(shared_facts, *_):
        facts.append(shared_facts)
        raise Stopped(signal.SIGTERM)  # all has been said

    monkeypatch.setattr(engine, "join_workers", join_workers)
    for name in "ab":
        np.save(str(tmp_path / f"{name}.npy"), points)
        path = str(tmp_path / f"{name}.npy")
        given = settings(dataset="file", data_file=path, steps=1)
        with pytest.raises(Stopped):
            train.train(call("train", tmp_path / name), given)
    assert facts[0] == facts[1]
    assert {"--seed", "--epochs", "data", "version"} <= set(facts[0])
    assert "--data_file" not in facts[0]


def as_other_rows(path):
    tables.write(path, seed=1)


def by_other_names(path):
    tables.write(path, names=("calls", *tables.NAMES[1:]))


def with_other_texts(path):
    """Whose numbers are the same."""
    tables.write(path)
    path.write_text(path.read_text("utf-8").replace("Ulm", "Wien"), "utf-8")


@pytest.mark.parametrize("change", [as_other_rows, by_other_names, with_other_texts])
def test_a_run_goes_on_with_its_own_table_only(table, engine, tmp_path, change):
    path = tmp_path / "x.csv"
    change(path)
    before = durable.sha256(os.path.join(table, "columns.npz"))
    with pytest.raises(UsageError, match=f"^--data_file={re.escape(str(path))}: "):
        train.train(call("train", table), of_file(path, steps=3))
    assert engine.trained == []
    assert durable.sha256(os.path.join(table, "columns.npz")) == before


def test_what_is_known_of_a_table_is_written_anew_from_it(table, table_made_once):
    path = os.path.join(table, "columns.npz")
    with open(path, "rb") as file:
        before = file.read()
    for damaged in (b"x", None):
        os.remove(path)
        if damaged:
            with open(path, "wb") as file:
                file.write(damaged)
        train.train(call("train", table), of_file(table_made_once / "x.csv"))
        with open(path, "rb") as file:
            assert file.read() == before


def test_a_preset_is_advised_to_who_has_not_got_it(engine, table_made_once, tmp_path, caplog):
    path = table_made_once / "x.csv"
    for number, preset in enumerate(({}, presets.values_of("table.flags"))):
        caplog.clear()
        given = {**preset, "iterations": 60, "steps": 1, "batch_size": 32}
        train.train(call("train", tmp_path / str(number)), of_file(path, **given))
        (told,) = [line for line in caplog.messages if "train 60 iterations each" in line]
        assert ("--flagfile=table.flags" in told) == (not preset)
        assert ("table.flags itself has --iterations=10000" in told) == bool(preset)
