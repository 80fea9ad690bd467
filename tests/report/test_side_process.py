"""The process that draws beside the training."""

import os
import signal
import socket
import subprocess
import sys
import time

import pytest

from report.side_process import SideProcess
from tests.conftest import ROOT


def test_the_second_process_answers_in_order_and_raises_what_a_call_raised():
    side = SideProcess()
    tickets = [side.submit(divmod, number, 3) for number in range(5)]
    bad = side.submit(divmod, 1, 0)
    assert side.result(tickets[4]) == (1, 1)
    assert side.result(tickets[0]) == (0, 0)
    with pytest.raises(ZeroDivisionError):
        side.result(bad)
    assert side.finished() == tickets


def test_the_second_process_ends_with_the_first_however_that_ends(tmp_path):
    code = (
        "import os\nfrom report.side_process import SideProcess\n"
        "if __name__ == '__main__':\n"
        "    side = SideProcess()\n"
        "    print(side.result(side.submit(os.getpid)), flush=True)\n"
        "    import time; time.sleep(60)\n"
    )
    path = tmp_path / "side.py"
    path.write_text(code)
    environment = {**os.environ, "PYTHONPATH": ROOT}
    parent = subprocess.Popen([sys.executable, str(path)], stdout=subprocess.PIPE, env=environment)
    child = int(parent.stdout.readline())
    os.kill(child, 0)
    parent.send_signal(signal.SIGKILL)
    parent.wait()
    for _ in range(100):
        try:
            os.kill(child, 0)
        except ProcessLookupError:
            return
        time.sleep(0.1)
    pytest.fail("the second process outlived the first")


def test_a_run_that_ends_before_it_says_where_modules_are_leaves_no_message():
    ours, theirs = socket.socketpair()
    script = os.path.join(ROOT, "report", "side_process.py")
    process = subprocess.Popen(
        [sys.executable, "-I", script, str(theirs.fileno())],
        pass_fds=[theirs.fileno()], stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    theirs.close()
    ours.close()
    _, error = process.communicate(timeout=60)
    assert (process.returncode, error) == (0, "")
