"""The pictures over all steps."""

import math
from unittest import mock

import numpy as np
import pytest
from matplotlib.figure import Figure

from evaluation.metrics import Metrics, Spread
from report import summary_plots
from tests.report.looks import assert_drawn, has_colour

PERFECT = Spread(
    Metrics(-2.2, 0.9, 3, 0.99, 0.01, 0.97),
    Metrics(-2.4, 0.85, 3, 0.98, 0.0, 0.9),
    Metrics(-2.0, 0.94, 3, 1.0, 0.02, 1.0),
)
STEPS = [Metrics(-4.0 + step, 0.5 + step / 10, step, 0.5, 0.3, 0.8) for step in range(1, 4)]


@pytest.mark.parametrize(
    ("modes", "size", "panels"), [(3, (1344, 812), (2, 3)), (0, (896, 406), (1, 2))]
)
def test_figures_stand_beside_a_perfect_samplers(tmp_path, modes, size, panels):
    path = tmp_path / "metrics.png"
    summary_plots.draw_metrics([str(path)], STEPS, PERFECT, modes)
    shown = assert_drawn(path, *size, panels=panels)
    assert has_colour(shown, 31, 119, 180)
    assert has_colour(shown, 202, 231, 202)  # the band: green, of which a quarter shows


OWN = [
    Metrics(-4.0, 0.5, *[math.nan] * 4, two_sample_auc=auc, precision=0.7, recall=0.6)
    for auc in (0.9, 0.8, 0.7)
]
OWN_PERFECT = Spread(
    *(
        Metrics(-2.2 + end, 0.9 + end, *[math.nan] * 4, 0.5 + end, 0.8 + end, 0.8 + end)
        for end in (0, -0.05, 0.05)
    )
)


@pytest.mark.parametrize("simple", [None, Spread(*[OWN[1]] * 3)])
def test_own_data_have_panels_of_their_own_with_a_simple_model_in_them(tmp_path, simple):
    path = tmp_path / "metrics.png"
    summary_plots.draw_metrics([str(path)], OWN, OWN_PERFECT, 0, simple)
    shown = assert_drawn(path, 1344, 812, panels=(2, 3))
    for panel in (part for half in np.split(shown, 2) for part in np.split(half, 3, axis=1)):
        assert has_colour(panel, 31, 119, 180)
        assert has_colour(panel, 202, 231, 202)  # the band
        assert has_colour(panel, 255, 127, 14) == bool(simple)  # its line


def test_a_simple_model_far_off_does_not_hide_the_rest(monkeypatch):
    figures = []
    monkeypatch.setattr(summary_plots.drawing, "save", lambda figure, _: figures.append(figure))
    far = Spread(*[OWN[1]._replace(log_p=-500.0)] * 3)
    summary_plots.draw_metrics(["x.png"], OWN, OWN_PERFECT, 0, far)
    (axis,) = [axis for axis in figures[0].axes if axis.get_title().startswith("log p")]
    assert axis.get_ylim()[0] > -50


@pytest.mark.parametrize("steps", [1, 3, 14])
def test_mixture_weights_are_drawn(tmp_path, steps):
    path = tmp_path / "weights.png"
    shares = np.linspace(1, 0.4, steps)
    summary_plots.draw_weights(str(path), [1 / s for s in range(1, steps + 1)], shares, 1 - shares)
    shown = assert_drawn(path, 1120, 406, panels=(1, 2))
    assert has_colour(shown, 214, 39, 40)


def test_bars_are_the_weights_after_each_step():
    betas = [1.0, 0.25, 0.5]
    axis = Figure().subplots()
    summary_plots.stack_weights(axis, betas)
    after = {}
    for bar in axis.patches:
        after.setdefault(round(bar.get_x() + bar.get_width() / 2), []).append(bar.get_height())
    assert after == {1: [1.0], 2: [0.75, 0.25], 3: [0.375, 0.125, 0.5]}
    tops = [bar.get_y() + bar.get_height() for bar in axis.patches]
    assert max(tops) == pytest.approx(1)


@pytest.mark.parametrize(
    ("values", "cut"), [([-80.0, -4.0, -3.0, -2.5], True), ([-4.0, -3.5, -3.0, -2.5], False)]
)
def test_an_outlier_does_not_hide_the_rest(values, cut):
    axis = mock.Mock()
    summary_plots.keep_outliers_from_hiding_the_rest(axis, np.array(values), PERFECT)
    assert axis.set_ylim.called == cut
    if cut:
        floor, top = axis.set_ylim.call_args[0]
        assert floor > -20
        assert top > -2.0
        assert all(floor < value < top for value in values[1:])


def test_nothing_known_is_no_trouble(tmp_path):
    nan = math.nan
    steps = [Metrics(-3.0, 0.9, nan, nan, nan, nan)]
    summary_plots.draw_metrics([str(tmp_path / "a.png")], steps, PERFECT, 0)
    assert_drawn(tmp_path / "a.png", 896, 406)


def test_each_panel_shows_one_figure_and_names_both_axes(monkeypatch):
    figures = []
    monkeypatch.setattr(summary_plots.drawing, "save", lambda figure, _: figures.append(figure))
    summary_plots.draw_metrics(["x.png"], STEPS, PERFECT, 3)
    summary_plots.draw_metrics(["x.png"], OWN, OWN_PERFECT, 0)
    summary_plots.draw_weights("x.png", [1.0, 0.5], [1.0, 0.5], [0.0, 0.5])
    for axis in (axis for figure in figures for axis in figure.axes):
        assert axis.get_xlabel() == "boosting step"
        assert axis.get_ylabel()
    for axis in (axis for figure in figures[:2] for axis in figure.axes):
        assert [line.get_label() for line in axis.lines if line.get_marker() == "o"] == ["mixture"]
