"""Pictures of several runs."""

import math

import pytest

from evaluation.metrics import Metrics, Spread
from report import comparison_plots
from report.comparison_plots import Curve
from tests.report.looks import assert_drawn, has_colour
from tests.report.steps import picture_of

PERFECT = Spread(*[Metrics(-2.2, 0.9, 3, 0.99, 0.01, 0.97)] * 3)
NAN = [math.nan] * 4


def curve(name, number, perfect=None, known=True):
    figures = (3, 0.5, 0.3, 0.8) if known else NAN
    return Curve(name, [Metrics(-4.0 + s, s / 10, *figures) for s in range(1, number)], perfect)


def test_curves_of_all_runs_are_in_each_picture():
    drawn = comparison_plots.draw_curves([curve("a", 4, PERFECT), curve("b" * 90, 7)])
    assert list(drawn) == ["coverage C", "log p", "modes", "high quality"]
    for png in drawn.values():
        shown = assert_drawn(png, 616, 434)
        assert has_colour(shown, 31, 119, 180)
        assert has_colour(shown, 255, 127, 14)


def test_runs_on_own_data_are_compared_by_what_can_be_told_first():
    own = Metrics(-4.0, 0.5, *NAN, two_sample_auc=0.7, precision=0.6, recall=0.5)
    drawn = comparison_plots.draw_curves([Curve(name, [own] * 3, None) for name in "ab"])
    titles = ["classifier's AUC (0.5: not told)", "recall", "precision"]
    assert list(drawn) == [*titles, "coverage C", "log p"]


def test_what_no_run_knows_is_not_drawn():
    drawn = comparison_plots.draw_curves(
        [curve("a", 4, PERFECT, False), curve("b", 2, None, False)]
    )
    assert list(drawn) == ["coverage C", "log p"]


def test_a_legend_names_the_runs_that_have_the_figure(monkeypatch):
    monkeypatch.setattr(comparison_plots.drawing, "as_png", lambda figure: figure)
    drawn = comparison_plots.draw_curves([curve("a", 4, PERFECT), curve("b", 4, None, False)])
    names = {
        title: {text.get_text() for text in figure.axes[0].get_legend().get_texts()}
        for title, figure in drawn.items()
    }
    assert names["modes"] == {"a", "perfect sampler"}
    assert names["coverage C"] == {"a", "b", "perfect sampler"}


@pytest.mark.parametrize(
    ("shape", "height"), [((1,), 504), ((2,), 504), ((7,), 504), ((4, 4), 616)]
)
def test_samples_of_any_points_are_drawn(shape, height):
    picture = picture_of(2, shape, known=shape == (2,))
    assert_drawn(comparison_plots.draw_samples(picture, picture.view), 616, height)


def test_another_runs_frame_may_be_taken():
    """So that two runs on the same data can be compared by eye."""
    one, other = picture_of(2), picture_of(3)
    wide = other.view._replace(low=other.view.low * 3, high=other.view.high * 3)
    own, taken = (comparison_plots.draw_samples(one, view) for view in (one.view, wide))
    assert own != taken
    assert comparison_plots.draw_samples(one, other.view) == own


def test_weights_are_drawn():
    assert_drawn(comparison_plots.draw_weights([1.0, 0.5, 1 / 3], [1.0, 0.7, 0.4]), 616, 364)
