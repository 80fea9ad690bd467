"""A table as a picture for print: dots with bands."""

import os
import re
from typing import Any, Dict, Iterable, List, Mapping, NamedTuple, Sequence, Tuple

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import MaxNLocator

from benchmarks.tables.bands import band
from report import drawing

Figures = Mapping[str, float]
"""By column; nan, or none, where one is not known."""

UP, DOWN, NEAR = "↑", "↓", "→"
TITLES = {
    "modes": ("modes", UP),
    "high_quality": ("high quality", UP),
    "within": ("within 3 σ", UP),
    "reverse_kl": ("reverse KL", DOWN),
    "log_p": ("log p", UP),
    "worst_log_p": ("worst log p", UP),
    "coverage": ("coverage C", UP),
    "width": ("width", NEAR),
    "precision": ("precision", UP),
    "recall": ("recall", UP),
    "density": ("density", NEAR),
    "nn_coverage": ("nn coverage", UP),
    "confident": ("confident", UP),
    "rarest": ("rarest", NEAR),
    "js": ("JS", DOWN),
    "kl": ("KL", DOWN),
}
"""What a column is called, and where it is better."""
READING = "↑ more is better, C up to a perfect sampler's; ↓ less; → nearer to a perfect sampler's."
WIDTH, LETTER = 7.2, 0.053
"""Inches: of two columns of a paper, and of a letter of a row's title."""
ACROSS = 5
"""Panels beside each other."""
ROW, ABOVE, BELOW, BETWEEN = 0.19, 0.27, 0.27, 0.2
"""Inches: of a row, of what a panel has above and below its own, and of what lies between two."""
FOOT = 0.4
"""Inches below all panels, for what explains them."""
LOOKS: Dict[bool, Dict[str, Any]] = {
    True: {"color": "tab:blue", "marker": "o", "ms": 4, "lw": 1.2},
    False: {"color": "0.4", "marker": "D", "ms": 3.5, "mfc": "white", "lw": 1.2},
}
"""Of a way, by whether it is ours."""
IDEAL = "tab:green"
PERFECT = "a perfect sampler"
FAR = -50.0
"""A log p from which on its axis is logarithmic."""


class Row(NamedTuple):
    """What a picture shows of one way."""

    title: str
    ours: bool
    bands: Dict[str, Tuple[float, float, float]]  # median and ends by column; none without figures


def title_of(column: str) -> str:
    """Its name, and where it is better."""
    return " ".join(TITLES[column])


def bands(
    path: str, columns: Sequence[str], rows: Sequence[Row], perfect: Figures, seeds: str
) -> None:
    """Draws a panel for each column: medians and bands of all ways that have some.

    Ways of the same title, ours and another's, share a row.

    Args:
      path: of the .png; a .pdf goes beside it.
      columns: names of the figures.
      rows: all ways.
      perfect: what a perfect sampler scores.
      seeds: a sentence on how many there are.
    """
    lines = [(line, _titles(rows, line)) for line in _lines(columns, rows)]
    height = FOOT + sum(ABOVE + BELOW + ROW * len(titles) for _, titles in lines)
    labels = room(row.title for row in rows)
    with drawing.style():
        figure = Figure(figsize=(WIDTH, height), dpi=drawing.PRINT_DPI)
        top = height
        for line, titles in lines:
            for number, column in enumerate(line):
                across = (WIDTH - labels) / len(line)
                corner = (labels + number * across, top - ABOVE - ROW * len(titles))
                axis = add_axis(figure, corner, (across - BETWEEN, ROW * len(titles)))
                _panel(axis, column, titles, rows, perfect.get(column, np.nan))
                axis.set_yticklabels([] if number else titles)
            top -= ABOVE + BELOW + ROW * len(titles)
        _legend(figure, any(not row.ours for row in rows))
        explain(figure, f"{seeds} {READING}", 0.2)
        save(figure, path)


