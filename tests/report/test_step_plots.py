"""The picture of a step, whatever points are."""

import numpy as np
import pytest

from report import step_plots
from tests.report.looks import assert_drawn, has_colour
from tests.report.steps import picture_of, table_units


@pytest.fixture
def path(tmp_path):
    return tmp_path / "step.png"


def test_a_picture_does_not_show_what_was_drawn_before_it(tmp_path):
    alone, after = tmp_path / "alone.png", tmp_path / "after.png"
    step_plots._PLANES.clear()
    step_plots.draw_step(picture_of(3), str(alone))
    step_plots._PLANES.clear()
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
    assert (np.mean((ratio < 250).any(axis=-1)) > 0.4) == reweighted  # it fills its panel
    mixture = shown[:574, 700:]
    assert has_colour(mixture, 92, 157, 248)  # the first component's blue, a bit transparent
    assert has_colour(mixture, 195, 238, 81)  # the second's lime


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


def ticks_in_units(axis):
    """Numbers at its ticks, and where in points they stand."""
    labels = [float(label.get_text()) for label in axis.get_ticklabels()]
    assert len(labels) >= 3
    return np.array(labels), axis.get_ticklocs()


def test_a_column_alone_has_its_name_and_ticks_in_the_users_units(kept):
    names, shift, scale = table_units(1)
    step_plots.draw_step(picture_of(2, (1,), False, (names, shift, scale)), "x.png")
    step_plots.draw_step(picture_of(2, (1,)), "x.png")
    bottom, plain = (figure.axes[1] for figure in kept)
    assert (bottom.get_xlabel(), plain.get_xlabel()) == ("column 0", "x")
    labels, places = ticks_in_units(bottom.xaxis)
    np.testing.assert_allclose(labels, places * scale[0] + shift[0])


def sheets_axes(units):
    """The panels of a plane's sheet."""
    step_plots._PLANES.clear()
    return step_plots._plane_of(picture_of(2, known=False, units=units).view).sheet.blank()


def test_a_planes_panels_have_names_and_ticks_in_the_users_units():
    _, shift, scale = table_units(2)
    for panel in sheets_axes(table_units(2)):
        assert (panel.get_xlabel(), panel.get_ylabel()) == ("column 0", "column 1")
        for number, axis in enumerate([panel.xaxis, panel.yaxis]):
            labels, places = ticks_in_units(axis)
            np.testing.assert_allclose(labels, places * scale[number] + shift[number])


def test_a_toys_panels_are_named_by_number():
    for panel in sheets_axes(()):
        assert (panel.get_xlabel(), panel.get_ylabel()) == ("coordinate 1", "coordinate 2")


def test_tables_of_other_names_do_not_share_a_sheet():
    first = sheets_axes(table_units(2))[0]
    names, shift, scale = table_units(2)
    other = picture_of(2, known=False, units=(("a", "b"), shift, scale)).view
    assert step_plots._plane_of(other).sheet.blank()[0].get_xlabel() == "a"
    assert first.get_xlabel() == "column 0"


def test_directions_of_a_table_say_what_they_are_made_of_and_others_do_not(kept):
    step_plots.draw_step(picture_of(2, (5,), False, table_units(5)), "x.png")
    step_plots.draw_step(picture_of(2, (5,), False), "x.png")
    table, plain = ([axis.get_xlabel() for axis in figure.axes[:9]] for figure in kept)
    made_of = [label.count("column ") == 3 for label in table]
    assert made_of == [row == column for row in "abc" for column in "abc"]
    assert plain[:6] == [""] * 6
    assert plain[6:] == [f"principal component {number}" for number in (1, 2, 3)]
    assert table[6:8] == plain[6:8]


def test_a_directions_largest_columns_are_named_by_size():
    direction = np.array([0.1, -0.7, 0.05, 0.5])
    assert step_plots._loadings(("a", "b", "c", "d"), direction) == "-0.70 b\n+0.50 d\n+0.10 a"
    assert step_plots._loadings(("a",), np.ones(1)) == "+1.00 a"
