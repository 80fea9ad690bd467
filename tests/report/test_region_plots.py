"""The picture of who failed at which region."""

import numpy as np
import pytest
from matplotlib.colors import to_rgba

from evaluation import regions
from evaluation.regions import ByRegion
from report import region_plots
from report.region_plots import COLUMNS, MARK, ROWS
from report.views import DataView
from tests.report.looks import assert_drawn, has_colour, pixels
from tests.report.steps import picture_of, table_units


def of_steps(steps, shape=(2,), known=False, units=()):
    """What the picture of so many steps is made from."""
    pictures = [picture_of(step, shape, known, units) for step in range(1, steps + 1)]
    view = pictures[0].view
    found = regions.find(view.points)
    by_region = regions.compare(
        found,
        view.points,
        [each.relative_weights for each in pictures],
        [each.samples[-1] for each in pictures],
        np.concatenate(pictures[-1].samples),
    )
    return view, found, by_region


def texts(axis):
    return [text.get_text() for text in axis.texts]


def heads(axis):
    return [label.get_text() for label in axis.get_xticklabels()]


@pytest.mark.parametrize(
    ("shape", "known", "units"),
    [((2,), True, ()), ((1,), False, ()), ((5,), False, table_units(5)), ((5,), False, ())]
    + [((4, 4), False, ()), ((4, 4, 3), False, ())],
)
@pytest.mark.parametrize("steps", [1, 3])
def test_any_data_are_drawn(tmp_path, shape, known, units, steps):
    path = tmp_path / "regions.png"
    view, found, by_region = of_steps(steps, shape, known, units)
    region_plots.draw_regions(str(path), view, found, by_region)
    lines = {1: 2, 2: 2, 5: 5 if units else 1}.get(view.points.shape[1], 1)
    top = 0.62 + 0.62 * view.is_image + 0.145 * lines
    height = int(140 * (top + 0.3 * steps + 1.15) + 1e-9)
    assert_drawn(path, 1400, height)


MADE = ByRegion(
    sizes=np.array([0.9, 0.06, 0.04, 0.0]),
    asked=np.array([[0.9, 0.06, 0.04, 0.0], [0.656, 0.3, 0.04, 0.004], [0.9, 0.06, 0.04, 0.0]]),
    made=np.array([[1.0, 0.0, 0.0, 0.0], [0.9997, 0.0, 0.0003, 0.0], [np.nan] * 4]),
    counts=np.array([500, 500, 0]),
    mixture=np.array([0.98, 0.0, 0.004, 0.016]),
    mixture_count=1500,
)


def plane(points):
    return DataView.of((2,), points)


def of_made():
    centres = np.array([[0.0, 0], [5, 0], [0, 5.25], [5, 5]])
    return plane(np.random.RandomState(0).randn(100, 2)), regions.Regions(
        centres, np.zeros(2), None
    )


def test_cells_say_what_was_asked_for_and_what_was_made(kept):
    region_plots.draw_regions("x.png", *of_made(), MADE)
    cells, last = kept[0].axes
    rows = np.reshape(texts(cells), (3, 8)).tolist()
    assert rows[0] == ["90", "100", "6.0", "0", "4.0", "0", "0", "0"]
    assert rows[1] == ["66", "100", "30", "0", "4.0", "<0.1", "0.4", "0"]
    assert rows[2] == ["90", "-", "6.0", "-", "4.0", "-", "0", "-"]
    assert [label.get_text() for label in cells.get_yticklabels()] == [
        "component 1",
        "component 2",
        "component 3",
    ]
    assert texts(last) == ["1.09", "", "0.00", "not made", "0.10", "overlooked", "", ""]


def test_what_was_asked_for_and_not_made_is_framed(kept):
    region_plots.draw_regions("x.png", *of_made(), MADE)
    (frame,) = kept[0].axes[0].patches
    assert frame.get_edgecolor() == to_rgba(MARK)
    assert frame.get_x() < 1 < frame.get_x() + frame.get_width()  # second column, second row
    assert frame.get_y() < 1 < frame.get_y() + frame.get_height()


