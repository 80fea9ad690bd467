"""The mixture's events, read back by TensorBoard."""

import dataclasses
import math
import os

import numpy as np
import pytest
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
from tensorboard.backend.event_processing.plugin_event_multiplexer import EventMultiplexer
from tensorboard.plugins import base_plugin
from tensorboard.plugins.hparams import api_pb2, backend_context, list_session_groups

from evaluation.metrics import Metrics
from report.tensorboard import MixtureEvents, write_figures
from storage.workdir import Workdir
from tests.storage.runs import JUDGED, make_state, on_a_table

SETTINGS = {"run": {"seed": 0}, "gan": {"objective": "JS", "unrolled": True}}
PNG = b"\x89PNG\r\n\x1a\n" + b"x" * 30


def on_disk(path, state):
    """A work directory with what of the steps is read from there."""
    workdir = Workdir(str(path))
    for record in state.steps:
        os.makedirs(workdir.component(record.step))
        np.save(workdir.join(record.data_weights), np.array([0.0, 0.25, 0.25, 0.5]))
    return workdir


@pytest.fixture
def written(tmp_path):
    """Two steps on disk, and their events."""
    state = make_state(2)
    workdir = on_disk(tmp_path / "run", state)
    perfect = state.perfect._replace(median=Metrics(-1.5, 0.9, *[math.nan] * 4))
    state = dataclasses.replace(state, perfect=perfect)
    for _ in range(2):  # as by another process: what the first one wrote is replaced
        events = MixtureEvents(workdir.path, state, SETTINGS)
        for number in (1, 2):
            events.write_step(state, number, workdir)
        (tmp_path / "a.png").write_bytes(PNG)
        events.write_picture("step", 2, str(tmp_path / "a.png"))
        events.close()
    return workdir.path, EventAccumulator(workdir.path).Reload()


def test_scalars_are_those_of_the_state(written):
    _, read = written
    expected = {"adagan/log_p": -4.0, "adagan/modes": 3, "seconds/training": 1.5}
    for tag, value in {**expected, "calibration/ratio": 1.0}.items():
        assert [(e.step, e.value) for e in read.Scalars(tag)] == [(1, value), (2, value)]
    assert [event.value for event in read.Scalars("boosting/beta")] == [1.0, 0.5]


def test_what_is_no_finite_number_is_left_out(written):
    _, read = written
    assert [event.step for event in read.Scalars("boosting/lambda_star")] == [1]  # then infinite
    assert "speed/iterations_per_second" not in read.Tags()["scalars"]


def test_weights_are_in_units_of_their_mean(written):
    _, read = written
    found = read.Histograms("boosting/data_weights_times_n")[0].histogram_value
    assert (found.min, found.max, found.num) == (0, 2, 4)
    assert (found.sum, found.sum_squares) == (4, 6)
    assert sum(found.bucket) == 4


def test_a_perfect_sampler_has_the_same_charts(written):
    path, _ = written
    read = EventAccumulator(os.path.join(path, "perfect_sampler")).Reload()
    assert set(read.Tags()["scalars"]) == {"adagan/log_p", "adagan/coverage"}
    assert [(event.step, event.value) for event in read.Scalars("adagan/log_p")] == [
        (1, -1.5),
        (2, -1.5),
    ]


def test_on_own_data_a_gaussian_mixture_has_the_same_charts_too(tmp_path):
    state = on_a_table(make_state(2))
    workdir = on_disk(tmp_path / "run", state)
    events = MixtureEvents(workdir.path, state, SETTINGS)
    for number in (1, 2):
        events.write_step(state, number, workdir)
    events.close()
    known = {name for name, value in JUDGED._asdict().items() if not math.isnan(value)}
    for name, log_p in [("", -2.5), ("perfect_sampler", -2.0), ("gaussian_mixture", -3.0)]:
        read = EventAccumulator(os.path.join(workdir.path, name)).Reload()
        tags = {tag[7:] for tag in read.Tags()["scalars"] if tag.startswith("adagan/")}
        assert tags == known
        found = [(event.step, event.value) for event in read.Scalars("adagan/log_p")]
        assert found == [(1, log_p), (2, log_p)]


def test_a_toy_has_no_gaussian_mixture(written):
    path, _ = written
    assert not os.path.exists(os.path.join(path, "gaussian_mixture"))


def test_pictures_are_kept_as_they_are(written):
    _, read = written
    (image,) = read.Images("plots/step")
    assert (image.step, image.encoded_image_string) == (2, PNG)


def test_events_of_an_earlier_process_are_replaced(written):
    path, _ = written
    for directory in (path, os.path.join(path, "perfect_sampler")):
        events = [name for name in os.listdir(directory) if name.startswith("events.")]
        assert len(events) == 1


