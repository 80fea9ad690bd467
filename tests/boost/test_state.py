"""The state on disk: both ways, atomic, and what is made from it."""

import csv
import dataclasses
import json
import math
import os

import pytest

from boost import state as state_module
from boost.state import State, StepRecord, Workdir
from evaluation.metrics import Metrics, Sizes, Spread
from options import UsageError


def make_state(steps=2):
    nothing = Metrics(-2.0, 0.9, math.nan, math.nan, math.nan)
    records = tuple(
        StepRecord(
            step=number,
            beta=1 / number,
            lambda_star=math.inf if number == 2 else 1.0,
            zero_weight=0.25,
            effective_sample_size=10.0,
            metrics=Metrics(-4.0, 0.5, 3, 0.5, 0.25),
            calibration={"ratio": 1.0},
            iterations_per_second=math.nan,
            seconds={"training": 1.5},
            checkpoint=f"components/{number:02d}/model.ckpt-10",
            data_weights=f"components/{number:02d}/data_weights.npy",
            picture=f"components/{number:02d}/picture.npz",
            sha256={"a": "b"},
        )
        for number in range(1, steps + 1)
    )
    spread = Spread(nothing, nothing, nothing)
    return State(Sizes(10, 5, 5, 20), spread, "abc", (0.5, 0.5), records)


def test_state_both_ways_with_strict_json(tmp_path):
    workdir = Workdir(str(tmp_path))
    assert workdir.read_state() is None
    state = make_state()
    workdir.commit(state)
    with open(workdir.join("state.json")) as file:
        json.load(file, parse_constant=lambda name: pytest.fail(f"{name} is no JSON"))
    again = workdir.read_state()
    assert repr(again) == repr(state)  # nan is not equal to itself


def test_metrics_csv_is_made_from_the_state(tmp_path):
    workdir = Workdir(str(tmp_path))
    workdir.commit(make_state())
    with open(workdir.join("metrics.csv")) as file:
        assert file.readline().startswith("step,log_p,coverage,modes,high_quality,")
        file.seek(0)
        rows = list(csv.DictReader(file))
    assert [row["step"] for row in rows] == ["1", "2"]
    assert rows[0]["beta"] == "1.0"
    assert rows[0]["iterations_per_second"] == ""
    assert rows[0]["seconds_training"] == "1.5"


def test_an_interrupted_commit_leaves_the_state_before(tmp_path, monkeypatch):
    workdir = Workdir(str(tmp_path))
    before = make_state(1)
    workdir.commit(before)

    def interrupted(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(state_module.os, "replace", interrupted)
    with pytest.raises(KeyboardInterrupt):
        workdir.commit(make_state(2))
    assert repr(workdir.read_state()) == repr(before)


def test_damaged_state_is_named(tmp_path):
    workdir = Workdir(str(tmp_path))
    for text in ("", "{}", '{"format": 7}', "[1]"):
        (tmp_path / "state.json").write_text(text)
        with pytest.raises(UsageError, match=r"state.json: is damaged"):
            workdir.read_state()


def test_uncommitted_components_are_removed_and_committed_ones_kept(tmp_path):
    workdir = Workdir(str(tmp_path))
    for number in (1, 2, 3):
        os.makedirs(workdir.component(number))
    workdir.remove_uncommitted(dataclasses.replace(make_state(), steps=make_state().steps[:1]))
    assert os.listdir(workdir.join("components")) == ["01"]


def test_unusable_work_directories_are_told(tmp_path):
    file = tmp_path / "file"
    file.write_text("x")
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "thesis.tex").write_text("x")
    for path, message in [
        ("", "needs the path"),
        (file, "is a file"),
        (file / "below", "is a file"),
        (tmp_path / "other", "holds no settings.json"),
    ]:
        with pytest.raises(UsageError, match=message):
            Workdir(str(path)).check_usable()
    Workdir(str(tmp_path / "new" / "deep")).check_usable()
    assert not (tmp_path / "new").exists()
