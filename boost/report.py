"""`report.html`: a run on one page that needs no network, made from its committed state."""

import base64
import json
import math
import os
from typing import Any, Dict, List

import jinja2

import durable
from boost.state import State
from boost.workdir import Workdir
from evaluation.metrics import FORMATS, Metrics

TEMPLATE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "report.html.j2")
FILES = ("state.json", "metrics.csv", "settings.json", "plots", "components")
ROOMY = 0.05
"""C may differ from a perfect sampler's by so much before the verdict remarks on it."""


def write(workdir: Workdir, state: State, number_of_modes: int, summaries: Dict[str, str]) -> None:
    """Writes the report.

    Args:
      workdir: of the run.
      state: its committed steps, at least one.
      number_of_modes: of the truth; 0 where it is not known.
      summaries: pictures over all steps, path by name.
    """
    with open(TEMPLATE, encoding="utf-8") as file:
        template = jinja2.Template(file.read(), autoescape=True, trim_blocks=True)
    last = state.steps[-1]
    names = [name for name in FORMATS if not math.isnan(getattr(last.metrics, name))]
    columns = ["step", *(FORMATS[name][0] for name in names), "beta", "weights at 0", "it/s"]
    pictures = [
        _picture(f"Step {record.step}", workdir.join("plots", f"step_{record.step:02d}.png"))
        for record in state.steps
    ]
    text = template.render(
        title=f"Mixture of {len(state.steps)} GANs in {os.path.basename(workdir.path) or '.'}",
        verdict=verdict(last.metrics, state.perfect.median, number_of_modes),
        summaries=[_picture(name, path) for name, path in sorted(summaries.items())],
        columns=columns,
        rows=[
            [str(record.step), *_cells(record.metrics, names), f"{record.beta:.3f}",
             f"{100 * record.zero_weight:.0f} %", _rate(record.iterations_per_second)]
            for record in state.steps
        ],
        perfect=["perfect sampler", *_cells(state.perfect.median, names), "", "", ""],
        steps=pictures,
        settings=json.loads(workdir.read_settings()),
        files=[name for name in FILES if os.path.exists(workdir.join(name))],
    )  # fmt: skip
    durable.write_atomically(workdir.join("report.html"), text)


def verdict(reached: Metrics, perfect: Metrics, number_of_modes: int) -> List[str]:
    """What the figures of a mixture mean, beside a perfect sampler's, in words."""
    lines = []
    if number_of_modes:
        lines.append(
            f"{reached.modes:.0f} of {number_of_modes} modes; "
            f"{100 * reached.high_quality:.0f} % of the samples lie within three standard "
            f"deviations of one (a perfect sampler's: {100 * perfect.high_quality:.0f} %)."
        )
    gap = perfect.log_p - reached.log_p
    lines.append(
        f"Real points are {'as likely as' if gap < 0.2 else f'{gap:.1f} nats less likely than'} "
        f"under samples of the truth itself{' within 0.2 nats' if gap < 0.2 else ''} "
        f"(log_p {reached.log_p:.2f}, perfect sampler {perfect.log_p:.2f})."
    )
    spread = reached.coverage - perfect.coverage
    meaning = "as a perfect sampler's"
    if spread > ROOMY:
        meaning = f"above a perfect sampler's {perfect.coverage:.2f}: mass lies between the modes"
    elif spread < -ROOMY:
        meaning = f"below a perfect sampler's {perfect.coverage:.2f}: real points are missed"
    lines.append(f"C = {reached.coverage:.2f}, {meaning}.")
    return lines


def _cells(metrics: Metrics, names: List[str]) -> List[str]:
    return [FORMATS[name][1].format(getattr(metrics, name)) for name in names]


def _rate(iterations_per_second: float) -> str:
    return "" if math.isnan(iterations_per_second) else f"{iterations_per_second:,.0f}"


def _picture(name: str, path: str) -> Dict[str, Any]:
    with open(path, "rb") as file:
        return {"name": name, "data": base64.b64encode(file.read()).decode()}
