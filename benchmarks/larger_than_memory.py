"""A run on a file three times as large as memory: python -m benchmarks.larger_than_memory.

Writes a dense .npy of [4e6, 784] float32 (11.7 GiB), then works within a control group of 4 GiB,
page cache included: reads random minibatches from the cold file in several ways, and trains two
components on it, ratios and weights between them. Prints iterations a second of 64 points by way of
reading, and the run's seconds and largest memory apart from the page cache, which the system takes
back. Deletes the file. Needs root and version 1 of the control groups; elsewhere run it inside

    systemd-run --scope -p MemoryMax=4G .venv/bin/python -m benchmarks.larger_than_memory
"""

import argparse
import contextlib
import ctypes
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from typing import Callable, Dict, Iterator, List

import numpy as np

from base import machine
from benchmarks.children import ROOT
from input_fn import arrays, files, read_ahead

GIB = 1 << 30
GROUPS = "/sys/fs/cgroup/memory"
BATCH, CHUNK = 64, 332
"""Points an iteration; iterations that are drawn together at this size of a point."""
SECONDS = 10.0
"""For each way of reading."""
ROWS = 8000
"""Written together."""
MODES = 10
MADV_RANDOM = 1
FLAGS = [
    "--device=cpu",
    "--dataset=file",
    "--steps=2",
    "--epochs=1",
    "--batch_size=1000",
    "--g_num_filters=8",
    "--d_num_filters=8",
    "--unrolling_steps=0",
    "--init_std=0.05",
    "--learning_rate=0.001",
    "--mixture_c_epoch_num=1",
    "--eval_points_num=200",
]


def write_points(path: str, number: int, dimension: int) -> None:
    """Writes points around ten modes, every byte of them on disk."""
    rng = np.random.Generator(np.random.SFC64(0))
    means = rng.random((MODES, dimension), dtype=np.float32)
    header = {"descr": "<f4", "fortran_order": False, "shape": (number, dimension)}
    with open(path, "wb") as file:
        np.lib.format.write_array_header_1_0(file, header)
        for start in range(0, number, ROWS):
            size = (min(ROWS, number - start), dimension)
            points = rng.random(size, dtype=np.float32)
            points += means[rng.integers(MODES, size=size[0])]
            file.write(points.data)
        file.flush()
        os.fsync(file.fileno())


@contextlib.contextmanager
def limited(limit: int) -> Iterator[str]:
    """Puts this process, and all that it starts, into a control group with so many bytes.

    Yields:
      The group's directory; "" if there is such a limit already.

    Raises:
      SystemExit: says what else to do, where no group can be made.
    """
    if machine.available_memory() <= limit:
        yield ""
        return
    try:
        with open("/proc/self/cgroup") as file:
            lines = [line.rstrip("\n").split(":", 2) for line in file]
        (own,) = (GROUPS + path for _, names, path in lines if "memory" in names.split(","))
        group = os.path.join(own, f"larger_than_memory_{os.getpid()}")
        os.mkdir(group)
    except (OSError, ValueError) as error:
        raise SystemExit(
            f"error: no control group can be made here ({error}); {__doc__}"
        ) from error
    try:
        _tell(group, "memory.limit_in_bytes", limit)
        _tell(group, "cgroup.procs", os.getpid())
        yield group
    finally:
        _tell(own, "cgroup.procs", os.getpid())
        os.rmdir(group)


def _tell(group: str, name: str, value: int) -> None:
    with open(os.path.join(group, name), "w") as file:
        file.write(str(value))


def forget(path: str) -> None:
    """Makes a file cold."""
    with open(path, "rb") as file:
        os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)


def in_the_order_of_the_file(points: np.memmap, rows: np.ndarray) -> np.ndarray:
    """Sorted rows through the mapping."""
    order = np.argsort(rows)
    found = np.empty((len(rows), points.shape[1]), points.dtype)
    found[order] = points[rows[order]]
    return found


