"""What pictures show of a run and of its steps: the same points in all of them."""

from typing import List, Tuple

import numpy as np

from boost import scoring
from boost.mixture import Mixture
from boost.step import Step
from evaluation.calibration import Unseen
from input_fn.datasets import Dataset
from report.views import DataView, StepView, points_shown

SAMPLES_SHOWN = 2500
"""Samples of a mixture that its picture shows."""


def data_view(dataset: Dataset, scorer: scoring.Scorer) -> DataView:
    """The data as every picture of a run shows them."""
    points = dataset.train_points(rows_shown(dataset))
    columns = dataset.columns
    units: Tuple = ()
    if columns and columns.is_table:
        knots = {int(columns.coordinates(c)[0]): made for c, made in columns.bent.items()}
        names, gaps = columns.coordinate_names, columns.gap_ends
        units = (names, columns.shift, columns.scale, knots, gaps)
    return DataView.of(dataset.shape, points, scorer.truth or (), units)


def rows_shown(dataset: Dataset) -> np.ndarray:
    """Indices of the training points that the pictures show: the same in all, evenly spread."""
    number = points_shown(dataset.number, dataset.shape)
    return np.linspace(0, dataset.number - 1, number).astype(np.int64)


def step_view(done: Step, view: DataView, dataset: Dataset) -> StepView:
    """What is shown of a step."""
    fitted = done.fitted
    shown = rows_shown(dataset)
    return StepView(
        step=done.number,
        view=view,
        relative_weights=done.reweighting.data_weights[shown] * dataset.number,
        samples=_by_component(done.mixture),
        density=done.scored.density,
        probe_logits=fitted.probe_logits if fitted else np.zeros(0, np.float32),
        unseen=fitted.unseen if fitted else Unseen.nothing(),
        apart=np.array(done.scored.worst.apart),
    )


def _by_component(mixture: Mixture) -> List[np.ndarray]:
    """Samples of the mixture to look at, [n, prod(shape)] by component, n as it weighs."""
    points = [pool.for_discriminator for pool in mixture.pools]
    number = points_shown(SAMPLES_SHOWN, points[0].shape[1:])
    return [
        own[: int(round(number * weight))].reshape(-1, int(np.prod(own.shape[1:])))
        for own, weight in zip(points, mixture.weights)
    ]
