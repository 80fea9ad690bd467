"""Drawing as calls by name, as another process does it."""

import os
import subprocess
import sys
from xml.etree import ElementTree

import numpy as np
import pytest

from evaluation.metrics import Metrics, Spread
from report import plots_jobs
from report.plots_jobs import Summary
from tests.conftest import ROOT
from tests.report.looks import assert_drawn
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
SHOWN = Summary(BY_STEP, PERFECT, None, 3, [1.0, 0.5], np.ones(2), [0.0, 0.5])


@pytest.mark.parametrize("shape", [(2,), (1,), (3,), (4, 4)])
def test_what_is_published_needs_no_pixels(tmp_path, shape):
    picture_of(2, shape, len(shape) == 1).save(str(tmp_path / "picture.npz"))
    plots_jobs.publish(str(tmp_path), str(tmp_path / "picture.npz"), SHOWN)
    for name in ("metrics.svg", "last_step.svg"):
        root = ElementTree.parse(str(tmp_path / name)).getroot()
        assert root.tag == "{http://www.w3.org/2000/svg}svg"
        assert len(list(root.iter())) > 100


def test_summaries_are_drawn_into_their_directory_and_timed(tmp_path):
    assert 0 < plots_jobs.summary(str(tmp_path), SHOWN) < 60
    assert_drawn(tmp_path / "metrics.png", 2240, 406)
    assert_drawn(tmp_path / "mixture_weights.png", 1120, 406)


def test_matplotlib_is_loaded_by_drawing_alone():
    code = (
        "import sys; from report import plots_jobs, pictures; sys.exit('matplotlib' in sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=True)
