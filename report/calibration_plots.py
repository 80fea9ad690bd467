"""The picture of how far a step's density ratios can be believed."""

import functools

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Patch

from evaluation.calibration import Unseen
from report import drawing
from report.views import StepView

KINDS = {"data": "tab:blue", "mixture": "tab:orange"}
DECADES = 4.0
"""Ratios are shown from 10^-this to 10^this; those beyond are drawn at the edge."""


def draw(picture: StepView, path: str) -> None:
    """Draws the calibration of a step's mixture discriminator into a .png."""
    compared = len(picture.unseen.samples) > 0
    with drawing.style():
        sheet = _sheet(compared)
        axes = sheet.blank()
        _reliability(axes[0], picture.unseen)
        _ratios(axes[1], picture.unseen)
        if compared:
            _against_the_truth(axes[2], picture)
        sheet.figure.suptitle(
            f"step {picture.step}: ratios of mixture to data on points that the mixture "
            f"discriminator never saw",
            fontsize=10,
        )
        drawing.save(sheet, path)


@functools.lru_cache(maxsize=2)
def _sheet(compared: bool) -> drawing.Sheet:
    panels = 3 if compared else 2
    figure = Figure(figsize=(3.7 * panels, 3.6))
    axes = figure.subplots(1, panels)
    figure.subplots_adjust(
        left=0.17 / panels, right=1 - 0.04 / panels, bottom=0.14, top=0.85, wspace=0.28
    )
    axes[0].set(
        xlabel='predicted probability of "real"',
        ylabel="share of real points, with their number",
        xlim=(-0.03, 1.08),
        ylim=(-0.05, 1.08),
    )
    axes[1].set(
        xlabel="log10 of estimated mixture / data",
        ylabel="points",
        xlim=(-DECADES * 1.1, DECADES * 1.1),
    )
    if compared:
        axes[2].set(
            xlabel="log10 of mixture by KDE / data as known",
            ylabel="log10 of estimated mixture / data",
            xlim=(-DECADES * 1.05, DECADES * 1.05),
            ylim=(-DECADES * 1.05, DECADES * 1.05),
        )
    handles = [Patch(fc=color, alpha=0.55, label=name) for name, color in KINDS.items()]
    for axis, place in zip(axes[1:], ("upper right", "upper left")):
        axis.legend(handles=handles, fontsize=7, loc=place)
    return drawing.Sheet(figure, axes, [axes[1].yaxis])


def _reliability(axis: Axes, unseen: Unseen) -> None:
    bins = unseen.reliability()
    axis.plot([0, 1], [0, 1], "k--", lw=0.8)
    axis.errorbar(
        bins.predicted, bins.observed, 2 * bins.deviations, fmt="o", ms=4, color="tab:blue", lw=1
    )
    for x, y, count in zip(bins.predicted, bins.observed, bins.counts):
        below = y > 0.5
        axis.annotate(
            f"{count}", (x, y), (4, -9 if below else 5), textcoords="offset points", fontsize=6
        )
    axis.set_title(f"calibration error {bins.error:.3f} (noise alone {bins.noise:.3f})")


def _ratios(axis: Axes, unseen: Unseen) -> None:
    edges = np.linspace(-DECADES, DECADES, 49)
    for color, logits in zip(KINDS.values(), unseen[:2]):
        axis.hist(_decades(-logits), edges, histtype="stepfilled", alpha=0.55, fc=color)
    axis.axvline(0, color="k", lw=0.8, ls="--")
    mean = np.exp(-np.asarray(unseen.real_logits, np.float64)).mean()
    axis.set_title(f"mean ratio under the data {mean:.2f} (ideally 1)")


def _against_the_truth(axis: Axes, picture: StepView) -> None:
    """The mixture's density is known by a KDE of its samples only: a check, no yardstick."""
    unseen, density = picture.unseen, picture.unseen.mixture_density()
    axis.plot([-DECADES, DECADES], [-DECADES, DECADES], "k--", lw=0.8)
    for (name, color), logits, points in zip(KINDS.items(), unseen[:2], unseen.points):
        expected = density.log_density(points, drawing.NEGLIGIBLE)
        expected -= picture.view.true_log_density(points)
        estimated = -logits[: len(points)]
        pairs = np.stack([_decades(expected), _decades(estimated)], axis=1)
        drawing.dots(axis, pairs, 5, color=color, alpha=0.5)
        if name == "data":
            mean = np.exp(expected).mean()
    axis.set_title(f"against KDE / true density (its mean {mean:.2f})")


def _decades(log_ratios: np.ndarray) -> np.ndarray:
    """Nats to decades, within what is shown."""
    return np.clip(log_ratios / np.log(10), -DECADES, DECADES)
