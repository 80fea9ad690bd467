"""What the pages share."""

import base64
import math
import os

import jinja2
import pytest

from evaluation.metrics import Metrics
from report import pages


def test_cells_are_formatted_and_what_has_no_meaning_is_empty():
    metrics = Metrics(-2.25, 0.9876, 3, math.nan, 0.01, 1.0)
    names = ["log_p", "coverage", "modes", "high_quality"]
    assert pages.cells(metrics, names) == ["-2.25", "0.988", "3", ""]
    assert pages.cell(math.nan, "{:.1f}") == ""
    assert pages.cell(math.inf, "{:.1f}") == "inf"


def test_a_picture_is_part_of_the_page():
    shown = pages.picture("a name", b"\x89PNG bytes")
    assert shown["name"] == "a name"
    assert base64.b64decode(shown["data"]) == b"\x89PNG bytes"


def render(text, **values):
    environment = pages.ENVIRONMENT.overlay(loader=jinja2.DictLoader({"t": text}))
    return environment.get_template("t").render(**values)


def test_names_cannot_become_part_of_the_page():
    assert render("{{ name }}", name="<script>&") == "&lt;script&gt;&amp;"


def test_what_a_template_lacks_is_an_error():
    with pytest.raises(jinja2.UndefinedError, match="name"):
        render("{{ name }}")


@pytest.mark.parametrize("name", ["report.html.j2", "compare.html.j2"])
def test_templates_call_nobody(name):
    with open(os.path.join(os.path.dirname(pages.__file__), name), encoding="utf-8") as file:
        text = file.read()
    assert "http://" not in text
    assert "https://" not in text
    pages.ENVIRONMENT.get_template(name)
