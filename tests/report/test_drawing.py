"""How pictures are drawn and written."""

import os

import numpy as np
import pytest
from matplotlib import rcParams
from matplotlib.figure import Figure

from report import drawing
from report.drawing import Sheet
from report.views import DataView
from tests.report.looks import pixels


def test_a_sheet_shows_what_is_drawn_on_it_and_forgets_it():
    figure = Figure(figsize=(2, 1), dpi=100)
    axes = figure.subplots(1, 2)
    for axis in axes:
        axis.set(xlim=(0, 1), ylim=(0, 1))
    made = Sheet(figure, axes, [])
    empty = made.pixels().copy()
    left, _ = made.blank()
    drawing.dots(left, np.array([[0.5, 0.5]]), 100, color="r")
    left.text(0.1, 0.1, "text")
    shown = made.pixels().copy()
    differ = (shown != empty).any(axis=-1)
    assert differ[:, :100].any()
    assert not differ[:, 100:].any()
    made.blank()
    np.testing.assert_array_equal(made.pixels(), empty)


def test_a_picture_is_as_matplotlib_draws_it(tmp_path):
    with drawing.style():
        figure = Figure(figsize=(2, 1), dpi=100)
        figure.subplots().plot([0, 1], [0, 1], "r")
        drawing.save(figure, str(tmp_path / "a.png"))
        figure.savefig(str(tmp_path / "b.png"), dpi=100)
    np.testing.assert_array_equal(pixels(tmp_path / "a.png"), pixels(tmp_path / "b.png"))
    assert sorted(os.listdir(str(tmp_path))) == ["a.png", "b.png"]


def test_what_is_published_has_the_frame_and_equal_pictures_are_equal_files(tmp_path):
    with drawing.style():
        figure = Figure(figsize=(2, 1), dpi=100)
        axes = [figure.subplots()]
        axes[0].set(xlim=(0, 1), ylim=(0, 1), xlabel="its name")
        sheet = Sheet(figure, axes, [])
        before = sheet.pixels().copy()
        for name in ("a.svg", "b.svg"):
            drawing.save(sheet, str(tmp_path / name))
        np.testing.assert_array_equal(sheet.pixels(), before)
    first = (tmp_path / "a.svg").read_text()
    assert "its name" in first  # in a comment: letters are shapes
    assert first == (tmp_path / "b.svg").read_text()


@pytest.mark.parametrize("kind", ["svg", "pdf"])
def test_for_print_points_are_pixels_and_lines_are_shapes(tmp_path, kind):
    sizes = {}
    for number in (1000, 20_000):
        with drawing.style():
            figure = Figure(figsize=(2, 1), dpi=100)
            axis = figure.subplots()
            axis.plot([0, 1], [0, 1], "r")
            drawing.dots(axis, np.random.RandomState(0).rand(number, 2), 3, color="b")
            drawing.save(figure, str(tmp_path / f"a.{kind}"))
        sizes[number] = (tmp_path / f"a.{kind}").stat().st_size
    assert sizes[20_000] < 3 * sizes[1000]
    assert sizes[20_000] < 100_000
    if kind == "svg":
        text = (tmp_path / "a.svg").read_text()
        assert text.count("<image") == 1
        assert "stroke: #ff0000" in text


def test_a_sheets_legend_is_of_its_frame(tmp_path):
    figure = Figure(figsize=(2, 1), dpi=100)
    axis = figure.subplots()
    axis.plot([], [], "ro", label="a point")
    axis.legend()
    sheet = Sheet(figure, [axis], [])
    sheet.blank()
    red = (sheet.pixels()[..., :3] == [255, 0, 0]).all(axis=-1)
    assert red.any()
    drawing.save(sheet, str(tmp_path / "a.svg"))
    assert "a point" in (tmp_path / "a.svg").read_text()


def test_a_sheet_whose_drawing_fails_has_its_frame_hidden_again():
    figure = Figure(figsize=(2, 1), dpi=100)
    sheet = Sheet(figure, [figure.subplots()], [])
    with pytest.raises(OSError, match="full"), sheet.whole():
        raise OSError("full")
    assert not figure.patch.get_visible()


def test_a_users_own_style_does_not_matter():
    with drawing.style():
        expected = dict(rcParams)
    before = rcParams["lines.linewidth"]
    try:
        rcParams["lines.linewidth"] = 40
        with drawing.style():
            assert dict(rcParams) == expected
        assert rcParams["lines.linewidth"] == 40
    finally:
        rcParams["lines.linewidth"] = before


@pytest.mark.parametrize("number", [1, 10, 11, 40])
def test_each_component_has_a_colour_of_its_own(number):
    assert len(set(drawing.component_colors(number))) == number
    if number <= 10:
        assert drawing.component_colors(number)[0] == drawing.component_colors(1)[0]


def test_points_of_weight_0_are_grey_and_heavy_ones_lie_on_top():
    axis = Figure().subplots()
    weights = np.array([2.0, 0.0, 1.0, 3.0])
    drawn = drawing.scatter_weighted(axis, np.arange(8.0).reshape(4, 2), weights)
    np.testing.assert_array_equal(drawn.get_offsets()[:, 0], [4, 0, 6])  # lightest first
    np.testing.assert_array_equal(drawn.get_array(), [1, 2, 3])
    (gone,) = axis.lines
    np.testing.assert_array_equal(gone.get_xydata(), [[2, 3]])


