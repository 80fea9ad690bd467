"""Steps to draw, without a run."""

import numpy as np

from evaluation.calibration import KDE_SAMPLES, Unseen
from evaluation.kde import KernelDensity
from report.views import GRID_SIDE, DataView, StepView

PLANE = (2,)


def table_units(columns):
    """Names, shift and scale of so many columns."""
    names = tuple(f"column {number}" for number in range(columns))
    return names, 100.0 * np.arange(1, columns + 1), 10.0 + np.arange(columns)


def picture_of(step, shape=PLANE, known=True, units=()):
    """Any, that differs from another step's in all that is drawn."""
    rng, number, size = np.random.RandomState(step), 40 * step, int(np.prod(shape))
    points = np.random.RandomState(0).randn(300, *shape)
    truth = (np.zeros((1, size)), 1.0, np.ones(1)) if known else ()
    view = DataView.of(shape, points, truth, units)
    samples = [rng.randn(50, size) for _ in range(step)]
    compared = known and size <= 2
    unseen = Unseen(
        *rng.randn(2, number).astype(np.float32),
        rng.randn(2, 20, size) if compared else np.zeros(0),
        rng.randn(KDE_SAMPLES, size) if compared else np.zeros(0),
    )
    density = KernelDensity(np.concatenate(samples), 0.3)
    probe = rng.randn(GRID_SIDE**2) if shape == PLANE else np.zeros(0)
    apart = rng.rand(size) if view.names else np.zeros(0)
    return StepView(step, view, rng.rand(300), samples, density, probe, unseen, apart)
