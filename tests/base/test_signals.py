"""Signals: the first where the run can go on, the second at once; each in a process of its own."""

import os
import signal
import subprocess
import sys

import pytest

from base import signals
from base.errors import Stopped
from tests.conftest import ROOT

START = """
import os, signal, sys
from base import signals, unfinished
from base.errors import Stopped
signals.listen(lambda: "Go on.")
path, _ = unfinished.new_file(sys.argv[1])
def send(number):
    os.kill(os.getpid(), number)
"""


def ends(code, path):
    done = subprocess.run(
        [sys.executable, "-c", START + code, str(path / "file")],
        cwd=ROOT, capture_output=True, text=True, timeout=60,
    )  # fmt: skip
    return done.returncode, done.stdout, done.stderr


@pytest.mark.parametrize("name", ["SIGTERM", "SIGINT"])
def test_where_nothing_is_to_be_saved_a_signal_ends_the_process(tmp_path, name):
    number = getattr(signal, name)
    status, output, error = ends(f"print('a', end='')\nsend(signal.{name})\nprint('b')", tmp_path)
    assert (status, output, error) == (128 + number, "a", f"Stopped by {name}. Go on.\n")
    assert os.listdir(str(tmp_path)) == []  # what was not whole has gone


DEFERRED = """
with signals.deferred():
    signals.check()
    with signals.deferred():
        pass
    send(signal.SIGTERM)
    assert signals.asked()
    print("saved", flush=True)
    {last}
"""


def test_a_deferred_signal_waits_for_the_next_check(tmp_path):
    code = DEFERRED.format(last="signals.check()")
    status, output, error = ends(f"try:\n{indented(code)}except Stopped as e: print(e)", tmp_path)
    assert (status, output, error) == (0, "saved\nSIGTERM\n", "")


def indented(code):
    return "".join(f"    {line}\n" for line in code.splitlines())


def test_a_second_signal_does_not_wait_and_says_nothing(tmp_path):
    status, output, error = ends(DEFERRED.format(last="send(signal.SIGINT)"), tmp_path)
    assert (status, output, error) == (128 + signal.SIGINT, "saved\n", "")
    assert os.listdir(str(tmp_path)) == []


def test_it_is_no_longer_deferred_afterwards(tmp_path):
    code = "try:\n    with signals.deferred(): 1 / 0\nexcept ZeroDivisionError: pass\n"
    status, _, _ = ends(code + "send(signal.SIGTERM)", tmp_path)
    assert status == 128 + signal.SIGTERM


def test_it_is_said_once_where_nobody_reads_it(tmp_path):
    status, _, _ = ends("os.close(2)\nsend(signal.SIGTERM)", tmp_path)
    assert status == 128 + signal.SIGTERM


def test_without_a_signal_nothing_is_stopped(monkeypatch):
    monkeypatch.setattr(signals, "_asked", 0)
    signals.check()
    assert not signals.asked()
    monkeypatch.setattr(signals, "_asked", int(signal.SIGINT))
    with pytest.raises(Stopped, match="SIGINT"):
        signals.check()
