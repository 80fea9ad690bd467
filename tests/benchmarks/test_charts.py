"""A table as a picture of dots and bands, and what a perfect sampler scores."""

import numpy as np
import pytest

from benchmarks.tables import charts, making, perfect
from benchmarks.tables.charts import IDEAL, Row
from input_fn.settings import DataSettings
from report import drawing


@pytest.fixture
def kept(monkeypatch):
    """The figures that are drawn, instead of their files."""
    figures = {}
    monkeypatch.setattr(drawing, "save", lambda figure, path: figures.update({path: figure}))
    return figures


COLUMNS = ("log_p", "modes", "width")
ROWS = [
    Row("plain", True, {"log_p": (-3, -4, -2), "modes": (8, 7, 9), "width": (0.8, 0.7, 0.9)}),
    Row("refined", True, {"log_p": (-2, -3, -1), "modes": (9, 9, 9), "width": (0.9, 0.9, 0.9)}),
    Row("of others", False, {"modes": (5, 4, 6)}),
]


def drawn(kept, rows, columns=COLUMNS, known=()):
    """The panels by title."""
    charts.bands("a.png", columns, rows, dict(known), "10 seeds.")
    assert sorted(kept) == ["a.pdf", "a.png"]
    assert kept["a.pdf"] is kept["a.png"]
    return {axis.get_title(): axis for axis in kept["a.png"].axes}


def test_what_others_published_comes_first_and_no_panel_has_empty_rows(kept):
    panels = drawn(kept, ROWS)
    assert list(panels) == ["modes ↑", "log p ↑", "width →"]
    names = [[label.get_text() for label in axis.get_yticklabels()] for axis in panels.values()]
    assert names[:2] == [["plain", "refined", "of others"], ["plain", "refined"]]
    heights = [axis.get_position().height for axis in panels.values()]
    assert heights[0] / heights[1] == pytest.approx(3 / 2)
    for axis, rows in zip(panels.values(), (3, 2, 2)):
        assert len(axis.containers) == rows


def test_a_dot_is_the_median_and_a_bar_its_band(kept):
    line, _, (bar,) = drawn(kept, ROWS[:1])["log p ↑"].containers[0].lines
    np.testing.assert_array_equal(line.get_xydata(), [[-3, 0]])
    np.testing.assert_array_equal(bar.get_segments()[0], [[-4, 0], [-2, 0]])


def test_a_perfect_samplers_line_is_where_it_is_known(kept):
    panels = drawn(kept, ROWS, known={"modes": 10.0, "width": 0.97}.items())
    ideal = {
        title: [line.get_xdata()[0] for line in axis.lines if line.get_color() == IDEAL]
        for title, axis in panels.items()
    }
    assert ideal == {"modes ↑": [10.0], "log p ↑": [], "width →": [0.97]}


def test_the_same_way_of_others_shares_a_row(kept):
    rows = [row._replace(title="step 1") for row in (ROWS[0], ROWS[2])]
    axis = drawn(kept, rows)["modes ↑"]
    assert [label.get_text() for label in axis.get_yticklabels()] == ["step 1"]
    above, below = (container.lines[0].get_ydata()[0] for container in axis.containers)
    assert -0.5 < above < 0 < below < 0.5


def test_figures_that_are_far_off_are_on_a_logarithmic_axis(kept):
    far = ROWS[0]._replace(bands={"log_p": (-100.0, -900.0, -5.0)})
    assert drawn(kept, [far], ("log_p",))["log p ↑"].get_xscale() == "symlog"
    assert drawn(kept, ROWS, ("log_p",))["log p ↑"].get_xscale() == "linear"


@pytest.mark.parametrize("name", sorted(making.TABLES))
def test_all_columns_of_all_tables_have_a_name_and_a_better_side(name):
    for column in making.TABLES[name].columns:
        assert charts.title_of(column)[-1] in "↑↓→"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("0.45±0.09", (0.45, 0.36, 0.54)),
        ("-82.14 [-581.73; -5.88]", (-82.14, -581.73, -5.88)),
        ("8", (8, 8, 8)),
    ],
)
def test_published_figures_are_drawn_with_their_bands(text, expected):
    assert charts.number_and_band(text) == pytest.approx(expected)
    assert np.isnan(charts.number_and_band("")).all()


@pytest.mark.parametrize("number", [1, 3])
def test_a_perfect_sampler_ends_at_three_deviations_in_closed_form(number):
    """Of a Gaussian in the plane: P(r > 3) = exp(-9 / 2), and the rest's variance."""
    found = perfect.of_toy(DataSettings(gmm_modes_num=number, toy_dataset_size=1000))
    beyond = np.exp(-4.5)
    assert found["modes"] == number
    assert found["high_quality"] == pytest.approx(1 - beyond, abs=0.003)
    assert found["width"] == pytest.approx(np.sqrt(1 - 4.5 * beyond / (1 - beyond)), abs=0.01)
    assert 0 <= found["reverse_kl"] < 0.005
    assert found["worst_log_p"] < found["log_p"]
