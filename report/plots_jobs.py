"""Drawing as calls by name: matplotlib is imported only where they run."""

import os
import time
from typing import Dict, List, NamedTuple, Optional, Sequence, Tuple

import numpy as np

from evaluation import regions
from evaluation.metrics import Metrics, Spread
from evaluation.regions import Regions
from report.views import DataView, StepView


class Summary(NamedTuple):
    """What the pictures over all steps show."""

    by_step: Sequence[Metrics]
    perfect: Spread  # what a perfect sampler scores
    simple: Optional[Spread]  # what a Gaussian mixture scores, on a user's own data
    number_of_modes: int  # of the truth; 0 where it is not known
    betas: Sequence[float]  # mixture weight that each component was added with
    effective_shares: np.ndarray  # effective points over all points, by step
    zero_shares: Sequence[float]  # of points of weight 0, by step
    pictures: Sequence[str]  # paths of what `StepView.save` wrote, by step


def step(picture_path: str, paths: Dict[str, str]) -> None:
    """Draws a step's pictures.

    Args:
      picture_path: what `StepView.save` wrote.
      paths: of the pictures, .png, by name: "step" itself, "calibration" of its density ratios,
        "columns" of a table.
    """
    from report import calibration_plots, column_plots, step_plots

    picture = StepView.load(picture_path)
    draw = {
        "step": step_plots.draw_step,
        "calibration": calibration_plots.draw,
        "columns": column_plots.draw_columns,
    }
    for name, path in paths.items():
        draw[name](picture, path)


def publish(directory: str, picture_path: str) -> None:
    """Draws the last step as .svg too, as people publish it."""
    from report import step_plots

    step_plots.draw_step(StepView.load(picture_path), os.path.join(directory, "last_step.svg"))


def summary(directory: str, shown: Summary) -> float:
    """Draws the pictures over all steps into a directory; returns the seconds that it took."""
    from report import region_plots, summary_plots

    start = time.monotonic()
    paths = [os.path.join(directory, f"metrics.{kind}") for kind in ("png", "svg")]
    summary_plots.draw_metrics(
        paths, shown.by_step, shown.perfect, shown.number_of_modes, shown.simple
    )
    path = os.path.join(directory, "mixture_weights.png")
    summary_plots.draw_weights(path, shown.betas, shown.effective_shares, shown.zero_shares)
    last = StepView.load(shown.pictures[-1])
    found = _regions(last.view)
    own = [StepView.load_own(each) for each in shown.pictures]
    by_region = regions.compare(
        found,
        last.view.points,
        weights=[weights for weights, _ in own],
        samples=[samples for _, samples in own],
        mixture=np.concatenate(last.samples),
    )
    path = os.path.join(directory, "regions.png")
    region_plots.draw_regions(path, last.view, found, by_region)
    return time.monotonic() - start


_FOUND: List[Tuple[np.ndarray, Regions]] = []
"""The last points and their regions: a run's are the same in all its summaries."""


def _regions(view: DataView) -> Regions:
    """The modes of a known mixture, or clusters."""
    if len(view.means):
        return regions.of_modes(view.points, view.means)
    if not (_FOUND and np.array_equal(_FOUND[0][0], view.points)):
        _FOUND[:] = [(view.points, regions.find(view.points))]
    return _FOUND[0][1]
