"""Which runs go on one page; the page itself is the report's."""

import os
import shutil

import pytest

from base.errors import UsageError
from commands import compare
from tests.commands.calls import call


@pytest.fixture
def two(run):
    other = os.path.join(os.path.dirname(run), "other")
    shutil.copytree(run, other)
    return [run, other]


def compared(paths, output, explicit=None):
    compare.compare(call("compare", "results", output=str(output)), paths, explicit or {})


def test_two_runs_make_a_page_that_names_both(two, tmp_path, caplog):
    compared(two, tmp_path / "page.html")
    page = (tmp_path / "page.html").read_text()
    assert page.count("2 of 2 steps") == 2
    assert "Wrote 2 runs to " in caplog.text


@pytest.mark.parametrize("how_many", [0, 1])
def test_one_run_is_no_comparison(two, tmp_path, how_many):
    with pytest.raises(UsageError, match="needs two work directories or more .*, each once, got"):
        compared(two[:how_many], tmp_path / "page.html")


def test_a_run_by_two_names_is_one(two, tmp_path):
    os.symlink(two[0], str(tmp_path / "link"))
    with pytest.raises(UsageError, match="needs two work directories or more .*, each once, got"):
        compared([two[0], str(tmp_path / "link")], tmp_path / "page.html")


def test_settings_are_not_taken(two, tmp_path):
    with pytest.raises(UsageError, match="--seed=3: --mode=compare shows runs as they were made"):
        compared(two, tmp_path / "page.html", {"seed": 3})


def test_a_damaged_run_is_not_shown(two, tmp_path):
    with open(os.path.join(two[1], "components", "01", "picture.npz"), "ab") as file:
        file.write(b"x")
    with pytest.raises(UsageError, match=r"picture.npz: was changed"):
        compared(two, tmp_path / "page.html")
    assert not (tmp_path / "page.html").exists()
