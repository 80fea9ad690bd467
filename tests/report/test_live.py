"""What people look at keeps step with the committed state."""

from unittest import mock

import pytest

from report import live
from report.live import LiveReport
from tests.storage.runs import make_state


@pytest.fixture
def shown(monkeypatch):
    """A live report whose parts only note what they are told, and these notes."""
    told, workdir = mock.Mock(), object()
    for name in ("MixtureEvents", "Pictures"):
        monkeypatch.setattr(live, name, getattr(told, name))
    monkeypatch.setattr(live.run_page, "write", told.page)
    pictures = told.Pictures.return_value
    pictures.finished.return_value = pictures.wait.return_value = []
    pictures.summaries.return_value = {}
    workdir = mock.Mock(path="run")
    return LiveReport(workdir, mock.Mock(), make_state(0).perfect, 640, 3), told, workdir


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
    told.page.assert_called_once_with(workdir, state, 3, {"metrics": "m.png"})
