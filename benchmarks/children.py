"""Processes of a benchmark: they end with it, and what they took is told."""

import ctypes
import os
import signal
import subprocess
import time
from typing import List, NamedTuple, Sequence, Tuple

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
PR_SET_PDEATHSIG = 1

_prctl = getattr(ctypes.CDLL(None), "prctl", None)  # Linux's


def die_with_parent() -> None:
    """For a child before it starts, as `preexec_fn`: it is killed when its parent dies."""
    if _prctl is not None:
        _prctl(PR_SET_PDEATHSIG, int(signal.SIGKILL))


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


def _cpu_seconds(ended: int) -> Tuple[float, float]:
    """Of a process that has ended and is not yet waited for; and of those it has waited for."""
    with open(f"/proc/{ended}/stat") as file:
        fields = file.read().rpartition(")")[2].split()
    user, system, beside_user, beside_system = (
        int(field) / os.sysconf("SC_CLK_TCK") for field in fields[11:15]
    )
    return user + system, beside_user + beside_system
