"""One run of a table: main.py in a process of its own, and the figures that it leaves."""

import csv
import json
import os
import subprocess
import sys
import tempfile
from typing import Any, Dict, List, Sequence

import numpy as np

from benchmarks.ways import ROOT

Figures = Dict[str, List[float]]
"""By name, one number a boosting step; `evaluate` and `refine` add medians over 20 draws."""


def run(flags: Sequence[str], seed: int, workdir: str, modes: Sequence[str]) -> Figures:
    """Trains, evaluates and returns the figures; a directory that is there is gone on with.

    Args:
      flags: of main.py.
      seed: of the run.
      workdir: of the run.
      modes: "evaluate" and "refine": scores of the final mixture, plain and refined.

    Raises:
      RuntimeError: with what main.py said, if it failed.
    """
    _main([*flags, f"--seed={seed}", f"--workdir={workdir}"])
    with open(os.path.join(workdir, "metrics.csv")) as file:
        rows = list(csv.DictReader(file))
    figures = {name: [float(row[name] or "nan") for row in rows] for name in rows[0]}
    for mode in modes:
        more = ["--refine"] if mode == "refine" else []
        output = f"{workdir}.{mode}.json"
        _main(["--mode=evaluate", f"--workdir={workdir}", f"--output={output}", *more])
        with open(output) as file:
            draws: List[Dict[str, Any]] = json.load(file)
        for key in draws[0]:
            values = np.array([draw[key] for draw in draws], float)
            figures[f"{mode}_{key}"] = [float(np.median(values))]
        worst = min(draw["log_p"] for draw in draws)
        figures[f"{mode}_worst_log_p"] = [worst]
    return figures


def fresh(flags: Sequence[str], seed: int, modes: Sequence[str]) -> Figures:
    """`run` in a directory of its own that does not stay; so it may be called on any machine."""
    with tempfile.TemporaryDirectory() as directory:
        return run(flags, seed, f"{directory}/run", modes)


def _main(flags: List[str]) -> None:
    command = [sys.executable, os.path.join(ROOT, "main.py"), *flags]
    done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT)
    if done.returncode:
        raise RuntimeError(done.stderr.strip() or f"main.py ended with {done.returncode}")
