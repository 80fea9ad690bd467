"""The comparison of runs: one self-contained page, and refusals in one line."""

import csv
import dataclasses
import os
import re
import shutil
import urllib.parse

import numpy as np
import pytest

from report import comparison_page
from report.comparison_page import Compared
from storage.workdir import Workdir
from tests.conftest import TINY, after, run_main
from tests.report.steps import picture_of, table_units
from tests.storage.runs import make_state, on_a_table

HTML = "--output=compare.html"


@pytest.fixture(scope="module")
def place(tiny_run, tmp_path_factory):
    """A directory with two runs, one of which is still being written."""
    directory = tmp_path_factory.mktemp("compare")
    shutil.copytree(tiny_run[0], str(directory / "tiny"))
    other = "a & <b> #1%"
    flags = [*TINY, "--seed=3", "--epochs=1", f"--workdir={directory}/{other}"]
    done = run_main(*flags, drawn=False)
    assert done.returncode == 0, done.stderr
    workdir = Workdir(str(directory / other))
    state = workdir.read_state()
    workdir.commit(after(state, list(state.steps[:1])))
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


def on_tables(path, names, **changed):
    """Runs on tables, the last one's state changed."""
    made = []
    for name in names:
        workdir, state = Workdir(str(path / name)), on_a_table(make_state(2))
        if name == names[-1]:
            state = dataclasses.replace(state, **changed)
        for record in state.steps:
            os.makedirs(workdir.component(record.step))
            np.save(workdir.join(record.data_weights), np.full(4, 0.25))
            picture = picture_of(record.step, (3,), False, table_units(3))
            picture.save(workdir.join(record.picture))
        made.append(Compared(workdir, {"steps": 2}, state))
    comparison_page.write(made, str(path / "compare.html"))
    return (path / "compare.html").read_text()


MEASURED_BY = r"<td>((?:perfect|Gaussian)[^<]*)</td><td></td><td>([^<]*)</td>"


def test_runs_on_own_data_are_measured_by_a_gaussian_mixture_once_for_all(tmp_path):
    page = on_tables(tmp_path, ["a", "b"])
    measured = [("perfect sampler", "-2.00"), ("Gaussian mixture, components: 4", "-3.00")]
    assert re.findall(MEASURED_BY, page) == measured
    assert page.count("a classifier tells samples from your data 62 times in 100") == 2
    assert page.count("data:image/png;base64,") == 5 + 2 + 2


def test_runs_on_other_data_have_a_gaussian_mixture_each(tmp_path):
    state = on_a_table(make_state(0))
    perfect = state.perfect._replace(median=state.perfect.median._replace(log_p=-1.0))
    changed = dict(perfect=perfect, data_fingerprint="other", simple_components=1)
    assert re.findall(MEASURED_BY, on_tables(tmp_path, ["a", "b"], **changed)) == [
        (f"perfect sampler, {tmp_path}/a", "-2.00"),
        (f"Gaussian mixture, components: 4, {tmp_path}/a", "-3.00"),
        (f"perfect sampler, {tmp_path}/b", "-1.00"),
        (f"Gaussian mixture, components: 1, {tmp_path}/b", "-3.00"),
    ]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], "needs two work directories or more after the flags, each once, got none"),
        (["tiny"], "needs two work directories or more after the flags, each once, got tiny"),
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
