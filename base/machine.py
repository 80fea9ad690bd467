"""What this machine has: a leaf that every room may import."""

import os
import re
import resource
from typing import Iterator, Tuple

from base.errors import UsageError

MEMINFO = "/proc/meminfo"
CGROUP = "/proc/self/cgroup"
CGROUP_MOUNT = "/sys/fs/cgroup"
MOUNTS = "/proc/self/mounts"
PROGRAM, EACH_PROCESSOR = 950 << 20, 145 << 20
"""Bytes of addresses that a run takes whatever its size, and for each processor's threads."""
_ESCAPED = re.compile(r"\\([0-7]{3})")  # a space in a path, and alike


def check_address_space() -> None:
    """Checks that a limit leaves what the libraries take that a run loads.

    With less they end the process by a signal, or in an import, without a word.

    Raises:
      UsageError: names the limit.
    """
    limit, _ = resource.getrlimit(resource.RLIMIT_AS)
    needed = PROGRAM + EACH_PROCESSOR * len(os.sched_getaffinity(0))
    if limit != resource.RLIM_INFINITY and limit < needed:
        raise UsageError(
            f"ulimit -v {limit >> 10}: a run on this machine takes {needed >> 10} at least, of "
            f"addresses, not of memory; raise the limit, as by ulimit -v unlimited"
        )


def available_memory() -> float:
    """Bytes that a process could still take, swap included; infinite where nothing tells."""
    address_space, _ = resource.getrlimit(resource.RLIMIT_AS)
    limits = [float("inf") if address_space == resource.RLIM_INFINITY else float(address_space)]
    limits.extend(_free_memory())
    limits.extend(_cgroup_limits())
    return min(limits)


def mount_of(path: str) -> str:
    """The file system that a path lies in, such as "/data (nfs4)"; the path where nothing tells."""
    whole, found = os.path.realpath(path), (path, "")
    try:
        with open(MOUNTS, encoding="utf-8", errors="surrogateescape") as file:
            lines = [line.split(" ") for line in file]
    except OSError:  # no Linux
        lines = []
    for line in (line for line in lines if len(line) > 2):
        point = _ESCAPED.sub(lambda octal: chr(int(octal[1], 8)), line[1])
        inside = os.path.commonpath([point, whole]) == point
        if inside and (not found[1] or len(point) >= len(found[0])):
            found = (point, f" ({line[2]})")
    return "".join(found)


def _free_memory() -> Iterator[float]:
    try:
        with open(MEMINFO, encoding="ascii") as file:
            values = dict(line.split(":", 1) for line in file if ":" in line)
        kibibytes = [int(values[name].split()[0]) for name in ("MemAvailable", "SwapFree")]
    except (OSError, ValueError, LookupError):  # no Linux, or one before 3.14
        return
    yield 1024.0 * sum(kibibytes)


def _cgroup_limits() -> Iterator[float]:
    """Limits of this process's control group and of those around it, both versions."""
    for group, name in _cgroup_directories():
        while True:
            # Inside a container the group's path is often the host's and only the top is there.
            try:
                with open(os.path.join(group, name), encoding="ascii") as file:
                    yield float(file.read())
            except (OSError, ValueError):  # version 2 says "max" for no limit
                pass
            if os.path.normpath(group) in (CGROUP_MOUNT, os.path.join(CGROUP_MOUNT, "memory")):
                break
            group = os.path.dirname(group)


def _cgroup_directories() -> Iterator[Tuple[str, str]]:
    """The directory of this process's control group, and the file in it that holds the limit."""
    try:
        with open(CGROUP, encoding="utf-8") as file:
            lines = [line.rstrip("\n").split(":", 2) for line in file]
    except (OSError, ValueError):
        return
    for number, controllers, path in (line for line in lines if len(line) == 3):
        inside = os.path.normpath("/" + path).strip("/")
        if "memory" in controllers.split(","):
            yield os.path.join(CGROUP_MOUNT, "memory", inside), "memory.limit_in_bytes"
        elif number == "0" and not controllers:
            yield os.path.join(CGROUP_MOUNT, inside), "memory.max"
