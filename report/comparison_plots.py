"""Pictures of several runs beside each other, as PNG in memory: they go into one page."""

from typing import Dict, NamedTuple, Optional, Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from evaluation.metrics import Metrics, Spread
from report import drawing, summary_plots
from report.views import DataView, StepView

FIELDS = ("two_sample_auc", "recall", "precision", "coverage", "log_p", "modes", "high_quality")
SIZE = (4.4, 3.1)
"""Inches of a panel."""
IMAGES = 7
"""Samples a side, where points are images."""
LONGEST_NAME = 40


class Curve(NamedTuple):
    """One run over its steps."""

    name: str
    by_step: Sequence[Metrics]
    perfect: Optional[Spread]  # None where another run's stands for it


def draw_curves(curves: Sequence[Curve]) -> Dict[str, bytes]:
    """The figures of `FIELDS` by step, all runs in each; without what none knows.

    Args:
      curves: of all runs; colours are in this order.

    Returns:
      PNG by title.
    """
    drawn = {}
    for field in FIELDS:
        title, unit = summary_plots.PANELS[field]
        values = [
            np.array([getattr(metrics, field) for metrics in curve.by_step]) for curve in curves
        ]
        if all(np.isnan(each).all() for each in values):
            continue
        with drawing.style():
            figure = Figure(figsize=SIZE)
            axis = figure.subplots()
            figure.subplots_adjust(left=0.16, right=0.98, bottom=0.15, top=0.9)
            for index, (curve, of_run) in enumerate(zip(curves, values)):
                if np.isnan(of_run).all():
                    continue
                color = f"C{index % 10}"
                if curve.perfect is not None:
                    _perfect(axis, field, curve.perfect, color, alone=_shared(curves))
                steps = np.arange(1, len(of_run) + 1)
                axis.plot(steps, of_run, "o-", color=color, ms=4, label=_short(curve.name))
            axis.set(title=title, xlabel="boosting step", ylabel=unit)
            axis.xaxis.get_major_locator().set_params(integer=True)
            if field == "high_quality":
                axis.set_ylim(0, 1.05)
            if field == "modes":
                axis.set_ylim(0, 1.08 * axis.get_ylim()[1])
                axis.yaxis.get_major_locator().set_params(integer=True)
            if field == "log_p":
                _cut_outliers(axis, np.concatenate(values), curves)
            axis.legend(fontsize=7)
            drawn[title] = drawing.as_png(figure)
    return drawn


def draw_samples(picture: StepView, view: DataView) -> bytes:
    """A run's samples after a step, by component, on data in grey.

    Args:
      picture: of the run's step.
      view: gives the frame and the directions; the same for runs on points of one shape.
    """
    with drawing.style():
        if view.is_image:
            return drawing.as_png(_images(picture, view))
        figure = Figure(figsize=(SIZE[0], 3.6))
        axis = figure.subplots()
        figure.subplots_adjust(left=0.15, right=0.98, bottom=0.13, top=0.97)
        if view.points.shape[1] == 1:
            _line(axis, picture, view)
        else:
            _plane(axis, picture, view)
        return drawing.as_png(figure)


def draw_weights(betas: Sequence[float], effective_shares: Sequence[float]) -> bytes:
    """A run's mixture weights by step, and how many points its components were trained on."""
    with drawing.style():
        figure = Figure(figsize=(SIZE[0], 2.6))
        axis = figure.subplots()
        figure.subplots_adjust(left=0.13, right=0.98, bottom=0.18, top=0.83)
        summary_plots.stack_weights(axis, betas)
        steps = np.arange(1, len(betas) + 1)
        axis.plot(steps, effective_shares, "ko-", ms=3, lw=1, label="effective share of the points")
        axis.set(xlabel="boosting step", ylabel="weight of each; share", ylim=(0, 1.02))
        axis.xaxis.get_major_locator().set_params(integer=True)
        axis.legend(fontsize=7, loc="lower right", bbox_to_anchor=(1, 1))
        return drawing.as_png(figure)


