"""Several runs on one page that needs no network, made from what each has committed.

Loads matplotlib: to be imported only where such a page is made.
"""

import math
import os
import urllib.parse
from typing import Any, Dict, List, NamedTuple, Sequence

import numpy as np

from base import durable
from evaluation.metrics import FORMATS
from report import comparison_plots, pages, run_page, verdict
from report.verdict import Circumstances
from report.views import StepView
from storage.state import State
from storage.workdir import Workdir


class Compared(NamedTuple):
    """One of the runs."""

    workdir: Workdir
    settings: Dict[str, Any]  # by flag
    state: State  # at least one step

    @property
    def name(self) -> str:
        """The path as it was given."""
        return self.workdir.path


def write(runs: Sequence[Compared], path: str) -> None:
    """Writes the page, all or nothing; a run may be writing all the while.

    Args:
      runs: at least two.
      path: of the .html.
    """
    lasts = [run.state.steps[-1] for run in runs]
    pictures = [StepView.load(run.workdir.join(last.picture)) for run, last in zip(runs, lasts)]
    names = [
        name
        for name in FORMATS
        if not all(math.isnan(getattr(last.metrics, name)) for last in lasts)
    ]
    text = pages.render(
        "compare.html.j2",
        title=f"{len(runs)} runs compared",
        remarks=_remarks(runs),
        runs=[_head(run, picture, path) for run, picture in zip(runs, pictures)],
        columns=["run", "steps", *(FORMATS[name][0] for name in names)],
        rows=[
            [run.name, last.step, *pages.cells(last.metrics, names)]
            for run, last in zip(runs, lasts)
        ],
        perfect=[
            [f"{what}{whose}", "", *pages.cells(spread.median, names)]
            for whose, run in _measured_by(runs).items()
            for what, spread in run_page.yardsticks(run.state).items()
        ],
        setting_columns=["", *(run.name for run in runs)],
        settings=differences(runs),
        curves=_curves(runs),
        samples=_named(runs, _samples(runs, pictures)),
        weights=_named(runs, [_weights(run) for run in runs]),
    )
    durable.write_atomically(path, text)


def differences(runs: Sequence[Compared]) -> List[List[Any]]:
    """The settings that are not the same in all runs: flag, then its value in each."""
    rows = [[f"--{name}", *(run.settings[name] for run in runs)] for name in runs[0].settings]
    return [row for row in rows if any(value != row[1] for value in row[2:])]


def _head(run: Compared, picture: StepView, path: str) -> Dict[str, Any]:
    """What stands above all of a run, on a page of this path."""
    around = Circumstances(run.workdir.path, len(picture.view.means), 0)
    return {
        "name": run.name,
        "link": _link(run, path),
        "progress": f"{len(run.state.steps)} of {run.settings['steps']} steps",
        "verdict": verdict.of_state(run.state, around).lines,
    }


def _measured_by(runs: Sequence[Compared]) -> Dict[str, Compared]:
    """The first run of all that are measured by the same, by what tells it from the others."""
    firsts: Dict[str, Compared] = {}
    for run in runs:
        firsts.setdefault(repr(run.state.perfect), run)
    if len(firsts) == 1:
        return {"": runs[0]}
    return {f", {run.name}": run for run in firsts.values()}


def _remarks(runs: Sequence[Compared]) -> List[str]:
    remarks = []
    if len({run.state.data_fingerprint for run in runs}) > 1:
        remarks.append(
            "The runs learned different data: compare each with its own perfect sampler only."
        )
    if len({run.state.sizes for run in runs}) > 1:
        remarks.append("They are scored on different numbers of points, which log_p and C feel.")
    return remarks


def _curves(runs: Sequence[Compared]) -> List[Dict[str, str]]:
    measured_by = [run.name for run in _measured_by(runs).values()]
    curves = [
        comparison_plots.Curve(
            run.name,
            [record.metrics for record in run.state.steps],
            run.state.perfect if run.name in measured_by else None,
        )
        for run in runs
    ]
    drawn = comparison_plots.draw_curves(curves)
    return [pages.picture(title, png) for title, png in drawn.items()]


def _samples(runs: Sequence[Compared], pictures: Sequence[StepView]) -> List[bytes]:
    """In one frame where the data are the same."""
    return [
        comparison_plots.draw_samples(
            picture,
            pictures[0].view if _same_data(run, runs[0]) else picture.view,
        )
        for run, picture in zip(runs, pictures)
    ]


def _same_data(run: Compared, other: Compared) -> bool:
    return run.state.data_fingerprint == other.state.data_fingerprint


def _weights(run: Compared) -> bytes:
    steps = run.state.steps
    number = len(np.load(run.workdir.join(steps[0].data_weights), mmap_mode="r"))
    shares = [record.effective_sample_size / number for record in steps]
    return comparison_plots.draw_weights([record.beta for record in steps], shares)


def _named(runs: Sequence[Compared], drawn: Sequence[bytes]) -> List[Dict[str, str]]:
    return [pages.picture(run.name, png) for run, png in zip(runs, drawn)]


def _link(run: Compared, path: str) -> str:
    """From the page to the run's report, or to its directory while there is none."""
    target = run.workdir.join("report.html")
    target = target if os.path.exists(target) else run.workdir.path
    relative = os.path.relpath(os.path.abspath(target), os.path.dirname(os.path.abspath(path)))
    return urllib.parse.quote(relative)
