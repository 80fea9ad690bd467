"""A table of ways on several data sets as a picture for print: a heat table."""

from typing import Sequence, Tuple

import numpy as np
from matplotlib import cm
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from benchmarks.tables import charts
from benchmarks.tables.charts import ABOVE, BELOW, BETWEEN, PERFECT, ROW, WIDTH, Figures
from report import drawing

ACROSS = 2
"""Panels beside each other."""


def draw(
    path: str,
    columns: Sequence[str],
    rows: Sequence[Tuple[str, Figures]],
    perfect: Sequence[Figures],
    seeds: str,
) -> None:
    """Draws a table of ways by data sets for each column, the darker the farther from perfect.

    Args:
      path: of the .png; a .pdf goes beside it.
      columns: names of the figures.
      rows: titles "5 modes, the way", all ways for each data set; medians.
      perfect: what a perfect sampler scores on each data set, in their order.
      seeds: a sentence on how many there are.
    """
    found = {tuple(title.split(", ", 1)): figures for title, figures in rows}
    data, ways = (list(dict.fromkeys(each)) for each in zip(*found))
    labels, tall = charts.room([*ways, PERFECT]), ROW * (len(ways) + 1)
    across, line = (WIDTH - labels) / ACROSS, ABOVE + tall + BELOW + ROW
    height = line * -(-len(columns) // ACROSS) + ROW
    with drawing.style():
        figure = Figure(figsize=(WIDTH, height), dpi=drawing.PRINT_DPI)
        for number, column in enumerate(columns):
            down, right = divmod(number, ACROSS)
            corner = (labels + right * across, height - down * line - ABOVE - tall)
            axis = charts.add_axis(figure, corner, (across - BETWEEN, tall))
            values = np.array([[found[each, way][column] for each in data] for way in ways])
            _cells(axis, column, values, np.array([each[column] for each in perfect]))
            axis.set(xticks=np.arange(len(data)), yticks=np.arange(len(ways) + 1))
            axis.set_xticklabels([each.split(" ")[0] for each in data])
            axis.set_yticklabels([] if right else [*ways, PERFECT])
            axis.set_xlabel(f"{data[0].split(' ')[1]} of the data", fontsize=8, labelpad=2)
        charts.explain(figure, f"{seeds} The darker, the worse than a perfect sampler.", 0.05)
        charts.save(figure, path)


def _cells(axis: Axes, column: str, values: np.ndarray, perfect: np.ndarray) -> None:
    """Values [ways, data sets] and, below, those of a perfect sampler."""
    sign = -1 if charts.TITLES[column][1] == charts.DOWN else 1
    gaps = np.maximum(sign * (perfect - values), 0)
    # Of one that is far off, the others are told apart still.
    shades = np.log1p(gaps / (np.median(gaps) or 1.0))
    shades = np.vstack([0.6 * shades / (shades.max() or 1.0), np.zeros(len(perfect))])
    colours = cm.Oranges(shades)
    colours[shades == 0] = 1
    axis.imshow(colours, aspect="auto", interpolation="nearest")
    for (row, each), value in np.ndenumerate(np.vstack([values, perfect])):
        text = f"{value:.0f}" if column == "modes" else f"{value:.{1 if value < -10 else 2}f}"
        colour = charts.IDEAL if row == len(values) else "black"
        axis.text(each, row, text, fontsize=7, ha="center", va="center", color=colour)
    axis.set_title(charts.title_of(column), fontsize=8, pad=4)
    axis.tick_params(labelsize=7, length=0)
    for spine in axis.spines.values():
        spine.set_visible(False)
