"""The report: self-contained, true to the metrics, and with the verdict above all."""

import base64
import csv
import os
import re

from report import run_page
from report.pictures import of_step
from report.verdict import Verdict
from storage.workdir import Workdir
from tests.report.looks import assert_drawn, pixels
from tests.storage.runs import make_state, on_a_table

PNG = b"\x89PNG any"


def page_of(path, state, *lines):
    """The page of a run, whose pictures are any."""
    workdir = Workdir(str(path))
    os.makedirs(workdir.join("plots"))
    workdir.write_settings('{"Data": {"dataset": "file"}}')
    for record in state.steps:
        for picture in of_step(workdir, record).values():
            with open(picture, "wb") as file:
                file.write(PNG)
    run_page.write(workdir, state, Verdict("fair", list(lines), "Next: this."), {})
    with open(workdir.join("report.html"), encoding="utf-8") as file:
        return file.read()


def rows_of(page):
    """Cells of all rows of its tables."""
    rows = re.findall(r"<tr[^>]*>(.*?)</tr>", page, re.DOTALL)
    return [re.findall(r"<t[dh][^>]*>(.*?)</t[dh]>", row, re.DOTALL) for row in rows]


def test_the_verdict_stands_on_the_page_as_text(tmp_path):
    page = page_of(tmp_path, on_a_table(make_state(1)), "because of column <b>", "and more.")
    assert "fair: because of column &lt;b&gt;" in page
    assert page.index("fair: ") < page.index("and more.") < page.index("Next: this.")


def test_a_flag_in_a_verdict_is_not_broken_at_its_hyphens(tmp_path):
    page = page_of(tmp_path, make_state(1), "train with --steps=3 and more.")
    assert "train with <span>--steps=3</span> and more.</p>" in page


def test_own_data_are_measured_by_a_gaussian_mixture_too(tmp_path):
    rows = rows_of(page_of(tmp_path, on_a_table(make_state(2)), "why"))
    named = {row[0]: row for row in rows if row}
    head = named["step"]
    at = [head.index(name) for name in ("log_p", "two_sample_auc", "worst_column_ks", "copying")]
    shown = {name: [row[column] for column in at] for name, row in named.items() if len(row) > 5}
    del shown["step"]
    assert shown == {
        "1": ["-2.50", "0.625", "0.062", "1.25"],
        "2": ["-2.50", "0.625", "0.062", "1.25"],
        "perfect sampler": ["-2.00", "0.500", "0.062", "1.25"],
        "Gaussian mixture, components: 4": ["-3.00", "0.625", "0.062", "1.25"],
    }
    assert "modes" not in head
    assert len({len(row) for row in named.values() if len(row) > 5}) == 1


def test_a_tables_columns_have_their_picture(tmp_path):
    page = page_of(tmp_path, on_a_table(make_state(2)), "why")
    assert page.count("data:image/png;base64,") == 2 * 3  # step, columns, calibration


def test_a_toy_is_measured_by_a_perfect_sampler_alone(tmp_path):
    rows = rows_of(page_of(tmp_path, make_state(1), "why"))
    assert [row[0] for row in rows[:3]] == ["step", "1", "perfect sampler"]
    assert "modes" in rows[0]
    assert "two_sample_auc" not in rows[0]
    assert not any("Gaussian mixture" in cell for row in rows for cell in row)


def test_the_page_needs_no_network_and_shows_the_metrics(tiny_run):
    workdir, _ = tiny_run
    with open(os.path.join(workdir, "report.html"), encoding="utf-8") as file:
        page = file.read()
    assert not re.findall(r'(?:src|href)="(?:https?:)?//', page)
    assert "<script" not in page
    pictures = re.findall(r'"data:image/png;base64,([^"]*)"', page)
    assert len(pictures) == 6  # two summaries, regions, two steps, and the second one's calibration
    for each in map(base64.b64decode, pictures):
        height, width, _ = pixels(each).shape
        assert_drawn(each, width, height)
    with open(os.path.join(workdir, "metrics.csv")) as file:
        rows = list(csv.DictReader(file))
    for row in rows:
        assert f"<td>{float(row['log_p']):.2f}</td>" in page
    assert f"<td>{float(rows[1]['calibration_unseen_ratio']):.2f}</td>" in page
    assert f"<td>{float(rows[1]['calibration_error']):.3f}</td>" in page
    for link in re.findall(r'href="([^"]+)"', page):
        assert os.path.exists(os.path.join(workdir, link))


def test_regions_stand_under_their_own_heading_with_how_to_read_them(tmp_path):
    workdir, state, paths = Workdir(str(tmp_path)), make_state(1), {}
    page_of(tmp_path, state, "why")
    for name in ("metrics", "regions"):
        paths[name] = workdir.join("plots", f"{name}.png")
        with open(paths[name], "wb") as file:
            file.write(PNG)
    run_page.write(workdir, state, Verdict("fair", ["why"], "Next: this."), paths)
    with open(workdir.join("report.html"), encoding="utf-8") as file:
        page = file.read()
    at = [
        page.index(each) for each in ('alt="metrics"', "Who failed", 'alt="regions"', "Pictures<")
    ]
    assert at == sorted(at)
    assert page.count('alt="regions"') == 1


def test_without_their_picture_there_is_no_such_heading(tmp_path):
    assert "Who failed" not in page_of(tmp_path, make_state(1), "why")