def _shared(curves: Sequence[Curve]) -> bool:
    return sum(curve.perfect is not None for curve in curves) == 1


def _perfect(axis: Axes, field: str, perfect: Spread, color: str, alone: bool) -> None:
    """A perfect sampler's band, or one line for each run's where they differ."""
    low, middle, high = (
        getattr(each, field) for each in (perfect.low, perfect.median, perfect.high)
    )
    if np.isnan(middle):
        return
    if alone:
        axis.axhspan(low, high, color="tab:green", alpha=0.25, lw=0, label="perfect sampler")
        axis.axhline(middle, color="tab:green", lw=0.8)
    else:
        axis.axhline(middle, color=color, lw=0.8, ls="--")


def _cut_outliers(axis: Axes, values: np.ndarray, curves: Sequence[Curve]) -> None:
    for curve in curves:
        if curve.perfect is not None:
            summary_plots.keep_outliers_from_hiding_the_rest(axis, values, curve.perfect)
            return


def _plane(axis: Axes, picture: StepView, view: DataView) -> None:
    """Two coordinates, or the two directions in which the data are widest."""
    centre, directions = view.points.mean(axis=0), np.eye(2)
    if not view.is_plane:
        _, _, rows = np.linalg.svd(view.points - centre, full_matrices=False)
        directions = rows[:2].T
    else:
        centre = np.zeros(2)
    real = (view.points - centre) @ directions
    axis.scatter(*real.T, s=3, color="0.8", lw=0)
    colours = drawing.component_colors(len(picture.samples))
    for points, color in zip(picture.samples, colours):
        axis.scatter(*((points - centre) @ directions).T, s=3, color=color, lw=0, alpha=0.6)
    low, high = (view.low, view.high) if view.is_plane else _frame(real)
    axis.set(xlim=(low[0], high[0]), ylim=(low[1], high[1]))
    if view.is_plane:
        drawing.mark_modes(axis, view)
        drawing.label_axis(axis.xaxis, view, 0)
        drawing.label_axis(axis.yaxis, view, 1)
    else:
        axis.set(xlabel="principal component 1", ylabel="principal component 2")


def _frame(points: np.ndarray) -> np.ndarray:
    low, high = np.percentile(points, [0.5, 99.5], axis=0)
    margin = 0.15 * np.maximum(high - low, 1e-6)
    return np.stack([low - margin, high + margin])


def _line(axis: Axes, picture: StepView, view: DataView) -> None:
    bins = np.linspace(view.low[0], view.high[0], 100)
    axis.hist(view.points[:, 0], bins, density=True, color="0.8", label="data")
    everything = np.concatenate(picture.samples)[:, 0]
    axis.hist(everything, bins, density=True, histtype="step", color="tab:blue", label="mixture")
    axis.set(xlim=(bins[0], bins[-1]), ylabel="density")
    drawing.label_axis(axis.xaxis, view, 0)
    axis.legend(fontsize=7)


def _images(picture: StepView, view: DataView) -> Figure:
    figure = Figure(figsize=(SIZE[0], SIZE[0]))
    grid = figure.subplots(IMAGES, IMAGES)
    figure.subplots_adjust(left=0.01, right=0.99, bottom=0.01, top=0.99, wspace=0.08, hspace=0.08)
    everything = np.concatenate(picture.samples)
    chosen = everything[np.linspace(0, len(everything) - 1, IMAGES**2).astype(int)]
    limits = np.percentile(view.points, [0, 100])
    for axis, point in zip(grid.ravel(), chosen):
        axis.axis("off")
        drawing.show_image(axis, point.reshape(view.shape), limits)
    return figure


def _short(name: str) -> str:
    return name if len(name) <= LONGEST_NAME else f"…{name[-LONGEST_NAME:]}"
