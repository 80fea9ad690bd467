"""The commands of docs/ run as they stand, in one directory, in the order of reading."""

import os
import re
import subprocess
import sys

import pandas
import pytest

from tests.conftest import ROOT

DOCS = ("own_data", "reading_the_report")
SHORT = f"""#!{sys.executable}
# `python` of the documents; a refinement is only begun, as its length does not depend on the data.
import os, runpy, sys
if "--refine" in sys.argv:
    sys.path.insert(0, {ROOT!r})
    from estimator import factory
    factory.load_tensorflow(-1)
    from boost import refiner
    refiner.ITERATIONS["mlp"], refiner.POINTS, refiner.PROPOSALS = 300, 2000, 2000
    sys.argv = sys.argv[1:]
    runpy.run_path(os.path.join({ROOT!r}, "main.py"), run_name="__main__")
else:
    os.execv({sys.executable!r}, [{sys.executable!r}, *sys.argv[1:]])
"""


def blocks(name):
    with open(os.path.join(ROOT, "docs", f"{name}.md"), encoding="utf-8") as file:
        return re.findall(r"^```sh\n(.*?)^```$", file.read(), re.S | re.M)


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    """Where every command of the documents has been run."""
    directory = tmp_path_factory.mktemp("docs")
    for name in ("main.py", "quality.flags", "cpu.flags"):
        (directory / name).symlink_to(os.path.join(ROOT, name))
    (directory / "bin").mkdir()
    (directory / "bin" / "python").write_text(SHORT)
    (directory / "bin" / "python").chmod(0o755)
    path = f"{directory}/bin{os.pathsep}{os.environ['PATH']}"
    for document in DOCS:
        for block in blocks(document):
            done = subprocess.run(
                ["sh", "-e", "-c", block], capture_output=True, text=True, cwd=str(directory),
                env={**os.environ, "PATH": path}, timeout=300,
            )  # fmt: skip
            assert done.returncode == 0, f"{block}\n{done.stdout}\n{done.stderr}"
    return directory


def test_the_tutorials_leave_what_they_promise(place):
    plain, refined = (pandas.read_csv(str(place / f"{n}.csv")) for n in ("new", "refined"))
    assert plain.shape == refined.shape == (2000, 2)
    for columns in (plain, refined):
        assert columns["x0"].between(15, 27).mean() > 0.9  # cm
    for name in ("mine/report.html", "mine/export/saved_model", "draws.json", "compare.html"):
        assert (place / name).exists(), name
    assert "--meta_algorithm" in (place / "compare.html").read_text()


def test_boosting_finds_the_rare_kind_as_the_tutorial_says(place):
    table = pandas.read_csv(str(place / "mine" / "metrics.csv"))
    assert table["log_p"].iloc[-1] > table["log_p"].iloc[0] + 5


@pytest.mark.parametrize("name", DOCS)
def test_links_lead_somewhere(name):
    with open(os.path.join(ROOT, "docs", f"{name}.md"), encoding="utf-8") as file:
        for link in re.findall(r"\]\((?!https?:)([^)#]+)", file.read()):
            assert os.path.exists(os.path.join(ROOT, "docs", link)), link
