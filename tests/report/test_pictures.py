"""Which pictures are drawn, and when the summaries over all steps are."""

import os
from types import SimpleNamespace

import pytest

from report import pictures as drawn
from report import plots_jobs
from report.pictures import Pictures
from storage.workdir import Workdir


class Side:
    """Has done everything as soon as it is asked."""

    def __init__(self):
        self.calls = []

    def submit(self, *call):
        self.calls.append(call)
        return len(self.calls) - 1

    def finished(self):
        return list(range(len(self.calls)))

    def result(self, ticket):
        """Seconds that a summary took."""
        return 2.0

    def summaries(self):
        """Of how many steps each was."""
        return [len(call[2].by_step) for call in self.calls if call[0] is plots_jobs.summary]


def state(steps, simple=None, **more):
    fields = dict(metrics=None, beta=1.0, effective_sample_size=1.0, zero_weight=0.0)
    fields = {"calibration": {}, "worst": {}, **fields, **more}
    records = [
        SimpleNamespace(step=step, picture="picture.npz", **fields) for step in range(1, steps + 1)
    ]
    return SimpleNamespace(steps=records, perfect=None, simple=simple)


@pytest.mark.parametrize(
    ("seconds", "early", "late"),
    [
        ([20.0, *[42.0] * 5], [2, 5], [6]),  # short steps: now and then, and at the end
        ([2.0] * 10, [], [10]),  # a short run: once
        ([180.0] * 3, [1, 2, 3], []),
    ],
)
def test_summaries_are_drawn_as_the_steps_are_long(tmp_path, monkeypatch, seconds, early, late):
    side, now = Side(), [1000.0]
    monkeypatch.setattr("time.monotonic", lambda: now[0])
    pictures = Pictures(side, Workdir(str(tmp_path)), 10, 0)
    for steps, its in enumerate(seconds, 1):
        now[0] += its
        pictures.draw(state(steps))
        list(pictures.finished())
    assert side.summaries() == early
    list(pictures.wait())
    assert side.summaries() == early + late


@pytest.mark.parametrize(
    ("fields", "names"),
    [
        ({}, ["step"]),
        ({"calibration": {"ratio": 1.0}}, ["step", "calibration"]),
        ({"worst": {"column": "a"}}, ["step", "columns"]),
        ({"calibration": {"ratio": 1.0}, "worst": {"column": "a"}}, None),
    ],
)
def test_a_step_has_the_pictures_that_it_has_something_for(tmp_path, fields, names):
    """Columns of a table, and calibration where there was a discriminator."""
    names, workdir = names or ["step", "columns", "calibration"], Workdir(str(tmp_path))
    (record,) = state(1, **fields).steps
    expected = {name: os.path.join(workdir.path, "plots", f"{name}_01.png") for name in names}
    assert drawn.of_step(workdir, record) == expected
    side = Side()
    pictures = Pictures(side, workdir, 10, 0)
    pictures.draw(state(1, **fields))
    assert side.calls[0] == (plots_jobs.step, workdir.join("picture.npz"), expected)
    assert sorted(pictures.finished()) == sorted((n, 1, path) for n, path in expected.items())


def test_the_simple_model_is_in_the_summary(tmp_path):
    side = Side()
    pictures = Pictures(side, Workdir(str(tmp_path)), 10, 0)
    pictures.draw(state(1, simple="what it scores"))
    list(pictures.wait())
    (shown,) = [call[2] for call in side.calls if call[0] is plots_jobs.summary]
    assert shown.simple == "what it scores"


def test_at_the_end_the_last_step_is_drawn_for_print(tmp_path):
    side, workdir = Side(), Workdir(str(tmp_path))
    pictures = Pictures(side, workdir, 10, 0)
    pictures.draw(state(2))
    list(pictures.wait())
    expected = (plots_jobs.publish, workdir.join("plots"), workdir.join("picture.npz"))
    assert side.calls[-1] == expected
