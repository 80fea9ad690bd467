"""A table's columns one by one: the data and the mixture in each."""

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from report import drawing
from report.views import StepView

SHOWN, ACROSS = 20, 4
"""Columns at most, those first that differ most; and panels beside each other."""
BINS = 40


def draw_columns(picture: StepView, path: str) -> None:
    """Draws the distribution of each column, in the user's units, into a .png.

    In the order, and under the distances, that scoring found: of other points than are drawn.
    """
    samples = np.concatenate(picture.samples)
    shown = np.argsort(-picture.apart, kind="stable")[:SHOWN]
    across = min(ACROSS, len(shown))
    down = -(-len(shown) // across)
    with drawing.style():
        figure = Figure(figsize=(3.1 * across, 2.1 * down + 0.5))
        panels = figure.subplots(down, across, squeeze=False).ravel()
        figure.subplots_adjust(
            left=0.16 / across,
            right=0.985,
            bottom=0.55 / (2.1 * down + 0.5),
            top=1 - 0.75 / (2.1 * down + 0.5),
            hspace=0.75,
            wspace=0.25,
        )
        for axis, coordinate in zip(panels, shown):
            _panel(axis, picture, samples, int(coordinate))
            axis.set_title(f"{picture.apart[coordinate]:.2f} apart", fontsize=8)
        for axis in panels[: len(shown) : across]:
            axis.set_ylabel("density", fontsize=8)
        for axis in panels[len(shown) :]:
            axis.axis("off")
        panels[0].legend(fontsize=7)
        figure.suptitle(
            f"step {picture.step}: columns by their Kolmogorov-Smirnov distance, the largest first",
            fontsize=10,
        )
        drawing.save(figure, path)


def _panel(axis: Axes, picture: StepView, samples: np.ndarray, coordinate: int) -> None:
    view = picture.view
    low, high = view.low[coordinate], view.high[coordinate]
    bins = np.linspace(low, high, BINS)
    for points, looks in (
        (view.points, {"color": "0.75", "label": "data"}),
        (samples, {"color": "tab:blue", "label": "mixture", "histtype": "step"}),
    ):
        shown = np.clip(view.present(points, coordinate), low, high)
        density = np.full(len(shown), 1 / max(1, len(points)) / (bins[1] - bins[0]))
        axis.hist(shown, bins, weights=density, **looks)
    axis.set_xlim(low, high)
    axis.set_yticks([])
    drawing.label_axis(axis.xaxis, view, coordinate)
