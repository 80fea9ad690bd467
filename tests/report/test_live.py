"""What people look at keeps step with the committed state."""

import logging
from unittest import mock

import pytest

from report import live, verdict
from report.live import LiveReport
from report.verdict import Circumstances
from tests.storage.runs import make_state

AROUND = Circumstances("run", 3, 640)


@pytest.fixture
def shown(monkeypatch):
    """A live report whose parts only note what they are told, and these notes."""
    told = mock.Mock()
    for name in ("MixtureEvents", "Pictures"):
        monkeypatch.setattr(live, name, getattr(told, name))
    monkeypatch.setattr(live.run_page, "write", told.page)
    pictures = told.Pictures.return_value
    pictures.finished.return_value = pictures.wait.return_value = []
    pictures.summaries.return_value = {}
    workdir = mock.Mock(path="run")
    workdir.read_settings.return_value = '{"data": {"dataset": "gmm"}}'
    workdir.join.side_effect = lambda *parts: "/".join(["run", *parts])
    return LiveReport(workdir, mock.Mock(), make_state(0), 640, AROUND), told, workdir


def steps_written(told):
    return [call[0][1] for call in told.MixtureEvents.return_value.write_step.call_args_list]


def test_each_committed_step_is_written_once_those_before_this_process_too(shown):
    report, told, _ = shown
    for number in (2, 2, 3, 5):
        report.show(make_state(number))
        assert steps_written(told) == list(range(1, number + 1))
    assert told.Pictures.return_value.draw.call_count == 4


def test_pictures_are_written_when_they_are_drawn(shown):
    report, told, _ = shown
    told.Pictures.return_value.finished.return_value = [("step", 1, "a.png")]
    report.show(make_state(2))
    events = told.MixtureEvents.return_value
    events.write_picture.assert_called_once_with("step", 1, "a.png")


def test_at_the_end_all_is_drawn_before_the_page_is_written(shown):
    report, told, workdir = shown
    state, pictures = make_state(2), told.Pictures.return_value
    pictures.wait.return_value = [("calibration", 2, "b.png")]
    pictures.summaries.return_value = {"metrics": "m.png"}
    report.show(state)
    told.reset_mock(return_value=False)
    report.finish(state)
    names = [call[0].rpartition(".")[2] for call in told.mock_calls]
    assert names == ["wait", "write_picture", "summaries", "write_picture", "close", "page"]
    events = told.MixtureEvents.return_value
    events.write_picture.assert_any_call("calibration", 2, "b.png")
    events.write_picture.assert_any_call("metrics", 2, "m.png")
    expected = verdict.of_state(state, AROUND)
    told.page.assert_called_once_with(workdir, state, expected, {"metrics": "m.png"})


def test_parts_know_what_the_mixture_is_measured_by(shown):
    _, told, workdir = shown
    (path, state, settings), _ = told.MixtureEvents.call_args
    assert (path, repr(state)) == ("run", repr(make_state(0)))
    assert settings == {"data": {"dataset": "gmm"}}
    assert told.Pictures.call_args[0][1:] == (workdir, 640, 3)


def test_the_end_says_what_the_mixture_is_worth(shown, caplog, monkeypatch):
    monkeypatch.setattr(logging.getLogger("adagan"), "propagate", True)
    caplog.set_level(logging.INFO, "adagan")
    report, _, _ = shown
    report.show(make_state(2))
    assert caplog.messages == []
    report.finish(make_state(2))
    first, advice, where = caplog.messages
    assert first.startswith("fair: 3 of 3 modes; 50 % of the samples")  # and 2 nats less likely
    assert "640 iterations each" in advice
    assert where == "Report: run/report.html"
