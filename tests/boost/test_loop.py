"""A whole run on a fake engine: committed step by step, and gone on with."""

from unittest import mock

import numpy as np
import pytest

from base import signals
from base.errors import Stopped
from boost import meta_algorithms, views
from boost.loop import Loop
from boost.scoring import Yardsticks
from boost.step import Parts
from evaluation.metrics import Metrics, Spread
from input_fn import columns_file
from report.live import LiveReport
from report.views import StepView
from tests.boost import parts as small
from tests.boost import tables
from tests.fake_engine import FakeEngine

KNOWN = Yardsticks(Spread(*[Metrics(-1.0, 0.9, 3, 0.99, 0.01, 1.0)] * 3), None, 0)


@pytest.fixture(autouse=True)
def _nothing_is_drawn(monkeypatch):
    monkeypatch.setattr(LiveReport, "__init__", lambda self, *_: None)
    monkeypatch.setattr(LiveReport, "show", lambda self, state: None)
    monkeypatch.setattr(LiveReport, "finish", lambda self, state: None)


def loop_of(directory, engine=None, **given):
    made = small.Parts(engine or FakeEngine(), directory, **given)
    made.workdir.make()
    made.workdir.write_settings("{}")
    parts = Parts(
        meta_algorithm=meta_algorithms.make(made.boost, made.scorer),
        discriminators=made.discriminators,
        components=made.components,
        scorer=made.scorer,
        seed=7,
    )
    view = views.data_view(made.dataset, made.scorer)
    shared = dict(view=view, settings_fingerprint="s", program="p")
    return made, Loop(made.workdir, made.dataset, made.components, parts, **shared)


def run(directory, **given):
    made, runs = loop_of(directory, **given)
    state = made.workdir.read_state()
    return made, runs.train(state, mock.Mock(), pytest.fail if state else lambda: KNOWN)


def figures(state):
    told = [
        (r.step, r.beta, r.lambda_star, r.metrics, r.calibration, r.sha256) for r in state.steps
    ]
    return repr(told)  # nan is not equal to nan


def test_all_steps_are_committed_with_what_they_consist_of(tmp_path):
    made, state = run(tmp_path / "run")
    assert repr(made.workdir.read_state()) == repr(state)
    made.workdir.verify(state)
    assert state.complete
    np.testing.assert_allclose(state.mixture_weights, [1 / 3] * 3)
    assert [record.initialisations["mixture_discriminator"] for record in state.steps] == [0, 1, 1]
    weights = np.load(made.workdir.join(state.steps[2].data_weights))
    assert weights.sum() == pytest.approx(1.0)
    assert state.steps[2].zero_weight == np.mean(weights == 0)
    assert state.steps[2].effective_sample_size == pytest.approx(1 / np.square(weights).sum())


@pytest.mark.parametrize(
    "boost", [{"beta_heur": "constant", "beta_constant": 0.3}, {"meta_algorithm": "ensemble"}]
)
@pytest.mark.parametrize("steps", [1, 2])
def test_a_run_that_is_stopped_goes_on_to_the_same_state(tmp_path, monkeypatch, boost, steps):
    _, whole = run(tmp_path / "whole", **boost)
    checks = iter([None] * steps)

    def check():
        if next(checks, "stop"):
            raise Stopped(15)

    with monkeypatch.context() as patch:
        patch.setattr(signals, "check", check)
        patch.setattr(signals, "ask", lambda _: None)
        with pytest.raises(Stopped):
            run(tmp_path / "stopped", **boost)
    made, _ = loop_of(tmp_path / "stopped", **boost)
    assert len(made.workdir.read_state().steps) == steps
    _, gone_on = run(tmp_path / "stopped", **boost)
    assert figures(gone_on) == figures(whole)
    assert gone_on.mixture_weights == whole.mixture_weights


def test_more_steps_go_on_from_a_finished_run(tmp_path):
    _, whole = run(tmp_path / "whole", steps=4)
    run(tmp_path / "raised", steps=2)
    _, raised = run(tmp_path / "raised", steps=4)
    assert figures(raised) == figures(whole)


def test_each_step_is_on_disk_before_it_is_shown(tmp_path, monkeypatch):
    made, runs = loop_of(tmp_path / "run")
    shown = []

    def show(self, state):
        on_disk = made.workdir.read_state()
        assert repr(on_disk) == repr(state)
        made.workdir.verify(on_disk)
        shown.append(len(state.steps))

    monkeypatch.setattr(LiveReport, "show", show)
    runs.train(None, mock.Mock(), lambda: KNOWN)
    assert shown == [0, 1, 2, 3]


def test_a_run_that_goes_on_draws_the_pools_of_all_components_again(tmp_path):
    run(tmp_path / "run", steps=2)
    made, _ = run(tmp_path / "run", steps=3)
    assert made.engine.asked == [
        made.workdir.join("components", number, "model.ckpt-40") for number in ("01", "02")
    ]


def too_dear(training, predictions):
    """Moves the prices of components' samples far up."""
    if "points" in predictions:
        return {"points": predictions["points"] + np.float32([0, 0, 0, 0, 9, 0])}
    return predictions


def test_of_a_table_the_columns_are_committed_and_the_worst_ones_named(tmp_path):
    tables.write(tmp_path / "x.csv")
    given = {"engine": FakeEngine(too_dear), "data_file": tmp_path / "x.csv"}
    made, state = run(tmp_path / "run", steps=2, **given)
    assert state.columns_sha256 == columns_file.digest(made.dataset.columns)
    for record in state.steps:
        assert record.worst["column"] == "price"
        assert record.metrics.worst_column_ks > 0.9
        assert record.metrics.two_sample_auc > 0.9
        apart = StepView.load(made.workdir.join(record.picture)).apart  # what pictures show
        assert tables.COORDINATES[int(np.argmax(apart))] == record.worst["column"]
        assert max(apart) == record.metrics.worst_column_ks
        first, second = (tables.COORDINATES.index(record.worst[w]) for w in ("first", "second"))
        assert first < second


def test_of_toys_there_are_no_columns(tmp_path):
    _, state = run(tmp_path / "run", steps=1)
    assert (state.columns_sha256, state.simple, state.steps[0].worst) == ("", None, {})
