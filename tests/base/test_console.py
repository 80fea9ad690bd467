"""Standard streams that are closed, odd or no longer read; each in a process of its own."""

import os
import signal
import subprocess
import sys

import pytest

from base import console, machine
from base.errors import UsageError
from tests.conftest import ROOT


def run(code, redirection="", environment=(), **how):
    command = ["sh", "-c", f'exec "$0" "$@" {redirection}', sys.executable, "-c", code]
    environment = {**os.environ, **dict(environment)}
    return subprocess.run(command, cwd=ROOT, env=environment, timeout=60, **how)


SETTLED = "from base import console\nconsole.settle_in()\n"


@pytest.mark.parametrize("closed", ["<&-", ">&-", "2>&-", "<&- >&- 2>&-"])
def test_no_file_takes_the_place_of_a_closed_stream(closed):
    code = SETTLED + "assert open('/dev/null').fileno() > 2\nprint(1)\n"
    assert run(code, closed).returncode == 0


def test_letters_that_a_terminal_has_not_are_escaped():
    environment = {"PYTHONIOENCODING": "ascii"}
    done = run(SETTLED + "print('\\xe9')", "", environment, stdout=subprocess.PIPE)
    assert (done.returncode, done.stdout) == (0, b"\\xe9\n")


def test_a_user_without_a_home_gets_the_top(monkeypatch):
    monkeypatch.setenv("HOME", "/somewhere")
    monkeypatch.setattr(os.path, "expanduser", lambda path: path)
    console.settle_in()
    assert os.environ["HOME"] == "/"


def test_a_limit_that_leaves_too_little_ends_the_process_in_one_line(monkeypatch, capsys):
    def too_little():
        raise UsageError("ulimit -v 1: too little")

    monkeypatch.setattr(machine, "check_address_space", too_little)
    with pytest.raises(SystemExit) as ended:
        console.settle_in()
    assert ended.value.code == 2
    assert capsys.readouterr().err == "error: ulimit -v 1: too little\n"


LOGS = """
import logging, sys
from base import console, signals
signals.listen(lambda: "Go on.")
log = logging.getLogger("adagan")
log.addHandler(console.Log(sys.stdout))
sys.stdin.readline()
for _ in range(100000):
    log.warning("line")
"""


def test_a_log_that_nobody_reads_ends_the_run_as_a_signal_does():
    process = subprocess.Popen(
        [sys.executable, "-c", LOGS],
        cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    )  # fmt: skip
    process.stdout.close()
    process.stdin.write(b"\n")
    process.stdin.close()
    error = process.stderr.read()
    assert process.wait(60) == 128 + signal.SIGPIPE
    assert error == b"Stopped by SIGPIPE. Go on.\n"


def test_a_log_that_cannot_be_written_is_an_error():
    done = run(LOGS, "</dev/null >/dev/full", stderr=subprocess.PIPE)
    assert done.returncode == 1
    assert b"No space left on device" in done.stderr
