"""Processes of a benchmark: they end with it, leave nothing, and what they took is told.

python -m benchmarks.children COMMAND ...     (prints seconds and CPU of one command)
"""

import contextlib
import ctypes
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from typing import Any, Dict, Iterator, List, NamedTuple, Sequence, Tuple

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
PR_SET_PDEATHSIG = 1

_prctl = getattr(ctypes.CDLL(None), "prctl", None)  # Linux's


def die_with_parent() -> None:
    """For a child before it starts, as `preexec_fn`: it is killed when its parent dies."""
    if _prctl is not None:
        _prctl(PR_SET_PDEATHSIG, int(signal.SIGKILL))


def remove(directory: str, patience: float = 10.0) -> None:
    """Removes a directory, in which processes that are about to die may still write."""
    deadline = time.monotonic() + patience
    while os.path.lexists(directory):
        shutil.rmtree(directory, ignore_errors=True)
        if time.monotonic() > deadline:
            return
        time.sleep(0.05)


@contextlib.contextmanager
def directory() -> Iterator[str]:
    """A temporary directory; see `remove`."""
    made = tempfile.mkdtemp()
    try:
        yield made
    finally:
        remove(made)


class Watched(NamedTuple):
    """A process that has ended well."""

    lines: List[Tuple[float, str]]  # that it wrote, and the seconds since its start
    seconds: float
    cpu: float  # seconds, of all processes
    cpu_beside: float  # of the processes that it started
    MiB: float  # highest memory of its largest process


def watch(command: Sequence[str]) -> Watched:
    """Waits for a command that waits for what it starts.

    Raises:
      RuntimeError: if it fails; says its last line.
    """
    start = time.perf_counter()
    process = subprocess.Popen(
        command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,  # no terminal, on which there would be bars instead of lines
        text=True,
        cwd=ROOT,
        preexec_fn=die_with_parent,
    )
    try:
        lines = [(time.perf_counter() - start, line) for line in process.stdout or ()]
        os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)
        seconds = time.perf_counter() - start
        own, beside = _cpu_seconds(process.pid)
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = status
    finally:
        process.kill()  # nothing, where it has ended
        process.wait()
    if status:
        raise RuntimeError(f"{' '.join(command)}: {lines[-1][1].strip() if lines else status}")
    return Watched(lines, seconds, own + beside, beside, usage.ru_maxrss / 1024)


def run_main(*flags: str) -> Dict[str, Any]:
    """A whole run of main.py: what `watch` tells of it by name, and its last state."""
    with directory() as above:
        workdir = os.path.join(above, "run")
        command = [sys.executable, os.path.join(ROOT, "main.py"), *flags, f"--workdir={workdir}"]
        watched = watch(command)
        with open(os.path.join(workdir, "state.json")) as file:
            return {**watched._asdict(), "state": json.load(file)}


def _cpu_seconds(ended: int) -> Tuple[float, float]:
    """Of a process that has ended and is not yet waited for; and of those it has waited for."""
    with open(f"/proc/{ended}/stat") as file:
        fields = file.read().rpartition(")")[2].split()
    user, system, beside_user, beside_system = (
        int(field) / os.sysconf("SC_CLK_TCK") for field in fields[11:15]
    )
    return user + system, beside_user + beside_system


def main() -> None:
    """Watches a command."""
    watched = watch(sys.argv[1:])
    own = watched.cpu - watched.cpu_beside
    print(f"{watched.seconds:.1f} s; CPU {own:.1f} s, of what it started {watched.cpu_beside:.1f}")


if __name__ == "__main__":
    main()