def _lines(columns: Sequence[str], rows: Sequence[Row]) -> Iterable[Sequence[str]]:
    """Columns beside each other: those that others have published first, and then ours alone."""
    others = {column for row in rows if not row.ours for column in row.bands}
    parts = ([c for c in columns if c in others], [c for c in columns if c not in others])
    for part in filter(None, parts):
        for line in np.array_split(part, -(-len(part) // ACROSS)):
            yield list(line)


def _titles(rows: Sequence[Row], columns: Sequence[str]) -> List[str]:
    """Of the ways that have some of the figures, once each."""
    some = [row.title for row in rows if not row.bands.keys().isdisjoint(columns)]
    return list(dict.fromkeys(some))


def room(titles: Iterable[str]) -> float:
    """Inches that they take."""
    return 0.15 + LETTER * max(map(len, titles))


def add_axis(figure: Figure, corner: Tuple[float, float], size: Tuple[float, float]) -> Axes:
    """By its lower left corner and its size, in inches."""
    whole = np.tile(figure.get_size_inches(), 2)
    return figure.add_axes(np.array([*corner, *size]) / whole)


def _panel(
    axis: Axes, column: str, titles: Sequence[str], rows: Sequence[Row], perfect: float
) -> None:
    shared = len({row.title for row in rows}) < len(rows)
    for row in rows:
        if row.title in titles and column in row.bands:
            middle, low, high = row.bands[column]
            place = titles.index(row.title) + 0.17 * shared * (-1 if row.ours else 1)
            ends = [[middle - low], [high - middle]]
            axis.errorbar([middle], [place], xerr=ends, ls="none", capsize=2, **LOOKS[row.ours])
    if not np.isnan(perfect):
        axis.axvline(perfect, color=IDEAL, ls="--", lw=1, zorder=1)
    low = min(row.bands[column][1] for row in rows if column in row.bands)
    if column.endswith("log_p") and low < FAR:
        axis.set_xscale("symlog")
    else:
        most = max(3, int(2.2 * axis.get_window_extent().width / axis.figure.dpi))
        axis.xaxis.set_major_locator(MaxNLocator(most, steps=[1, 2, 5, 10], min_n_ticks=1))
        axis.xaxis.get_major_locator().set_params(integer=column == "modes")
    axis.set(ylim=(len(titles) - 0.5, -0.5), yticks=np.arange(len(titles)))
    axis.margins(x=0.08)
    axis.tick_params(labelsize=7, length=2)
    axis.tick_params(axis="y", length=0)
    axis.set_title(title_of(column), fontsize=8, pad=4)
    axis.grid(axis="y", color="0.9", lw=0.6)
    axis.set_axisbelow(True)
    axis.spines["left"].set_visible(False)


def _legend(figure: Figure, published: bool) -> None:
    handles = [Line2D([], [], label="here", **LOOKS[True])]
    if published:
        handles.append(Line2D([], [], label="published", **LOOKS[False]))
    handles.append(Line2D([], [], color=IDEAL, ls="--", lw=1, label=f"{PERFECT}, if known"))
    figure.legend(handles=handles, loc="lower left", ncol=3, fontsize=7, borderaxespad=0.2)


def explain(figure: Figure, said: str, height: float) -> None:
    """Writes what explains all panels, so many inches above the lower edge."""
    figure.text(0.01, height / figure.get_figheight(), said, fontsize=7)


def medians(values: Mapping[str, List[float]]) -> Dict[str, float]:
    """Of the figures of all seeds, by column; without those that have none."""
    return {column: band(each)[0] for column, each in values.items() if each}


def number_and_band(text: str) -> Tuple[float, float, float]:
    """A figure and its band out of "6.3±0.5", "0.59 [0.35; 0.77]", "8" or nothing."""
    found = [float(number) for number in re.findall(r"-?\d+(?:\.\d+)?", text)]
    if not found:
        return np.nan, np.nan, np.nan
    if "±" in text:
        return found[0], found[0] - found[1], found[0] + found[1]
    return (found[0], found[1], found[2]) if "[" in text else (found[0], found[0], found[0])


def save(figure: Figure, path: str) -> None:
    """Writes a .png, and a .pdf beside it."""
    for kind in (".png", ".pdf"):
        drawing.save(figure, os.path.splitext(path)[0] + kind)
