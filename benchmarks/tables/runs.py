"""One run of a table: main.py in a process of its own, and the figures that it leaves."""

import csv
import json
import os
import subprocess
import sys
import tempfile
from typing import Any, Dict, List, Optional, Sequence

import numpy as np

from benchmarks.tables import pictures
from benchmarks.tables.judges import Judge
from benchmarks.ways import ROOT

Figures = Dict[str, List[float]]
"""By name, one number a boosting step; `evaluate` and `refine` add medians over 20 draws."""
SAMPLES = "{workdir}.{mode}.npy"
"""Where a run leaves what its judge saw."""


def run(
    flags: Sequence[str],
    seed: int,
    workdir: str,
    modes: Sequence[str],
    judge: Optional[Judge] = None,
) -> Figures:
    """Trains, evaluates and returns the figures; a directory that is there is gone on with.

    Args:
      flags: of main.py.
      seed: of the run.
      workdir: of the run.
      modes: "evaluate" and "refine": scores of the final mixture, plain and refined; "sample": the
        judge's alone, where a density estimate tells nothing, as of images.
      judge: of samples in each of the modes.

    Raises:
      RuntimeError: with what main.py said, if it failed.
    """
    _main([*flags, f"--seed={seed}", f"--workdir={workdir}"])
    with open(os.path.join(workdir, "metrics.csv")) as file:
        rows = list(csv.DictReader(file))
    figures = {name: [float(row[name] or "nan") for row in rows] for name in rows[0]}
    for mode in modes:
        found = {} if mode == "sample" else _scores(workdir, mode)
        if judge:
            found.update(judge.figures(_samples(workdir, mode, judge.samples)))
        figures.update({f"{mode}_{key}": [value] for key, value in found.items()})
    return figures


def fresh(
    flags: Sequence[str],
    seed: int,
    modes: Sequence[str],
    judge: Optional[Judge] = None,
    shown: str = "",
) -> Figures:
    """`run` in a directory of its own that does not stay; so it may be called on any machine.

    Args:
      flags: this, seed, modes and judge as in `run`.
      seed: of the run.
      modes: of samples.
      judge: of samples.
      shown: .npy to keep some of the judge's samples in; "": none.
    """
    with tempfile.TemporaryDirectory() as directory:
        figures = run(flags, seed, f"{directory}/run", modes, judge)
        if shown:
            pictures.keep(f"{directory}/run", shown)
        return figures


def _scores(workdir: str, mode: str) -> Dict[str, float]:
    """Medians of main.py's own figures."""
    output = f"{workdir}.{mode}.json"
    _main(["--mode=evaluate", f"--workdir={workdir}", f"--output={output}", *_refined(mode)])
    with open(output) as file:
        draws: List[Dict[str, Any]] = json.load(file)
    found = {key: float(np.median(np.array([d[key] for d in draws], float))) for key in draws[0]}
    return {**found, "worst_log_p": min(draw["log_p"] for draw in draws)}


def _samples(workdir: str, mode: str, number: int) -> np.ndarray:
    output = SAMPLES.format(workdir=workdir, mode=mode)
    command = ["--mode=sample", f"--workdir={workdir}", f"--num_samples={number}"]
    _main([*command, f"--output={output}", *_refined(mode)])
    return np.load(output)


def _refined(mode: str) -> List[str]:
    return ["--refine"] if mode == "refine" else []


def _main(flags: List[str]) -> None:
    command = [sys.executable, os.path.join(ROOT, "main.py"), *flags]
    done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT)
    if done.returncode:
        raise RuntimeError(done.stderr.strip() or f"main.py ended with {done.returncode}")
