"""What each table consists of, and the figures that others published for it."""

import functools
from typing import Callable, Dict, List, NamedTuple, Optional, Sequence, Tuple

import numpy as np

from benchmarks.tables import judges
from benchmarks.tables.judges import Judge
from input_fn.datasets import DataSettings


class Cell(NamedTuple):
    """One way of running, over all seeds."""

    title: str
    flags: Tuple[str, ...]
    modes: Tuple[str, ...] = ()  # see `runs.run`


class Table(NamedTuple):
    """A table; its rows are cells, or the boosting steps of its only cell."""

    title: str
    cells: Tuple[Cell, ...]
    columns: Tuple[str, ...]  # names of figures
    seeds: Tuple[int, ...]
    published: Sequence[Tuple[str, Dict[str, str]]]  # rows of others: source, cell by column
    by_step: Tuple[int, ...] = ()  # the rows are these steps
    judge: Optional[Callable[[], Judge]] = None  # makes what adds figures of samples
    points: Optional[Callable[[], np.ndarray]] = None  # makes the --data_file
    images: bool = False  # points are, and samples are shown
    note: str = ""  # for the reader of the table


QUALITY = ("--flagfile=quality.flags",)
NEIGHBOURS = ("precision", "recall", "density", "nn_coverage")
"""Columns of `judges.neighbours`."""
HEURISTICS: List[Tuple[str, Tuple[str, ...]]] = [
    ("Vanilla", ("--meta_algorithm=vanilla", "--steps=1")),
    ("Best of 10", ("--meta_algorithm=best_of",)),
    ("Ensemble", ("--meta_algorithm=ensemble",)),
    ("TopKLast 0.5", ("--meta_algorithm=topk_last",)),
    ("Boosted, star", ()),
    ("Boosted, dagger", ("--weights_heur=theory_dagger",)),
    ("Boosted, topk 0.5", ("--weights_heur=topk",)),
    ("Boosted, star, constant beta", ("--beta_heur=constant",)),
]


def _toy(dataset: str, title: str, published: Sequence[Tuple[str, Dict[str, str]]]) -> Table:
    flags = (*QUALITY, f"--dataset={dataset}")
    columns = ("modes", "high_quality", "reverse_kl", "log_p", "coverage", "width", *NEIGHBOURS)
    return Table(
        title,
        (Cell("AdaGAN, quality.flags", flags, ("evaluate", "refine")),),
        columns,
        tuple(range(31, 41)),
        published,
        judge=functools.partial(judges.of_toy, DataSettings(dataset=dataset)),
    )


def _row(modes: str, high_quality: str, reverse_kl: str) -> Dict[str, str]:
    return {"modes": modes, "high_quality": high_quality, "reverse_kl": reverse_kl}


RING = [
    ("GAN (PacGAN's table)", _row("6.3±0.5", "0.982±0.002", "0.45±0.09")),
    ("ALI (PacGAN's table)", _row("6.6±0.3", "0.976±0.004", "0.36±0.04")),
    ("PacGAN2", _row("7.9±0.1", "0.956±0.020", "0.07±0.03")),
    ("PacGAN4", _row("7.8±0.1", "0.959±0.014", "0.07±0.02")),
    ("VEEGAN", _row("8", "0.529", "")),
    ("Unrolled GAN (VEEGAN's paper)", _row("7.6", "0.356", "")),
]
GRID = [
    ("GAN (PacGAN's table)", _row("17.3±0.8", "0.948±0.007", "0.70±0.07")),
    ("ALI (PacGAN's table)", _row("24.1±0.4", "0.957±0.006", "0.14±0.03")),
    ("PacGAN2", _row("23.8±0.7", "0.913±0.008", "0.13±0.04")),
    ("PacGAN4", _row("24.8±0.2", "0.936±0.006", "0.04±0.01")),
    ("VEEGAN", _row("24.6", "0.40", "")),
    ("Unrolled GAN (VEEGAN's paper)", _row("23.6", "0.16", "")),
]
RERUN = [
    ("1", {"coverage": "0.597 [0.350; 0.772]", "log_p": "-82.14 [-581.73; -5.88]"}),
    ("2", {"coverage": "0.843 [0.609; 0.995]", "log_p": "-15.55 [-100.67; -4.37]"}),
    ("3", {"coverage": "0.875 [0.750; 0.995]", "log_p": "-4.92 [-32.49; -4.15]"}),
    ("5", {"coverage": "0.993 [0.873; 1.000]", "log_p": "-4.22 [-4.80; -3.85]"}),
    ("8", {"coverage": "0.999 [0.953; 1.000]", "log_p": "-4.08 [-4.67; -3.69]"}),
    ("10", {"coverage": "1.000 [0.987; 1.000]", "log_p": "-4.03 [-4.46; -3.66]"}),
]

TABLES = {
    "ring": _toy("ring", "Ring of 8 modes", RING),
    "grid": _toy("grid", "Grid of 25 modes", GRID),
    "gmm": Table(
        "The published GMM of 10 modes, best samples",
        (Cell("AdaGAN, quality.flags", QUALITY, ("evaluate", "refine")),),
        ("modes", "high_quality", "reverse_kl", "log_p", "worst_log_p", "coverage", "width")
        + NEIGHBOURS,
        tuple(range(31, 36)),
        [],
        judge=functools.partial(judges.of_toy, DataSettings()),
    ),
    "rerun": Table(
        "The published procedure, 8 modes, by step; beside it, rerun by Cranko & Nock (2019)",
        (Cell("AdaGAN", ("--flagfile=cpu.flags", "--gmm_modes_num=8")),),
        ("coverage", "log_p"),
        tuple(range(822, 842)),
        RERUN,
        (1, 2, 3, 5, 8, 10),
    ),
    "meta": Table(
        "Meta-algorithms on the published GMM of 10 modes, 10 components",
        tuple(Cell(title, ("--flagfile=cpu.flags", *flags)) for title, flags in HEURISTICS),
        ("coverage", "log_p", "modes", "high_quality", "reverse_kl"),
        tuple(range(11, 20)),
        [],
    ),
}
