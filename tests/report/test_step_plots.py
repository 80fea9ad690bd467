"""The picture of a step, whatever points are."""

import numpy as np
import pytest

from report import step_plots
from tests.report.looks import assert_drawn, has_colour
from tests.report.steps import picture_of


@pytest.fixture
def path(tmp_path):
    return tmp_path / "step.png"


def test_a_picture_does_not_show_what_was_drawn_before_it(tmp_path):
    alone, after = tmp_path / "alone.png", tmp_path / "after.png"
    step_plots._plane_sheet.cache_clear()
    step_plots.draw_step(picture_of(3), str(alone))
    step_plots._plane_sheet.cache_clear()
    step_plots.draw_step(picture_of(5), str(after))
    step_plots.draw_step(picture_of(3), str(after))
    assert after.read_bytes() == alone.read_bytes()


@pytest.mark.parametrize("reweighted", [True, False])
def test_a_plane_has_four_panels(path, reweighted):
    picture = picture_of(2)
    if not reweighted:
        picture = picture._replace(probe_logits=np.zeros(0))
    step_plots.draw_step(picture, str(path))
    shown = assert_drawn(path, 1400, 1148, panels=(2, 2))
    ratio = shown[574:, :700]
    assert (np.mean((ratio < 250).any(axis=-1)) > 0.5) == reweighted  # it fills its panel
    mixture = shown[:574, 700:]
    assert has_colour(mixture, 98, 160, 203)  # the first component's blue, a bit transparent
    assert has_colour(mixture, 255, 165, 86)  # the second's orange


@pytest.mark.parametrize(
    ("shape", "known", "size", "panels"),
    [
        ((1,), True, (1120, 700), (2, 1)),
        ((5,), False, (1400, 1176), (2, 2)),
        ((4, 4, 3), False, (1041, 439), (1, 2)),
    ],
)
def test_other_points_have_pictures_of_their_own(path, shape, known, size, panels):
    step_plots.draw_step(picture_of(2, shape, known), str(path))
    assert_drawn(path, *size, panels=panels)
