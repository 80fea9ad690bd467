"""One run of a table: main.py in a process of its own, and the figures that it leaves."""

import contextlib
import csv
import functools
import json
import os
import sys
from typing import Any, Dict, Iterable, List, NamedTuple, Optional, Sequence

import numpy as np

from base import durable
from benchmarks.children import ROOT
from benchmarks.tables import pictures
from benchmarks.tables.judges import Judge
from benchmarks.tables.keeper import Keeper

Figures = Dict[str, List[float]]
"""By name, one number a boosting step; `evaluate` and `refine` add medians over 20 draws."""
SAMPLES = "{workdir}.{mode}.npy"
"""Where a run leaves what its judge saw."""


class Data(NamedTuple):
    """A data file as it was when the runs on it were asked for."""

    path: str  # relative ones are seen from the project's folder, as by main.py
    sha256: str

    @classmethod
    def of(cls, path: str) -> "Data":
        """What is there now.

        Raises:
          OSError, ValueError: if it is no file that can be read.
        """
        whole = os.path.join(ROOT, os.path.expanduser(path))
        state = os.stat(whole)
        return cls(path, _sha256(whole, state.st_ino, state.st_size, state.st_mtime_ns))

    def check(self) -> None:
        """Raises RuntimeError if there is something else now, here."""
        try:
            same = self == Data.of(self.path)
        except (OSError, ValueError) as error:
            raise RuntimeError(f"--data_file={self.path}: {error}") from error
        if not same:
            raise RuntimeError(f"--data_file={self.path}: was changed, or differs on this machine")


@functools.lru_cache(maxsize=None)
def _sha256(path: str, *state: int) -> str:
    """Of a file in a state, once a process."""
    return durable.sha256(path)


def fresh(
    flags: Sequence[str],
    seed: int,
    modes: Sequence[str],
    judge: Optional[Judge] = None,
    shown: str = "",
    data: Optional[Data] = None,
) -> Figures:
    """Trains, evaluates and returns the figures; the run itself does not stay.

    So it may be called on any machine, on which main.py ends when the calling process does.

    Args:
      flags: of main.py.
      seed: of the run.
      modes: "evaluate" and "refine": scores of the final mixture, plain and refined; "sample": the
        judge's alone, where a density estimate tells nothing, as of images.
      judge: of samples in each of the modes.
      shown: .npy to keep some of the judge's samples in; "": none.
      data: what `flags` have for a --data_file.

    Raises:
      RuntimeError: with what main.py said, if it failed.
    """
    if data:
        data.check()
    with Keeper(ROOT) as keeper:
        workdir = os.path.join(keeper.directory, "run")
        _main(keeper, [*flags, f"--seed={seed}", f"--workdir={workdir}"])
        figures = _by_step(os.path.join(workdir, "metrics.csv"))
        for mode in modes:
            found = {} if mode == "sample" else _scores(keeper, workdir, mode)
            if judge:
                found.update(judge.figures(_samples(keeper, workdir, mode, judge.samples)))
            figures.update({f"{mode}_{key}": [value] for key, value in found.items()})
        if data:
            data.check()
        if shown:
            pictures.keep(workdir, shown)
        return figures


def check_figures(came_to: Any, names: Iterable[str], number: int) -> None:
    """Checks what a run is said to have come to.

    Args:
      came_to: of any type.
      names: of the figures that it must have.
      number: of each figure: one a step, or 1.

    Raises:
      ValueError: says what is wrong.
    """
    if not isinstance(came_to, dict):
        raise ValueError("holds no figures by name")
    for name in names:
        numbers = came_to.get(name)
        kinds = [type(each) for each in numbers] if isinstance(numbers, list) else []
        if len(kinds) != number or set(kinds) - {int, float}:
            raise ValueError(f"{name} is no list of {number} numbers")


def _by_step(path: str) -> Figures:
    """The columns of numbers; where one is empty it is not known."""
    with open(path, encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    figures = {}
    for name in rows[0]:
        with contextlib.suppress(ValueError):
            figures[name] = [float(row[name] or "nan") for row in rows]
    return figures


def _scores(keeper: Keeper, workdir: str, mode: str) -> Dict[str, float]:
    """Medians of main.py's own figures."""
    output = f"{workdir}.{mode}.json"
    command = ["--mode=evaluate", f"--workdir={workdir}", f"--output={output}"]
    _main(keeper, [*command, *_refined(mode)])
    with open(output) as file:
        draws: List[Dict[str, Any]] = json.load(file)
    found = {key: float(np.median(np.array([d[key] for d in draws], float))) for key in draws[0]}
    return {**found, "worst_log_p": min(draw["log_p"] for draw in draws)}


def _samples(keeper: Keeper, workdir: str, mode: str, number: int) -> np.ndarray:
    output = SAMPLES.format(workdir=workdir, mode=mode)
    command = ["--mode=sample", f"--workdir={workdir}", f"--num_samples={number}"]
    _main(keeper, [*command, f"--output={output}", *_refined(mode)])
    return np.load(output)


def _refined(mode: str) -> List[str]:
    return ["--refine"] if mode == "refine" else []


def _main(keeper: Keeper, flags: Sequence[str]) -> None:
    status, said = keeper.run([sys.executable, os.path.join(ROOT, "main.py"), *flags])
    if status:
        raise RuntimeError(said or f"main.py ended with {status}")
