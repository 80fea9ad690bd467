"""A small part of what `make fuzz` does."""

import os
import tempfile

import numpy as np
import pytest

from tests.fuzz import run
from tests.fuzz.guard import Finding, guarded
from tests.fuzz.run import Tally

COMMAND_LINES, DATA_FILES, STATE_FILES, PROCESSES = 300, 200, 100, 4


@pytest.fixture
def tally():
    """Fails the test with all findings."""
    tally = Tally()
    yield tally
    assert not tally.findings, tally.report()


def test_command_lines_are_accepted_or_refused(tiny_run, tmp_path, tally):
    run.fuzz_command_lines(range(COMMAND_LINES), 1, str(tmp_path), tiny_run[0], tally)
    counts = tally.counts["command_lines"]
    assert min(counts["accepted"], counts["refused"], counts["flag error"]) > COMMAND_LINES // 20


def test_data_files_are_loaded_or_refused(tmp_path, tally):
    run.fuzz_data_files(range(DATA_FILES), 1, str(tmp_path), tally)
    counts = tally.counts["data_files"]
    assert min(counts["loaded"], counts["refused"]) > DATA_FILES // 20


def test_damaged_state_files_are_refused(tiny_run, tmp_path, tally):
    run.fuzz_state_files(range(STATE_FILES), 1, str(tmp_path), tiny_run[0], tally)
    assert tally.counts["state_files"]["refused"] > STATE_FILES // 2


def test_processes_that_are_refused_say_one_line(tiny_run, tmp_path, tally):
    (tmp_path / "place").mkdir()
    run.fuzz_processes(range(1, 1 + PROCESSES), 1, str(tmp_path), tiny_run[0], tally)


def test_the_guard_sees_what_is_written_outside_and_how_much_is_taken(tmp_path):
    inside = tmp_path / "inside"
    inside.mkdir()
    with guarded(str(inside), 1 << 30):
        (inside / "a").write_text("x")
        os.makedirs(str(inside / "b" / "c"))
        tempfile.TemporaryFile(dir=str(inside)).close()
    for write in (
        lambda: open(str(tmp_path / "a"), "w").close(),
        lambda: os.mkdir(str(tmp_path / "b")),
        lambda: os.rename(str(inside / "a"), str(tmp_path / "c")),
        lambda: os.close(os.open(str(inside / ".." / "d"), os.O_CREAT)),
    ):
        with pytest.raises(Finding, match="written outside"), guarded(str(inside), 1 << 30):
            write()
    with pytest.raises(MemoryError), guarded(str(inside), 1 << 20):
        np.ones(10**8)
