"""The report: self-contained, true to the metrics, and its verdict in words."""

import base64
import csv
import math
import os
import re

from evaluation.metrics import Metrics
from report.run_page import verdict
from tests.report.looks import assert_drawn, pixels

PERFECT = Metrics(-2.2, 0.9, 10, 0.99, 0.0, 0.97)


def test_a_good_mixture_is_called_good():
    lines = verdict(Metrics(-2.3, 0.88, 10, 0.98, 0.0, 0.9), PERFECT, 10)
    assert lines[0].startswith("10 of 10 modes; 98 % of the samples")
    assert "as likely as under samples of the truth itself within 0.2 nats" in lines[1]
    assert lines[2] == "C = 0.88, as a perfect sampler's."


def test_a_bad_one_bad():
    lines = verdict(Metrics(-4.2, 1.0, 7, 0.3, 0.3, 1.2), PERFECT, 10)
    assert lines[0].startswith("7 of 10 modes; 30 %")
    assert "2.0 nats less likely" in lines[1]
    assert "mass lies between the modes" in lines[2]
    assert "missed" in verdict(Metrics(-9.0, 0.4, 7, 0.3, 0.3, 1.2), PERFECT, 10)[2]


def test_without_a_known_truth_modes_are_not_spoken_of():
    nan = math.nan
    lines = verdict(Metrics(1.0, 0.9, nan, nan, nan, nan), PERFECT._replace(log_p=1.1), 0)
    assert len(lines) == 2


def test_the_page_needs_no_network_and_shows_the_metrics(tiny_run):
    workdir, _ = tiny_run
    with open(os.path.join(workdir, "report.html"), encoding="utf-8") as file:
        page = file.read()
    assert not re.findall(r'(?:src|href)="(?:https?:)?//', page)
    assert "<script" not in page
    pictures = re.findall(r'"data:image/png;base64,([^"]*)"', page)
    assert len(pictures) == 5  # two summaries, two steps, and the second one's calibration
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
