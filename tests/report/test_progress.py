"""Progress as lines of a log, or as a bar on a terminal."""

import io
import logging
import sys

import pytest

from report import progress
from report.progress import Progress


@pytest.fixture
def clock(monkeypatch):
    now = [100.0]
    monkeypatch.setattr("time.perf_counter", lambda: now[0])
    return now


@pytest.fixture
def lines(caplog, monkeypatch):
    log = logging.getLogger("adagan")
    monkeypatch.setattr(log, "propagate", True)
    caplog.set_level(logging.INFO, "adagan")
    return lambda: caplog.messages


def test_short_trainings_have_one_line_at_their_end(clock, lines):
    with Progress("Component 1/2", 40) as shown:
        for step in (10, 20, 40):
            clock[0] += 2.0
            shown.report(step, {"loss": step / 100})
    # The first report holds the set-up: 30 iterations in 4 seconds after it.
    assert lines() == ["Component 1/2: 100% 40/40, 7.5 it/s, loss=0.4000"]


def test_long_trainings_say_now_and_then_where_they_are(clock, lines):
    with Progress("C", 1000) as shown:
        for step in range(100, 1100, 100):
            clock[0] += 10.0
            shown.report(step, {})
    assert lines() == [
        "C: 40% 400/1000, 10 it/s",
        "C: 80% 800/1000, 10 it/s",
        "C: 100% 1000/1000, 10 it/s",
    ]


def test_what_comes_after_the_last_report_slows_nothing_down(clock, lines):
    with Progress("C", 30) as shown:
        for step in (10, 20, 30):
            clock[0] += 20.0
            shown.report(step, {})
        clock[0] += 1000.0  # predictions
    assert lines() == ["C: 66% 20/30, 0.5 it/s", "C: 100% 30/30, 0.5 it/s"]


def test_a_training_that_fails_is_not_called_finished(clock, lines):
    with pytest.raises(ZeroDivisionError), Progress("C", 40):
        raise ZeroDivisionError
    assert lines() == []


class Terminal(io.StringIO):
    def isatty(self):
        return True


def test_on_a_terminal_it_is_a_bar(monkeypatch, lines):
    terminal = Terminal()
    monkeypatch.setattr(sys, "stderr", terminal)
    with Progress("Component 1/2", 40) as shown:
        assert "compiling" in terminal.getvalue()
        shown.report(10, {"generator_loss": 0.25})
        shown.report(40, {"generator_loss": 0.125})
    last = terminal.getvalue().rstrip().rpartition("\r")[2]
    assert "Component 1/2: 100%" in last
    assert "40/40" in last
    assert "generator=0.125" in last
    assert "compiling" not in last
    assert lines() == []
    assert progress.SECONDS_BETWEEN_LINES == 30


def test_steps_that_were_done_before_make_no_rate(monkeypatch, lines):
    terminal = Terminal()
    monkeypatch.setattr(sys, "stderr", terminal)
    with Progress("Component 1/2", 1000) as shown:
        shown.report(900, {})
        first = terminal.getvalue().rstrip().rpartition("\r")[2]
        shown.report(901, {})
    assert "900/1000" in first
    assert "?it/s" in first
