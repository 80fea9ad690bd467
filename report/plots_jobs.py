"""Drawing as calls by name: matplotlib is imported only where they run."""

import os
from typing import Any, Sequence

from evaluation.metrics import Metrics, Spread
from report.scene import Picture


def step(picture_path: str, path: str, calibration_path: str = "") -> None:
    """See `plots.draw_step`, `calibration_plots.draw`; the latter where there is a path for it."""
    from report import calibration_plots, plots

    picture = Picture.load(picture_path)
    plots.draw_step(picture, path)
    if calibration_path:
        calibration_plots.draw(picture, calibration_path)


def summary(
    directory: str,
    by_step: Sequence[Metrics],
    perfect: Spread,
    number_of_modes: int,
    betas: Sequence[float],
    effective_shares: Any,
    zero_shares: Sequence[float],
) -> None:
    """Draws `plots.draw_metrics` and `plots.draw_weights` into a directory."""
    from report import plots

    metrics_path = os.path.join(directory, "metrics.png")
    plots.draw_metrics(metrics_path, by_step, perfect, number_of_modes)
    weights_path = os.path.join(directory, "mixture_weights.png")
    plots.draw_weights(weights_path, betas, effective_shares, zero_shares)