def test_records_without_calibration_have_none(tmp_path, written):
    path, _ = written
    state = make_state(1)
    bare = dataclasses.replace(state.steps[0], calibration={})
    events = MixtureEvents(path, state, SETTINGS)
    events.write_step(dataclasses.replace(state, steps=(bare,)), 1, Workdir(path))
    events.close()
    tags = EventAccumulator(path).Reload().Tags()["scalars"]
    assert not [tag for tag in tags if tag.startswith("calibration")]


def test_everything_has_a_name_and_says_what_it_tells(written):
    path, read = written
    beside = EventAccumulator(os.path.join(path, "perfect_sampler")).Reload()
    for events, kinds in [(read, ("scalars", "images", "histograms")), (beside, ("scalars",))]:
        tags = [tag for kind in kinds for tag in events.Tags()[kind]]
        assert tags
        for tag in tags:
            about = events.SummaryMetadata(tag)
            assert about.display_name
            assert about.summary_description, tag


def test_settings_are_a_text(written):
    _, read = written
    assert read.PluginTagToContent("text") == {"settings": b""}
    (event,) = read.Tensors("settings")
    (text,) = event.tensor_proto.string_val
    assert b"| --objective | JS |" in text
    assert event.step == 0


def groups(directory):
    """Runs below it as the hyperparameters tab lists them."""
    multiplexer = EventMultiplexer().AddRunsFromDirectory(str(directory)).Reload()
    context = backend_context.Context(base_plugin.TBContext(multiplexer=multiplexer))
    request = api_pb2.ListSessionGroupsRequest(
        start_index=0,
        slice_size=10,
        allowed_statuses=api_pb2.Status.values(),
    )
    metrics = context.experiment().metric_infos
    for info in metrics:
        request.col_params.add(metric=info.name)
    found = list_session_groups.Handler(context, request).run().session_groups
    return {group.name: group for group in found}, [info.name.tag for info in metrics]


def test_runs_side_by_side_are_compared_by_their_settings(tmp_path):
    for name, seed, steps in [("a", 1, 1), ("b", 2, 2)]:
        state = make_state(steps)
        workdir = on_disk(tmp_path / name, state)
        events = MixtureEvents(workdir.path, state, {**SETTINGS, "run": {"seed": seed}})
        for number in range(1, steps + 1):
            events.write_step(state, number, workdir)
        if name == "a":
            events.close()
    found, metrics = groups(tmp_path)
    assert set(found) == {"a", "b"}
    assert metrics == [f"adagan/{name}" for name in Metrics._fields]
    assert [found[name].hparams["seed"].number_value for name in "ab"] == [1, 2]
    assert found["b"].hparams["unrolled"].string_value == "True"
    ended = [found[name].sessions[0].status for name in "ab"]
    assert ended == [api_pb2.STATUS_SUCCESS, api_pb2.STATUS_UNKNOWN]  # b goes on
    values = {each.name.tag: (each.value, each.training_step) for each in found["b"].metric_values}
    assert values["adagan/log_p"] == (-4.0, 2)


def test_figures_of_runs_that_have_gone_are_compared_as_well(tmp_path):
    for batch in (32, 64, 64):  # the last one once more
        figures = {"log_p": [-5.0, -batch], "coverage": [0.5, np.nan], "evaluate_log_p": [1]}
        write_figures(str(tmp_path / f"{batch}"), {"batch_size": batch, "seed": 1}, figures)
    found, metrics = groups(tmp_path)
    assert metrics == [f"adagan/{name}" for name in Metrics._fields]
    for name in ("32", "64"):
        assert found[name].hparams["batch_size"].number_value == int(name)
        assert found[name].sessions[0].status == api_pb2.STATUS_SUCCESS
        values = {v.name.tag: (v.value, v.training_step) for v in found[name].metric_values}
        assert values == {"adagan/log_p": (-float(name), 2), "adagan/coverage": (0.5, 1)}


def test_a_tensorflow_without_tensorboard_writes_all_but_the_comparison(tmp_path, monkeypatch):
    monkeypatch.setattr("report.tensorboard.hparams", None)
    workdir = on_disk(tmp_path / "run", make_state(1))
    events = MixtureEvents(workdir.path, make_state(1), SETTINGS)
    events.write_step(make_state(1), 1, workdir)
    events.close()
    read = EventAccumulator(workdir.path).Reload()
    assert read.Scalars("adagan/log_p")[0].value == -4.0
    assert list(read.PluginTagToContent("text")) == ["settings"]