def test_images_of_one_grey_or_three_colours_are_shown_between_their_limits():
    for shape in ((4, 4), (4, 4, 1), (4, 4, 3)):
        axis = Figure().subplots()
        drawing.show_image(axis, np.full(shape, 7.0), np.array([5.0, 9.0]))
        (shown,) = axis.images
        np.testing.assert_allclose(shown.get_array(), 0.5)
    drawing.show_image(axis, np.full((2, 2), 7.0), np.array([7.0, 7.0]))  # of constant data
    assert np.isfinite(axis.images[-1].get_array()).all()


MACHADO = {
    "all": np.eye(3),
    "no red": np.array(
        [
            [0.152286, 1.052583, -0.204868],
            [0.114503, 0.786281, 0.099216],
            [-0.003882, -0.048116, 1.051998],
        ]
    ),
    "no green": np.array(
        [
            [0.367322, 0.860646, -0.227968],
            [0.280085, 0.672501, 0.047413],
            [-0.011820, 0.042940, 0.968881],
        ]
    ),
}
"""What eyes without some cones see, in linear RGB (Machado, Oliveira and Fernandes, 2009)."""
XYZ = np.array(
    [
        [0.4124564, 0.3575761, 0.1804375],
        [0.2126729, 0.7151522, 0.0721750],
        [0.0193339, 0.1191920, 0.9503041],
    ]
)


def lab(linear):
    relative = linear @ XYZ.T / XYZ.sum(axis=1)
    bent = np.where(relative > (6 / 29) ** 3, np.cbrt(relative), relative * 841 / 108 + 4 / 29)
    x, y, z = bent.T
    return np.stack([116 * y - 16, 500 * (x - y), 200 * (y - z)], axis=1)


@pytest.mark.parametrize("sees", sorted(MACHADO))
def test_ten_components_are_told_apart_by_the_colour_blind_too(sees):
    """By at least 30 in CIE Lab, in which 2.3 is just seen; matplotlib's own ten: 7 without green.

    And from the white of the paper and the grey of the data.
    """
    shown = np.array([*drawing.component_colors(10), (1, 1, 1, 1), (0.8, 0.8, 0.8, 1)])[:, :3]
    linear = np.where(shown <= 0.04045, shown / 12.92, ((shown + 0.055) / 1.055) ** 2.4)
    seen = lab(np.clip(linear @ MACHADO[sees].T, 0, 1))
    apart = np.linalg.norm(seen[:, None] - seen[None], axis=-1)[np.triu_indices(12, 1)]
    assert np.sort(apart)[1] > 30  # white and grey are the nearest


def labelled(low, high, shift, scale, names=("age",)):
    """An axis of points from `low` to `high`."""
    points = np.linspace(low, high, 200)[:, None]
    view = DataView.of((1,), points, (), (names, np.array([shift]), np.array([scale])))
    axis = Figure().subplots()
    axis.set_xlim(low, high)
    drawing.label_axis(axis.xaxis, view, 0)
    return axis


def test_a_tables_axis_has_round_ticks_in_the_users_units():
    axis = labelled(-2.0, 2.0, 50.0, 20.0)  # from 10 to 90
    assert [label.get_text() for label in axis.get_xticklabels()] == ["20", "40", "60", "80"]
    np.testing.assert_allclose(axis.get_xticks(), [-1.5, -0.5, 0.5, 1.5])
    assert axis.get_xlabel() == "age"
    assert axis.get_xlim() == (-2.0, 2.0)


def test_ticks_of_a_crooked_ruler_do_not_stand_on_each_other():
    names, points = ("income",), np.linspace(-2.0, 2.0, 200)[:, None]
    users = np.exp(np.linspace(7.0, 12.0, 50))  # its points are its logarithm
    knots = {0: (users, np.log(users))}
    view = DataView.of((1,), points, (), (names, np.array([9.5]), np.array([1.0]), knots))
    axis = Figure().subplots()
    axis.set_xlim(-2.0, 2.0)
    drawing.label_axis(axis.xaxis, view, 0)
    values = np.array([float(label.get_text()) for label in axis.get_xticklabels()])
    assert len(values) >= 4
    np.testing.assert_allclose(axis.get_xticks(), np.log(values) - 9.5, atol=0.02)
    assert np.diff(axis.get_xticks()).min() >= 0.2 * 4.0
    np.testing.assert_array_equal(values % 2500, 0)  # round


@pytest.mark.parametrize(("shift", "scale"), [(1.6e9, 100.0), (1e6, 1.0), (2020.5, 0.001)])
def test_ticks_of_large_numbers_can_be_told_apart(shift, scale):
    axis = labelled(-2.0, 2.0, shift, scale)
    texts = [label.get_text() for label in axis.get_xticklabels()]
    assert len(set(texts)) == len(texts) >= 3


def test_points_that_are_no_table_keep_their_ticks_and_are_named_by_number():
    axis, plain = labelled(-2.0, 2.0, 50.0, 20.0, names=()), Figure().subplots()
    plain.set_xlim(-2.0, 2.0)
    np.testing.assert_array_equal(axis.get_xticks(), plain.get_xticks())
    assert axis.get_xlabel() == "x"  # of one coordinate