def one_by_one(points: np.memmap, rows: np.ndarray) -> np.ndarray:
    """Through a mapping that reads nothing around a page."""
    start = points.ctypes.data & ~4095
    length = points.ctypes.data + points.nbytes - start
    ctypes.CDLL(None).madvise(ctypes.c_void_p(start), ctypes.c_size_t(length), MADV_RANDOM)
    return points[rows]


def measure_ways(path: str, cached: int) -> None:
    """Prints what each way of reading random minibatches gives.

    Args:
      path: of the file.
      cached: bytes that are read in their order before, so that the cache is full, as in any run.
    """
    ways: Dict[str, Callable] = {
        "mapped, as numpy reads": lambda points, rows: points[rows],
        "mapped, a chunk in the file's order": in_the_order_of_the_file,
        "mapped, nothing read around a page": one_by_one,
        "ours: announced, then read from the file": lambda points, rows: read_ahead.read_rows(
            points, rows, file
        ),
    }
    for name, read in ways.items():
        forget(path)
        points, file = arrays.load_npy(path)
        for chunk in files.chunks(points[: cached // points[0].nbytes]):
            chunk.sum()
        rng, done = np.random.default_rng(0), 0
        # A chunk of the slow way would take minutes.
        iterations = 4 if name == next(iter(ways)) else CHUNK
        start = time.perf_counter()
        while time.perf_counter() - start < SECONDS:
            read(points, rng.integers(0, len(points), iterations * BATCH))
            done += iterations
        rate = done / (time.perf_counter() - start)
        print(f"{name:45s} {rate:8.1f} it/s", flush=True)


def train(path: str, directory: str, group: str) -> None:
    """Trains on the file and prints what it took.

    Raises:
      SystemExit: if it did not end well.
    """
    forget(path)
    command = [sys.executable, os.path.join(ROOT, "main.py"), *FLAGS, f"--data_file={path}"]
    start = time.perf_counter()
    process = subprocess.Popen([*command, f"--workdir={directory}/run"], cwd=ROOT)
    largest = [0.0]
    watch = threading.Thread(target=_watch, args=(process, group, largest))
    watch.start()
    try:
        status = process.wait()
    finally:
        process.terminate()  # where this benchmark itself is stopped
        process.wait()
        watch.join()
    seconds = time.perf_counter() - start
    print(f"training: status {status}, {seconds:.0f} s, at most {largest[0]:.2f} GiB of its own")
    if status:
        raise SystemExit(status)


def _watch(process: subprocess.Popen, group: str, largest: List[float]) -> None:
    """Keeps the largest memory, apart from files, of the group or else of the process."""
    path = f"{group}/memory.stat" if group else f"/proc/{process.pid}/status"
    name, unit = ("total_rss", 1) if group else ("RssAnon:", 1024)
    while process.poll() is None:
        with contextlib.suppress(OSError), open(path) as file:
            values = dict(line.split()[:2] for line in file if len(line.split()) > 1)
            largest[0] = max(largest[0], int(values.get(name, 0)) * unit / GIB)
        time.sleep(0.2)


def main() -> None:
    """Writes, measures, trains, deletes."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--points", type=int, default=4_000_000)
    parser.add_argument("--dimension", type=int, default=784)
    parser.add_argument("--memory", type=float, default=4.0, help="GiB of the control group")
    given = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # the file goes then, too
    size = 4 * given.points * given.dimension
    with tempfile.TemporaryDirectory(dir=os.environ.get("TMPDIR", "/var/tmp")) as directory:
        free = shutil.disk_usage(directory).free
        if free < 1.2 * size:
            raise SystemExit(
                f"error: {directory}: {size / GIB:.1f} GiB do not fit, {free / GIB:.1f} are free"
            )
        path = os.path.join(directory, "points.npy")
        start = time.perf_counter()
        write_points(path, given.points, given.dimension)
        print(f"wrote {size / GIB:.1f} GiB in {time.perf_counter() - start:.0f} s", flush=True)
        limit = int(given.memory * GIB)
        with limited(limit) as group:
            measure_ways(path, limit)
            train(path, directory, group)


if __name__ == "__main__":
    main()
