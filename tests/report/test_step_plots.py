"""Pictures on frames that were drawn before."""

import numpy as np
import pytest

from evaluation.calibration import KDE_SAMPLES, Unseen
from evaluation.kde import KernelDensity
from report import calibration_plots, step_plots
from report.scene import GRID_SIDE, Picture, Scene


def picture_of(step):
    """Any, that differs from another step's in all that is drawn."""
    rng, number = np.random.RandomState(step), 40 * step
    points = np.random.RandomState(0).randn(300, 2)
    scene = Scene.of((2,), points, (np.zeros((1, 2)), 1.0, np.ones(1)))
    samples = [rng.randn(50, 2) for _ in range(step)]
    unseen = Unseen(
        *rng.randn(2, number).astype(np.float32), rng.randn(2, 20, 2), rng.randn(KDE_SAMPLES, 2)
    )
    density = KernelDensity(np.concatenate(samples), 0.3)
    return Picture(step, scene, rng.rand(300), samples, density, rng.randn(GRID_SIDE**2), unseen)


def forget_frames():
    step_plots._plane_sheet.cache_clear()
    calibration_plots._sheet.cache_clear()


@pytest.mark.parametrize("draw", [step_plots.draw_step, calibration_plots.draw])
def test_a_picture_does_not_show_what_was_drawn_before_it(tmp_path, draw):
    alone, after = tmp_path / "alone.png", tmp_path / "after.png"
    forget_frames()
    draw(picture_of(3), str(alone))
    forget_frames()
    draw(picture_of(5), str(after))
    draw(picture_of(3), str(after))
    assert after.read_bytes() == alone.read_bytes()
