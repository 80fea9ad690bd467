"""The picture of a step's calibration."""

import pytest

from report import calibration_plots
from tests.report.looks import assert_drawn
from tests.report.steps import picture_of


def test_a_picture_does_not_show_what_was_drawn_before_it(tmp_path):
    alone, after = tmp_path / "alone.png", tmp_path / "after.png"
    calibration_plots._sheet.cache_clear()
    calibration_plots.draw(picture_of(3), str(alone))
    calibration_plots._sheet.cache_clear()
    calibration_plots.draw(picture_of(5), str(after))
    calibration_plots.draw(picture_of(3), str(after))
    assert after.read_bytes() == alone.read_bytes()


@pytest.mark.parametrize(("known", "width", "panels"), [(True, 1554, 3), (False, 1036, 2)])
def test_densities_are_compared_only_where_they_are_known(tmp_path, known, width, panels):
    calibration_plots.draw(picture_of(2, known=known), str(tmp_path / "a.png"))
    assert_drawn(tmp_path / "a.png", width, 504, panels=(1, panels))
