"""Drawing as calls by name: matplotlib is imported only where they run."""

import os
import time
from typing import NamedTuple, Sequence

import numpy as np

from evaluation.metrics import Metrics, Spread
from report.scene import Picture


class Summary(NamedTuple):
    """What the pictures over all steps show."""

    by_step: Sequence[Metrics]
    perfect: Spread  # what a perfect sampler scores
    number_of_modes: int  # of the truth; 0 where it is not known
    betas: Sequence[float]  # mixture weight that each component was added with
    effective_shares: np.ndarray  # effective points over all points, by step
    zero_shares: Sequence[float]  # of points of weight 0, by step


def step(picture_path: str, path: str, calibration_path: str = "") -> None:
    """Draws a step's pictures.

    Args:
      picture_path: what `Picture.save` wrote.
      path: of the picture of the step, .png.
      calibration_path: of that of its density ratios; "": none.
    """
    from report import calibration_plots, step_plots

    picture = Picture.load(picture_path)
    step_plots.draw_step(picture, path)
    if calibration_path:
        calibration_plots.draw(picture, calibration_path)


def summary(directory: str, shown: Summary) -> float:
    """Draws the pictures over all steps into a directory; returns the seconds that it took."""
    from report import summary_plots

    start = time.monotonic()
    path = os.path.join(directory, "metrics.png")
    summary_plots.draw_metrics(path, shown.by_step, shown.perfect, shown.number_of_modes)
    path = os.path.join(directory, "mixture_weights.png")
    summary_plots.draw_weights(path, shown.betas, shown.effective_shares, shown.zero_shares)
    return time.monotonic() - start
