"""What the HTML pages share: one look, self-contained, readable from disk without network."""

import base64
import math
import os
from typing import Any, Dict, List

import jinja2

from evaluation.metrics import FORMATS, Metrics

ENVIRONMENT = jinja2.Environment(
    loader=jinja2.FileSystemLoader(os.path.dirname(os.path.abspath(__file__))),
    autoescape=True,
    trim_blocks=True,
    undefined=jinja2.StrictUndefined,
)


def render(template: str, **values: Any) -> str:
    """The text of a page from a template of this room and what it shows."""
    return ENVIRONMENT.get_template(template).render(**values)


def picture(name: str, png: bytes) -> Dict[str, str]:
    """A picture as the templates take it."""
    return {"name": name, "data": base64.b64encode(png).decode()}


def cells(metrics: Metrics, names: List[str]) -> List[str]:
    """Some fields of the metrics as cells of a table."""
    return [cell(getattr(metrics, name), FORMATS[name][1]) for name in names]


def cell(value: float, form: str) -> str:
    """A figure in this format; "" for nan, which has no meaning there."""
    return "" if math.isnan(value) else form.format(value)
