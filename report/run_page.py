"""`report.html`: a run on one page that needs no network, made from its committed state."""

import json
import math
import os
from typing import Dict, List

from base import durable
from evaluation.metrics import FORMATS, Spread
from report import pages
from report.pictures import of_step
from report.verdict import Verdict
from storage.state import State, StepRecord
from storage.workdir import Workdir

FILES = ("state.json", "metrics.csv", "settings.json", "plots", "components")
OWN_COLUMNS = ("beta", "weights at 0", "mean ratio", "calibration error", "it/s")


def write(workdir: Workdir, state: State, told: Verdict, summaries: Dict[str, str]) -> None:
    """Writes the report.

    Args:
      workdir: of the run.
      state: its committed steps, at least one.
      told: what they are worth.
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
        verdict=told.lines,
        summaries=[
            _picture(name, path) for name, path in sorted(summaries.items()) if name != "regions"
        ],
        regions=[_picture(name, path) for name, path in summaries.items() if name == "regions"],
        columns=columns,
        rows=[
            [str(record.step), *pages.cells(record.metrics, names), *_own_cells(record)]
            for record in state.steps
        ],
        perfect=[
            [name, *pages.cells(spread.median, names), *[""] * len(OWN_COLUMNS)]
            for name, spread in yardsticks(state).items()
        ],
        steps=steps,
        settings={
            room: {f"--{name}": value for name, value in values.items()}
            for room, values in json.loads(workdir.read_settings()).items()
        },
        files=[name for name in FILES if os.path.exists(workdir.join(name))],
    )
    durable.write_atomically(workdir.join("report.html"), text)


def yardsticks(state: State) -> Dict[str, Spread]:
    """What the mixture is measured by, by name."""
    found = {"perfect sampler": state.perfect}
    if state.simple:
        found[f"Gaussian mixture, components: {state.simple_components}"] = state.simple
    return found


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
