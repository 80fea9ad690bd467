"""What each table consists of, and the figures that others published for it."""

import functools
from typing import Callable, Dict, List, NamedTuple, Optional, Sequence, Tuple

import numpy as np

from benchmarks.tables import judges
from benchmarks.tables.judges import Judge
from input_fn import gmm
from input_fn.gmm import GaussianMixture
from input_fn.settings import DataSettings


class Cell(NamedTuple):
    """One way of running, over all seeds."""

    title: str
    flags: Tuple[str, ...]
    modes: Tuple[str, ...] = ()  # see `runs.fresh`


class Table(NamedTuple):
    """A table; its rows are cells, or boosting steps of each cell."""

    title: str
    cells: Tuple[Cell, ...]
    columns: Tuple[str, ...]  # names of figures
    seeds: Tuple[int, ...]
    published: Sequence[Tuple[str, Dict[str, str]]]  # rows of others: source, cell by column
    by_step: Tuple[int, ...] = ()  # the rows are these steps of each cell
    judge: Optional[Callable[[], Judge]] = None  # makes what adds figures of samples
    points: Optional[Callable[[], np.ndarray]] = None  # makes the --data_file
    images: bool = False  # points are, and samples are shown
    truths: Tuple[DataSettings, ...] = ()  # toys that it is of: one, or one a group of cells
    note: str = ""  # for the reader of the table


QUALITY = ("--flagfile=quality.flags",)
NEIGHBOURS = ("precision", "recall", "density", "nn_coverage")
"""Columns of `judges.neighbours`."""
MODES = (1, 2, 3, 5, 7, 10)
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
    data = DataSettings(dataset=dataset)
    flags = (*QUALITY, f"--dataset={dataset}")
    columns = ("modes", "high_quality", "reverse_kl", "log_p", "coverage", "width", *NEIGHBOURS)
    return Table(
        title,
        (Cell("AdaGAN, quality.flags", flags, ("evaluate", "refine")),),
        columns,
        tuple(range(31, 41)),
        published,
        judge=functools.partial(judges.of_toy, data),
        truths=(data,),
    )


def _unbalanced(
    dataset: str,
    truth: GaussianMixture,
    title: str,
    published: Sequence[Tuple[str, Dict[str, str]]],
) -> Table:
    flags = (*QUALITY, f"--dataset={dataset}", "--unbalanced")
    return Table(
        title,
        (Cell("AdaGAN, quality.flags", flags, ("evaluate", "refine")),),
        ("modes", "within", "reverse_kl", "log_p", "coverage", "width"),
        tuple(range(31, 41)),
        published,
        judge=functools.partial(judges.of_unbalanced, truth),
        truths=(DataSettings(dataset=dataset, unbalanced=True),),
        note="A mode is captured by 50 of 10,000 samples within three deviations; reverse_kl is "
        "against the true weights. Where a perfect sampler (the first row) does not capture them "
        "all, more can only come of oversampling rare modes.",
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
RING_UNBALANCED = [
    ("Best of RLS-GAN's table", {"modes": "8", "within": "0.90"}),
    ("Mixture of 15 by multiplicative weights", {"modes": "7.9", "within": "0.86"}),
    ("GAN", {"modes": "5.0", "within": "0.92"}),
]
GRID_UNBALANCED = [
    ("Best of RLS-GAN's table", {"modes": "24.4", "within": "0.78"}),
    ("Mixture of 15 by multiplicative weights", {"modes": "15.2", "within": "0.47"}),
    ("GAN", {"modes": "8.3", "within": "0.29"}),
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
    "ring_unbalanced": _unbalanced(
        "ring", gmm.ring(True), "Ring of 8 modes, 4 of them rare", RING_UNBALANCED
    ),
    "grid_unbalanced": _unbalanced(
        "grid", gmm.grid(True), "Grid of 25 modes, 10 of them rare", GRID_UNBALANCED
    ),
    "gmm": Table(
        "The published GMM of 10 modes, best samples",
        (Cell("AdaGAN, quality.flags", QUALITY, ("evaluate", "refine")),),
        ("modes", "high_quality", "reverse_kl", "log_p", "worst_log_p", "coverage", "width")
        + NEIGHBOURS,
        tuple(range(31, 36)),
        [],
        judge=functools.partial(judges.of_toy, DataSettings()),
        truths=(DataSettings(),),
    ),
    "rerun": Table(
        "The published procedure, 8 modes, by step; beside it, rerun by Cranko & Nock (2019)",
        (Cell("AdaGAN", ("--flagfile=cpu.flags", "--gmm_modes_num=8")),),
        ("coverage", "log_p"),
        tuple(range(822, 842)),
        RERUN,
        (1, 2, 3, 5, 8, 10),
        truths=(DataSettings(gmm_modes_num=8),),
    ),
    "modes": Table(
        "Meta-algorithms by number of components and of modes of the GMM",
        tuple(
            Cell(
                f"{number} modes, {title}",
                ("--flagfile=cpu.flags", f"--gmm_modes_num={number}", *flags),
            )
            for number in MODES
            for title, flags in HEURISTICS[:5]
        ),
        ("coverage", "log_p", "modes", "high_quality"),
        (11, 12, 13),
        [],
        (3, 10),
        truths=tuple(DataSettings(gmm_modes_num=number) for number in MODES),
    ),
    "meta": Table(
        "Meta-algorithms on the published GMM of 10 modes, 10 components",
        tuple(Cell(title, ("--flagfile=cpu.flags", *flags)) for title, flags in HEURISTICS),
        ("coverage", "log_p", "modes", "high_quality", "reverse_kl"),
        tuple(range(11, 20)),
        [],
        truths=(DataSettings(),),
    ),
}
