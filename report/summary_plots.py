"""The pictures over all steps: how good the mixture became, and what it is made of."""

from typing import Optional, Sequence, Tuple

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from evaluation.metrics import Metrics, Spread
from report import drawing

PANELS = {
    "two_sample_auc": ("classifier's AUC (0.5: not told)", "AUC"),
    "recall": ("recall", "share of real points"),
    "precision": ("precision", "share of samples"),
    "log_p": ("log p", "nats"),
    "coverage": ("coverage C", "share of real points"),
    "high_quality": ("high quality", "share of samples"),
    "modes": ("modes", "modes"),
    "reverse_kl": ("reverse KL", "nats"),
}
"""Title and name of the axis by field."""
ACROSS = 3
"""Panels beside each other: in a page they are as large as those of other pictures."""
LIKELIHOOD = ["log_p", "coverage"]
OF_TRUTH = ["high_quality", "modes", "reverse_kl"]
OF_OWN_DATA = ["two_sample_auc", "recall", "precision"]


def draw_metrics(
    paths: Sequence[str],
    by_step: Sequence[Metrics],
    perfect: Spread,
    number_of_modes: int,
    simple: Optional[Spread] = None,
) -> None:
    """The figures over the steps, each with the band in which a perfect sampler scores.

    Args:
      paths: of the .png, and of the .svg.
      by_step: of the mixture.
      perfect: what a perfect sampler scores.
      number_of_modes: of the truth; 0 where it is not known.
      simple: what a Gaussian mixture scores, on a user's own data.
    """
    names = LIKELIHOOD + OF_TRUTH if number_of_modes else LIKELIHOOD
    if not np.isnan(perfect.median.two_sample_auc):
        names = OF_OWN_DATA + LIKELIHOOD
    with drawing.style():
        figure, axes = _panels(len(names))
        for axis, name in zip(axes, names):
            values = np.array([getattr(metrics, name) for metrics in by_step])
            _panel(axis, name, values, perfect, simple)
            if name == "log_p":
                keep_outliers_from_hiding_the_rest(axis, values, perfect, simple)
            if name == "high_quality":
                axis.set_ylim(0, 1.05)
            if name == "modes":
                axis.set(ylim=(0, 1.05 * number_of_modes), ylabel=f"modes of {number_of_modes}")
                axis.yaxis.get_major_locator().set_params(integer=True)
        if len(names) > ACROSS:
            handles = axes[0].get_legend_handles_labels()
            figure.legend(*handles, loc="upper left", bbox_to_anchor=axes[-1].get_position().p1)
        else:
            axes[0].legend(fontsize=7)
        for path in paths:
            drawing.save(figure, path)


def _panels(number: int) -> Tuple[Figure, Sequence[Axes]]:
    """So many axes in rows; where that is several, room is left in the last one."""
    across, down = min(ACROSS, number), number // ACROSS + 1
    figure = Figure(figsize=(3.2 * across, 2.9 * down))
    places = figure.add_gridspec(
        down,
        across,
        left=0.2 / across,
        right=0.99,
        bottom=0.17 / down,
        top=1 - 0.11 / down,
        wspace=0.32,
        hspace=0.42,
    )
    return figure, [figure.add_subplot(places[place]) for place in range(number)]


def _panel(
    axis: Axes, name: str, values: np.ndarray, perfect: Spread, simple: Optional[Spread]
) -> None:
    """One figure by step, with a perfect sampler's band: a line where that has no height."""
    low, middle, high = (
        getattr(each, name) for each in (perfect.low, perfect.median, perfect.high)
    )
    axis.axhspan(low, high, color="tab:green", alpha=0.25, lw=0, label="perfect sampler")
    axis.axhline(middle, color="tab:green", lw=0.8)
    if simple:
        value, label = getattr(simple.median, name), "Gaussian mixture"
        axis.axhline(value, color="tab:orange", ls="--", lw=1, label=label)
    steps = np.arange(1, len(values) + 1)
    axis.plot(steps, values, "o-", color="tab:blue", ms=4, label="mixture")
    title, unit = PANELS[name]
    axis.set(title=title, ylabel=unit, xlabel="boosting step")
    axis.xaxis.get_major_locator().set_params(integer=True)


def draw_weights(
    path: str,
    betas: Sequence[float],
    effective_shares: Sequence[float],
    zero_shares: Sequence[float],
) -> None:
    """How the mixture is made up after each step, and how far the data were reweighted for it."""
    steps = np.arange(1, len(betas) + 1)
    with drawing.style():
        figure = Figure(figsize=(8, 2.9))
        left, right = figure.subplots(1, 2)
        figure.subplots_adjust(left=0.08, right=0.98, wspace=0.25, bottom=0.17, top=0.89)
        stack_weights(left, betas)
        left.set(
            title="mixture weights of the components",
            xlabel="boosting step",
            ylabel="weight of each",
            ylim=(0, 1),
        )
        right.plot(steps, effective_shares, "o-", ms=4, label="effective share of the points")
        right.plot(steps, zero_shares, "s--", ms=4, color="tab:red", label="share of weight 0")
        right.set(
            title="weights of the training points",
            xlabel="boosting step",
            ylabel="share of the points",
            ylim=(-0.03, 1.05),
        )
        right.legend(fontsize=7)
        for axis in (left, right):
            axis.xaxis.get_major_locator().set_params(integer=True)
        drawing.save(figure, path)


def stack_weights(axis: Axes, betas: Sequence[float]) -> None:
    """Bars of the components' mixture weights after each step, from the weights of joining."""
    steps = np.arange(1, len(betas) + 1)
    bottom = np.zeros(len(betas))
    for component, color in enumerate(drawing.component_colors(len(betas))):
        rest = np.cumprod(1 - np.array(betas[component + 1 :]))
        height = betas[component] * np.append(1.0, rest)
        axis.bar(steps[component:], height, 0.85, bottom[component:], color=color)
        bottom[component:] += height


def keep_outliers_from_hiding_the_rest(
    axis: Axes, values: np.ndarray, perfect: Spread, simple: Optional[Spread] = None
) -> None:
    """A first component's log p may be -80 where the others lie around -4."""
    best = max(values.max(), perfect.high.log_p)
    lowest = min(np.median(values), perfect.low.log_p)
    floor = lowest - 2 * (best - lowest) - 0.5
    if min(values.min(), simple.median.log_p if simple else floor) < floor:
        axis.set_ylim(floor, best + 0.1 * (best - floor))
        axis.set_title("log p, low outliers cut off")