def test_the_frame_is_seen(tmp_path):
    path = tmp_path / "regions.png"
    region_plots.draw_regions(str(path), *of_made(), MADE)
    assert has_colour(pixels(path), 214, 39, 40)


def test_regions_of_the_plane_are_named_by_size_and_place(kept):
    region_plots.draw_regions("x.png", *of_made(), MADE)
    assert heads(kept[0].axes[0])[:3] == [
        "90 %\n(0.0, 0.0)",
        "6.0 %\n(5.0, 0.0)",
        "4.0 %\n(0.0, 5.2)",
    ]


def test_regions_of_a_table_are_named_by_the_two_columns_that_tell_them(kept):
    rng = np.random.RandomState(0)
    points = rng.randn(1000, 3)
    points[:50] = [0.0, 8.0, -4.0] + 0.1 * rng.randn(50, 3)
    names = ("short", "a column of a long name", "third")
    units = (names, np.array([0.0, 1000.0, 0.0]), np.array([1.0, 100.0, 1.0]))
    view = DataView.of((3,), points, (), units)
    found = regions.find(points)
    everything = [np.ones(1000)], [points], points
    region_plots.draw_regions("x.png", view, found, regions.compare(found, points, *everything))
    (rare,) = [head for head in heads(kept[0].axes[0]) if head.startswith("5.0 %")]
    lines = rare.split("\n")
    assert lines[1] == "a column of …"
    assert float(lines[2].replace(",", "")) == pytest.approx(1800, abs=10)
    assert lines[3] == "third"
    assert float(lines[4]) == pytest.approx(-4, abs=0.1)


@pytest.mark.parametrize(
    ("value", "spread", "text"),
    [
        (1.14e-8, 1.3, "0"),
        (-3.963e-9, 1.3, "0"),
        (0.96689, 1.3, "0.97"),
        (1.0, 1.3, "1"),
        (67.263, 80.0, "67.3"),
        (18243.7, 150_000.0, "18,000"),
        (1.6e9 + 12.34, 20.0, "1,600,000,012.3"),
        (0.00012345, 0.001, "0.00012"),
    ],
)
def test_where_a_region_lies_is_told_to_a_hundredth_of_the_data(value, spread, text):
    assert region_plots._plain(value, spread) == text


def test_regions_of_images_show_their_mean(kept):
    view, found, by_region = of_steps(2, (4, 4))
    region_plots.draw_regions("x.png", view, found, by_region)
    pictures = [axis for axis in kept[0].axes if axis.images and not axis.axison]
    assert len(pictures) == len(found.centres)
    limits = np.percentile(view.points, [0, 100])
    for axis, mean in zip(pictures, regions.means(found, view.points)):
        expected = (mean.reshape(4, 4) - limits[0]) / (limits[1] - limits[0])
        np.testing.assert_allclose(axis.images[0].get_array(), expected)


def test_of_many_regions_and_components_those_that_matter_are_shown(kept):
    rng, many, steps = np.random.RandomState(0), COLUMNS + 8, ROWS + 3
    means = 10.0 * np.stack([np.arange(many), np.zeros(many)], axis=1)
    view = DataView.of((2,), np.repeat(means, 100, axis=0), (means, 1.0, np.ones(many) / many))
    found = regions.of_modes(view.points, means)
    mixture = np.repeat(means[8:], 100, axis=0)  # lacks the first eight
    weights, samples = [rng.rand(len(view.points)) for _ in range(steps)], [mixture] * steps
    by_region = regions.compare(found, view.points, weights, samples, mixture)
    region_plots.draw_regions("x.png", view, found, by_region)
    cells = kept[0].axes[0]
    shown = heads(cells)
    assert len(shown) == COLUMNS
    assert shown[:8] == [f"5.0 %\n({10.0 * number}, 0.0)" for number in range(8)]
    names = [label.get_text() for label in cells.get_yticklabels()]
    assert names == [f"component {number}" for number in range(4, steps + 1)]
    assert f"the {COLUMNS} of {many}" in " ".join(text.get_text() for text in kept[0].texts)
