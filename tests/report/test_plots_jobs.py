"""Drawing as calls by name, as another process does it."""

import os
import subprocess
import sys
from xml.etree import ElementTree

import numpy as np
import pytest

from evaluation import regions
from evaluation.metrics import Metrics, Spread
from report import plots_jobs, region_plots
from report.plots_jobs import Summary
from tests.conftest import ROOT
from tests.report.looks import assert_drawn, pixels
from tests.report.steps import picture_of, table_units


def test_a_step_is_drawn_from_its_file(tmp_path):
    picture_of(2, (1,)).save(str(tmp_path / "picture.npz"))
    step, calibration = tmp_path / "step.png", tmp_path / "calibration.png"
    paths = {"step": str(step), "calibration": str(calibration)}
    plots_jobs.step(str(tmp_path / "picture.npz"), paths)
    assert_drawn(step, 1120, 700)
    assert_drawn(calibration, 1554, 504)
    assert sorted(os.listdir(str(tmp_path))) == ["calibration.png", "picture.npz", "step.png"]


def test_a_tables_columns_are_drawn_where_asked_for(tmp_path):
    picture_of(2, (3,), False, table_units(3)).save(str(tmp_path / "picture.npz"))
    plots_jobs.step(str(tmp_path / "picture.npz"), {"columns": str(tmp_path / "a.png")})
    assert_drawn(tmp_path / "a.png", 1302, 364, panels=(1, 3))
    assert sorted(os.listdir(str(tmp_path))) == ["a.png", "picture.npz"]


PERFECT = Spread(*[Metrics(-1.0, 0.9, 3, 1.0, 0.0, 1.0)] * 3)
BY_STEP = [Metrics(-2.0, 0.8, 2, 0.5, 0.1, 0.9)] * 2
SHOWN = Summary(BY_STEP, PERFECT, None, 3, [1.0, 0.5], np.ones(2), [0.0, 0.5], [])


def shown_of(directory, *pictures):
    """A summary of these steps, which are on disk."""
    paths = [str(directory / f"{picture.step}.npz") for picture in pictures]
    for picture, path in zip(pictures, paths):
        picture.save(path)
    return SHOWN._replace(pictures=paths)


def assert_shapes(svg):
    """An .svg of letters and lines that are shapes."""
    root = ElementTree.parse(str(svg)).getroot()
    assert root.tag == "{http://www.w3.org/2000/svg}svg"
    assert len(list(root.iter())) > 100


@pytest.mark.parametrize("shape", [(2,), (1,), (3,), (4, 4)])
def test_what_is_published_is_made_of_shapes(tmp_path, shape):
    picture_of(2, shape, len(shape) == 1).save(str(tmp_path / "picture.npz"))
    plots_jobs.publish(str(tmp_path), str(tmp_path / "picture.npz"))
    assert_shapes(tmp_path / "last_step.svg")


def test_summaries_are_drawn_into_their_directory_and_timed(tmp_path):
    shown = shown_of(tmp_path, picture_of(1), picture_of(2))
    assert 0 < plots_jobs.summary(str(tmp_path), shown) < 60
    assert_drawn(tmp_path / "metrics.png", 1344, 812)
    assert_shapes(tmp_path / "metrics.svg")
    assert_drawn(tmp_path / "mixture_weights.png", 1120, 406)
    assert pixels(tmp_path / "regions.png").shape[1] == 1400


def drawn_regions(monkeypatch, directory, *pictures):
    """What the picture of the regions of these steps is made from."""
    calls = []
    monkeypatch.setattr(region_plots, "draw_regions", lambda *call: calls.append(call))
    plots_jobs.summary(str(directory), shown_of(directory, *pictures))
    ((path, *call),) = calls
    assert path == str(directory / "regions.png")
    return call


def test_regions_are_compared_by_each_steps_own_weights_and_samples(tmp_path, monkeypatch):
    pictures = [picture_of(step, (3,), False) for step in (1, 2, 3)]
    view, found, by_region = drawn_regions(monkeypatch, tmp_path, *pictures)
    np.testing.assert_array_equal(view.points, pictures[0].view.points)
    assert len(found.centres) == 10
    for row, picture in enumerate(pictures):
        asked = found.shares(view.points, picture.relative_weights)
        np.testing.assert_allclose(by_region.asked[row], asked)
        np.testing.assert_allclose(by_region.made[row], found.shares(picture.samples[-1]))
    mixture = found.shares(np.concatenate(pictures[-1].samples))
    np.testing.assert_allclose(by_region.mixture, mixture)


def test_clusters_are_looked_for_once_and_again_for_other_points(tmp_path, monkeypatch):
    searches = []
    find = regions.find
    monkeypatch.setattr(regions, "find", lambda points: searches.append(points) or find(points))
    monkeypatch.setattr(plots_jobs, "_FOUND", [])
    for shape, expected in [((3,), 1), ((3,), 1), ((4,), 2)]:
        drawn_regions(monkeypatch, tmp_path, picture_of(1, shape, False))
        assert len(searches) == expected


def test_known_modes_are_the_regions(tmp_path, monkeypatch):
    picture = picture_of(1)
    _, found, _ = drawn_regions(monkeypatch, tmp_path, picture)
    np.testing.assert_array_equal(found.centres, picture.view.means)


def test_matplotlib_is_loaded_by_drawing_alone():
    code = (
        "import sys; from report import plots_jobs, pictures; sys.exit('matplotlib' in sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=True)
