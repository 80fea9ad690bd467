"""`report.html`: a run on one page that needs no network, made from its committed state."""

import json
import math
import os
from typing import Dict, List

from base import durable
from evaluation.metrics import FORMATS, Metrics
from report import pages
from report.pictures import of_step
from storage.state import State, StepRecord
from storage.workdir import Workdir

FILES = ("state.json", "metrics.csv", "settings.json", "plots", "components")
OWN_COLUMNS = ("beta", "weights at 0", "mean ratio", "calibration error", "it/s")
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
    last = state.steps[-1]
    names = [name for name in FORMATS if not math.isnan(getattr(last.metrics, name))]
    columns = ["step", *(FORMATS[name][0] for name in names), *OWN_COLUMNS]
    steps = [
        [_picture(f"{name}, step {record.step}", path) for name, path in paths.items()]
        for record, paths in ((record, of_step(workdir, record)) for record in state.steps)
    ]
    text = pages.render(
        "report.html.j2",
        title=f"Mixture of {len(state.steps)} GANs in {os.path.basename(workdir.path) or '.'}",
        verdict=verdict(last.metrics, state.perfect.median, number_of_modes),
        summaries=[_picture(name, path) for name, path in sorted(summaries.items())],
        columns=columns,
        rows=[
            [str(record.step), *pages.cells(record.metrics, names), *_own_cells(record)]
            for record in state.steps
        ],
        perfect=[
            "perfect sampler",
            *pages.cells(state.perfect.median, names),
            *[""] * len(OWN_COLUMNS),
        ],
        steps=steps,
        settings={
            room: {f"--{name}": value for name, value in values.items()}
            for room, values in json.loads(workdir.read_settings()).items()
        },
        files=[name for name in FILES if os.path.exists(workdir.join(name))],
    )
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


def _own_cells(record: StepRecord) -> List[str]:
    """A step's figures beside the metrics; "" for one that has no meaning there."""
    figures = [
        (record.beta, "{:.3f}"),
        (100 * record.zero_weight, "{:.0f} %"),
        (record.calibration.get("unseen_ratio", math.nan), "{:.2f}"),
        (record.calibration.get("error", math.nan), "{:.3f}"),
        (record.iterations_per_second, "{:,.0f}"),
    ]
    return [pages.cell(value, form) for value, form in figures]


def _picture(name: str, path: str) -> Dict[str, str]:
    with open(path, "rb") as file:
        return pages.picture(name, file.read())
