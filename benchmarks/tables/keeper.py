"""A process that keeps a run: commands and a temporary directory that end with who asked for them.

`Keeper` starts this very file as a process between the asking one and main.py. Its standard input
ends when the asking process closes it, or dies, however that comes. Then it ends the command, which
may save for a while as long as the asking process is there, and removes the directory.
"""

import contextlib
import ctypes
import errno
import json
import os
import select
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from typing import Any, List, Optional, Sequence, Set, Tuple

SAVE_SECONDS = 20
"""That a command which is asked to end may take before it is killed."""
KILL_SECONDS = 10
"""That the keeper may take in addition; a process in a hanging file system takes for ever."""
LOOK_SECONDS = 0.05
SAID, LONGEST_SAID = "stderr.txt", 10_000
PR_SET_PDEATHSIG = 1


class Keeper:
    """A temporary directory, and commands that run in another one, one after the other."""

    def __init__(self, cwd: str):
        """Args: where the commands run."""
        self.thread = threading.get_ident()
        own = [os.path.abspath(__file__), tempfile.gettempdir()]
        numbers = [str(os.getpid()), str(SAVE_SECONDS)]
        # A session of its own: Ctrl-C at a terminal goes to all of a session's foreground, but who
        # asked decides what it means. Isolated, and without site-packages: it starts at once.
        self._process = subprocess.Popen(
            [sys.executable, "-I", "-S", *own, *numbers],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            cwd=cwd,
            start_new_session=True,
        )
        # Made there, so that there is never a directory without who removes it.
        self.directory = json.loads(self._pipes()[1].readline() or '""')
        if not self.directory:
            raise OSError(errno.EIO, "no temporary directory can be made there", own[1])
        _keepers.add(self)

    def run(self, command: Sequence[str]) -> Tuple[int, str]:
        """Waits for a command; returns its status, and the last that it wrote to stderr.

        Raises:
          RuntimeError: if it was ended before.
        """
        stdin, stdout = self._pipes()
        try:
            stdin.write(json.dumps(list(command)).encode() + b"\n")
            stdin.flush()
            answer = stdout.readline()
        except (OSError, ValueError):  # closed, in another thread
            answer = b""
        if not answer:
            raise RuntimeError("was ended before it finished")
        with open(os.path.join(self.directory, SAID), "rb") as file:
            file.seek(max(0, os.fstat(file.fileno()).st_size - LONGEST_SAID))
            return int(answer), file.read().decode("utf-8", "replace").strip()

    def ask(self) -> None:
        """Asks what runs to end; does not wait."""
        with contextlib.suppress(OSError, ValueError):
            self._pipes()[0].close()

    def end(self) -> None:
        """Ends what runs and removes the directory."""
        self.ask()
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(SAVE_SECONDS + KILL_SECONDS)
        if self.directory:  # is still there if the keeper itself was killed
            shutil.rmtree(self.directory, ignore_errors=True)
        _keepers.discard(self)

    def __enter__(self) -> "Keeper":
        return self

    def __exit__(self, *_: Any) -> None:
        self.end()
        self._pipes()[1].close()

    def _pipes(self) -> Tuple[Any, Any]:
        return self._process.stdin, self._process.stdout


_keepers: Set[Keeper] = set()


def end_all(thread: Optional[int] = None) -> None:
    """Ends what all keepers of this process run; or those only that a thread made."""
    ending = [each for each in list(_keepers) if thread in (None, each.thread)]
    for each in ending:
        each.ask()
    for each in ending:
        each.end()


def _serve(temporary: str, parent: int, save_seconds: float) -> None:
    """Tells its directory; runs the commands that come, a JSON list a line; tells the status."""
    directory = tempfile.mkdtemp(prefix="adagan-run-", dir=temporary)
    try:
        print(json.dumps(directory), flush=True)
        for line in iter(sys.stdin.buffer.readline, b""):
            child = _started(json.loads(line), os.path.join(directory, SAID))
            if not _finished(child):
                _end(child, parent, save_seconds)
                return
            print(child.returncode, flush=True)
    except BrokenPipeError:  # who asked has died
        pass
    finally:
        shutil.rmtree(directory, ignore_errors=True)


def _started(command: List[str], said: str) -> subprocess.Popen:
    """Starts a command that is killed when this process is, which has one thread only."""
    prctl, keeper = getattr(ctypes.CDLL(None), "prctl", None), os.getpid()

    def die_with_keeper() -> None:
        if prctl is not None:
            prctl(PR_SET_PDEATHSIG, int(signal.SIGKILL))
            if os.getppid() != keeper:
                os._exit(1)

    with open(said, "wb") as file:
        return subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=file,
            preexec_fn=die_with_keeper,
        )


def _finished(child: subprocess.Popen) -> bool:
    """Waits for a command; false as soon as it is to be ended."""
    while child.poll() is None:
        if select.select([sys.stdin], [], [], LOOK_SECONDS)[0]:
            return False
    return True


def _end(child: subprocess.Popen, parent: int, save_seconds: float) -> None:
    """Ends a command; at once where nobody waits for it any more."""
    child.terminate()
    deadline = time.monotonic() + save_seconds
    while child.poll() is None and os.getppid() == parent and time.monotonic() < deadline:
        time.sleep(LOOK_SECONDS)
    child.kill()
    with contextlib.suppress(subprocess.TimeoutExpired):
        child.wait(KILL_SECONDS)


if __name__ == "__main__":
    _serve(sys.argv[1], int(sys.argv[2]), float(sys.argv[3]))
