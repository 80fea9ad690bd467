"""A table on several data sets as a heat table."""

import numpy as np
import pytest

from benchmarks.tables import heat
from report import drawing

ROWS = [
    (f"{number} modes, {way}", {"modes": float(number - missed), "reverse_kl": 0.1 * missed})
    for number in (3, 7)
    for way, missed in (("one", 2), ("many, step 3", 0))
]


@pytest.fixture
def panels(monkeypatch):
    """The panels of both columns."""
    figures = []
    monkeypatch.setattr(drawing, "save", lambda figure, path: figures.append(figure))
    perfect = [{"modes": 3.0, "reverse_kl": 0.0}, {"modes": 7.0, "reverse_kl": 0.0}]
    heat.draw("a.png", ("modes", "reverse_kl"), ROWS, perfect, "One seed.")
    return figures[0].axes


def test_each_cell_has_its_figure_and_the_last_row_a_perfect_samplers(panels):
    modes, kl = ([text.get_text() for text in axis.texts] for axis in panels)
    assert modes == ["1", "5", "3", "7", "3", "7"]
    assert kl == ["0.20", "0.20", "0.00", "0.00", "0.00", "0.00"]
    ways = [label.get_text() for label in panels[0].get_yticklabels()]
    assert ways == ["one", "many, step 3", "a perfect sampler"]
    for axis in panels:
        assert [label.get_text() for label in axis.get_xticklabels()] == ["3", "7"]
        assert axis.get_xlabel() == "modes of the data"


def test_only_what_is_worse_than_a_perfect_sampler_is_dark(panels):
    for axis in panels:
        dark = (axis.images[0].get_array()[..., :3] < 0.99).any(axis=-1)
        np.testing.assert_array_equal(dark, [[True, True], [False, False], [False, False]])
