"""The README's picture: which modes it calls missed."""

import numpy as np

from benchmarks import front_page
from evaluation.calibration import Unseen
from evaluation.kde import KernelDensity
from report.views import DataView, StepView


def test_a_mode_is_missed_without_a_sample_within_three_deviations():
    means = np.array([[0.0, 0.0], [10.0, 0.0], [0.0, 10.0]])
    view = DataView.of((2,), means, (means, 1.0, np.full(3, 1 / 3)))
    samples = [np.array([[0.0, 2.9]]), np.array([[10.0, 3.1], [5.0, 5.0]])]
    density = KernelDensity(np.concatenate(samples), 1.0)
    nothing = np.zeros(0, np.float32)
    picture = StepView(2, view, np.ones(3), samples, density, nothing, Unseen.nothing())
    np.testing.assert_array_equal(front_page.missed(picture), means[1:])
