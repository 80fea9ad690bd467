"""The comparison of runs: one self-contained page, and refusals in one line."""

import csv
import dataclasses
import os
import re
import shutil
import urllib.parse

import pytest

from storage.workdir import Workdir
from tests.conftest import TINY, after, run_main

HTML = "--output=compare.html"


@pytest.fixture(scope="module")
def place(tiny_run, tmp_path_factory):
    """A directory with two runs, one of which is still being written."""
    directory = tmp_path_factory.mktemp("compare")
    shutil.copytree(tiny_run[0], str(directory / "tiny"))
    other = "a & <b> #1%"
    done = run_main(*TINY, "--seed=3", "--epochs=1", f"--workdir={directory}/{other}")
    assert done.returncode == 0, done.stderr
    workdir = Workdir(str(directory / other))
    state = workdir.read_state()
    workdir.commit(after(state, list(state.steps[:1])))
    shutil.rmtree(workdir.join("plots"))
    os.remove(workdir.join("report.html"))
    return directory


def compare(place, *arguments):
    return run_main("--mode=compare", *arguments, cwd=place)


def test_one_page_shows_all_runs(place):
    other = "a & <b> #1%"
    done = compare(place, "tiny", HTML, other)  # flags may follow
    assert done.returncode == 0, done.stderr
    assert done.stdout == "Wrote 2 runs to compare.html\n"
    page = (place / "compare.html").read_text()
    assert not re.findall(r'(?:src|href)="(?:https?:)?//', page)
    assert "<script" not in page
    assert "<b>" not in page
    links = re.findall(r'href="([^"]+)"', page)
    assert links == ["tiny/report.html", urllib.parse.quote(other)]
    assert "</a>, 2 of 2 steps" in page
    assert "</a>, 1 of 2 steps" in page
    assert page.count("data:image/png;base64,") == 4 + 2 + 2
    assert page.count('class="verdict"') == 2
    assert page.count(">perfect sampler</td>") == 1  # the same data and sizes
    for name in ("tiny", other):
        with open(str(place / name / "metrics.csv")) as file:
            last = list(csv.DictReader(file))[-1]
        assert f"<td>{float(last['log_p']):.2f}</td>" in page


def test_only_settings_that_differ_are_shown(place):
    assert compare(place, HTML, "tiny", "a & <b> #1%").returncode == 0
    page = (place / "compare.html").read_text()
    rows = re.findall(r"<tr><td>--(\w+)</td><td>(\S+)</td><td>(\S+)</td></tr>", page)
    assert rows == [("seed", "0", "3"), ("epochs", "4", "1")]


def test_other_data_are_remarked_on(place):
    workdir = Workdir(str(place / "elsewhere"))
    shutil.copytree(str(place / "tiny"), workdir.path)
    state = workdir.read_state()
    perfect = state.perfect._replace(median=state.perfect.median._replace(log_p=-1.0))
    changed = dataclasses.replace(state, data_fingerprint="other", perfect=perfect)
    workdir.commit(dataclasses.replace(changed, complete=True))
    assert compare(place, HTML, "tiny", "elsewhere").returncode == 0
    page = (place / "compare.html").read_text()
    assert "learned different data" in page
    assert page.count(">perfect sampler, ") == 2


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], "needs two different work directories or more after the flags, got none"),
        (["tiny"], "needs two different work directories or more after the flags, got tiny"),
        (["tiny", "./tiny"], "got tiny ./tiny"),
        (["tiny", "absent"], "absent: holds no run"),
        (["tiny", "started"], "started: has no finished step yet"),
        (["tiny", "a & <b> #1%", "--output=x.txt"], "--output=x.txt: --mode=compare needs a file"),
        (["tiny", "a & <b> #1%", "--epochs=3"], "--epochs=3: --mode=compare shows runs as they"),
        (["tiny", "a & <b> #1%", "--workdir=x"], "--workdir: --mode=compare takes directories"),
        (["tiny", "started", "--refine"], "--refine: is for --mode=sample or --mode=evaluate or"),
        (["tiny", "damaged"], "was changed since step 2 was committed"),
    ],
)
def test_bad_input_is_one_line_with_status_2(place, arguments, message):
    if not (place / "damaged").exists():
        shutil.copytree(str(place / "tiny"), str(place / "damaged"))
        with open(str(place / "damaged" / "components" / "02" / "picture.npz"), "ab") as file:
            file.write(b"x")
        (place / "started").mkdir()
        shutil.copy(str(place / "tiny" / "settings.json"), str(place / "started"))
    (place / "compare.html").write_text("before")
    done = compare(place, HTML, *arguments)
    assert done.returncode == 2
    assert message in done.stderr
    assert done.stderr.count("\n") == 1
    assert (place / "compare.html").read_text() == "before"
