"""A run of 100 boosting steps at toy sizes: what its process holds on to, step by step.

python -m benchmarks.soak [--steps=100]

Prints memory (not shared, MiB), file handles and threads of the process at every tenth step, and
seconds a step; ends with status 1 if memory after step 10 grows by more than 5 %, or handles or
threads grow at all.
"""

import argparse
import os
import re
import subprocess
import sys
import tempfile
import time
from typing import Dict, List

import numpy as np

from benchmarks.ways import ROOT

FLAGS = [
    "--device=cpu",
    "--gmm_modes_num=3",
    "--toy_dataset_size=640",
    "--epochs=20",
    "--mixture_c_epoch_num=5",
    "--eval_points_num=100",
]


def held(process: int) -> Dict[str, float]:
    """What a process holds."""
    with open(f"/proc/{process}/status") as file:
        status = file.read()

    def number(name: str) -> float:
        return float(re.findall(rf"^{name}:\s+(\d+)", status, re.M)[0])

    handles = len(os.listdir(f"/proc/{process}/fd"))
    return {"MiB": number("RssAnon") / 1024, "threads": number("Threads"), "handles": handles}


def main() -> None:
    """Watches one run."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--steps", type=int, default=100)
    given = parser.parse_args()
    rows: List[Dict[str, float]] = []
    with tempfile.TemporaryDirectory() as directory:
        command = [sys.executable, "-u", os.path.join(ROOT, "main.py"), *FLAGS]
        process = subprocess.Popen(
            [*command, f"--steps={given.steps}", f"--workdir={directory}/run"],
            stdout=subprocess.PIPE,
            text=True,
        )
        last = time.perf_counter()
        for line in process.stdout or ():
            if line.startswith("Evaluating"):
                now = time.perf_counter()
                rows.append({**held(process.pid), "seconds": now - last})
                last = now
                if len(rows) % 10 == 0:
                    print(len(rows), {k: round(v, 2) for k, v in rows[-1].items()}, flush=True)
        if process.wait():
            raise SystemExit(f"main.py ended with {process.returncode}")

    def tail(name: str, start: int, stop: int) -> float:
        return float(np.median([row[name] for row in rows[start:stop]]))

    grown = tail("MiB", -10, len(rows)) / tail("MiB", 9, 19) - 1
    more = {n: tail(n, -10, len(rows)) - tail(n, 9, 19) for n in ("handles", "threads")}
    print(f"memory grew by {100 * grown:.1f} %, {more}; seconds a step {tail('seconds', 9, 19):.2f}"
          f" -> {tail('seconds', -10, len(rows)):.2f}")  # fmt: skip
    if grown > 0.05 or max(more.values()) > 0:
        raise SystemExit(1)


if __name__ == "__main__":
    main()
