"""The picture of a table's columns, one by one."""

import numpy as np
import pytest
from matplotlib.figure import Figure

from report import column_plots, drawing
from report.column_plots import SHOWN
from report.views import DataView
from tests.report.looks import assert_drawn, has_colour
from tests.report.steps import picture_of, table_units

HIGH, WIDE = 140 * 2.1, 140 * 3.1  # pixels of a panel


@pytest.fixture
def kept(monkeypatch):
    """The figures that are drawn, instead of their files."""
    figures = []
    monkeypatch.setattr(drawing, "save", lambda figure, path: figures.append(figure))
    return figures


def of_table(columns, step=2):
    return picture_of(step, (columns,), False, table_units(columns))


@pytest.mark.parametrize(
    ("columns", "down", "across"), [(1, 1, 1), (3, 1, 3), (4, 1, 4), (8, 2, 4), (25, 5, 4)]
)
def test_each_column_has_a_panel_up_to_a_number(tmp_path, columns, down, across):
    path = tmp_path / "columns.png"
    column_plots.draw_columns(of_table(columns), str(path))
    shown = assert_drawn(path, int(WIDE * across), int(HIGH * down + 70), panels=(down, across))
    assert has_colour(shown, 31, 119, 180)  # the mixture
    assert has_colour(shown, 191, 191, 191)  # the data


def test_panels_without_a_column_are_empty(kept):
    column_plots.draw_columns(of_table(6), "x.png")
    assert [bool(axis.patches) for axis in kept[0].axes] == [True] * 6 + [False] * 2
    assert not any(axis.axison for axis in kept[0].axes[6:])


def test_columns_come_in_the_order_of_their_scores_and_say_how_far_they_are_apart(kept):
    """The verdict's: its worst column is the first, whatever the points that are drawn."""
    picture = of_table(SHOWN + 5)
    column_plots.draw_columns(picture, "x.png")
    order = np.argsort(-picture.apart)[:SHOWN]
    assert [(axis.get_xlabel(), axis.get_title()) for axis in kept[0].axes] == [
        (picture.view.names[number], f"{picture.apart[number]:.2f} apart") for number in order
    ]


def test_what_lies_outside_the_frame_is_counted_at_its_edge(kept):
    picture = of_table(1)
    far = picture._replace(samples=[np.full((50, 1), 1e9)])
    column_plots.draw_columns(far, "x.png")
    (axis,) = kept[0].axes
    outline = axis.patches[-1].get_path().vertices
    low, high = axis.get_xlim()
    heights = outline[outline[:, 0] > high - (high - low) / 30, 1]
    width = (high - low) / (column_plots.BINS - 1)
    assert heights.max() == pytest.approx(1 / width)  # all of them in the last bin
    assert (low, high) == (picture.view.low[0], picture.view.high[0])


def test_a_column_of_one_value_is_drawn(tmp_path):
    picture = of_table(1)
    view = picture.view._replace(points=np.zeros((300, 1)))
    column_plots.draw_columns(picture._replace(view=view), str(tmp_path / "x.png"))
    assert_drawn(tmp_path / "x.png", int(WIDE), int(HIGH + 70))


def test_ticks_are_in_the_users_units():
    picture, axis = of_table(3), Figure().subplots()
    column_plots._panel(axis, picture, np.concatenate(picture.samples), 1)
    (_, shift, scale), ticks = table_units(3), axis.get_xticks()
    labels = [float(label.get_text()) for label in axis.get_xticklabels()]
    np.testing.assert_allclose(labels, ticks * scale[1] + shift[1])
    assert len(labels) >= 3


def test_the_bars_of_few_values_stand_on_their_ticks():
    """The last one too, beyond which the frame goes on and no value lies."""
    picture, axis = of_table(1), Figure().subplots()
    scores = np.array([-1.2, -0.1, 1.3])
    points = np.repeat(scores, 100)[:, None]
    units = (("eggs",), np.zeros(1), np.ones(1), {0: (np.array([0.0, 1.0, 2.0]), scores)})
    view = DataView.of((1,), points, (), units)
    column_plots._panel(axis, picture._replace(view=view), points, 0)
    bars = [bar for bar in axis.patches[:-1] if bar.get_height() > 0]
    ticks = {label.get_text(): at for label, at in zip(axis.get_xticklabels(), axis.get_xticks())}
    assert len(bars) == 3
    for text, bar in zip("012", bars):
        assert bar.get_x() <= ticks[text] <= bar.get_x() + bar.get_width()


def test_numbers_that_are_missing_are_not_drawn(kept):
    """The second column says of the first, from 0.5 on, that it is missing."""
    picture = of_table(2)
    says = np.arange(300) % 3 == 0
    points = np.stack([np.where(says, 0, picture.view.points[:, 0]), says], axis=1)
    view = picture.view._replace(points=points, gaps=np.array([[0, 1, 0.5]]))
    column_plots.draw_columns(picture._replace(view=view, samples=[points[says]]), "x.png")
    (axis,) = (axis for axis in kept[0].axes if axis.get_xlabel() == view.names[0])
    *bars, outline = axis.patches
    width = (view.high[0] - view.low[0]) / (column_plots.BINS - 1)
    assert sum(bar.get_height() for bar in bars) * width == pytest.approx(2 / 3)
    assert outline.get_path().vertices[:, 1].max() == 0  # samples lack all of theirs
