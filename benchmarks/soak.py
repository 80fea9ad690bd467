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

from benchmarks.children import ROOT

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

    def settled(name: str, start: int, stop: int) -> float:
        """The least in a window: at other moments the next step is being set up."""
        return min(row[name] for row in rows[start:stop])

    end = len(rows)
    grown = settled("MiB", end - 20, end) / settled("MiB", 9, 29) - 1
    more = {n: settled(n, end - 20, end) - settled(n, 9, 29) for n in ("handles", "threads")}
    seconds = [
        float(np.median([row["seconds"] for row in part])) for part in (rows[9:29], rows[-20:])
    ]
    print(f"memory grew by {100 * grown:.1f} %, {more}; median seconds a step {seconds}")
    if grown > 0.05 or max(more.values()) > 0:
        raise SystemExit(1)


if __name__ == "__main__":
    main()
