"""Several runs on one page that needs no network, made from what each has committed.

Loads matplotlib: to be imported only where such a page is made.
"""

import math
import os
import urllib.parse
from typing import Any, Dict, List, NamedTuple, Sequence

import numpy as np

import durable
from boost import pages, report
from boost.state import State
from boost.workdir import Workdir
from evaluation import comparison_plots
from evaluation.metrics import FORMATS
from evaluation.scene import Picture


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
    pictures = [Picture.load(run.workdir.join(run.state.steps[-1].picture)) for run in runs]
    first = pictures[0].scene
    names = [
        name
        for name in FORMATS
        if not all(math.isnan(getattr(run.state.steps[-1].metrics, name)) for run in runs)
    ]
    samples = [
        comparison_plots.draw_samples(
            each, first if each.scene.shape == first.shape else each.scene
        )
        for each in pictures
    ]
    text = pages.render(
        "compare.html.j2",
        title=f"{len(runs)} runs compared",
        remarks=_remarks(runs),
        runs=[
            {
                "name": run.name,
                "link": _link(run, path),
                "progress": f"{len(run.state.steps)} of {run.settings['steps']} steps",
                "verdict": report.verdict(
                    run.state.steps[-1].metrics,
                    run.state.perfect.median,
                    len(picture.scene.means),
                ),
            }
            for run, picture in zip(runs, pictures)
        ],
        columns=["run", "steps", *(FORMATS[name][0] for name in names)],
        rows=[
            [run.name, len(run.state.steps), *pages.cells(run.state.steps[-1].metrics, names)]
            for run in runs
        ],
        perfect=[
            [f"perfect sampler, {run.name}" if len(_yardsticks(runs)) > 1 else "perfect sampler"]
            + ["", *pages.cells(run.state.perfect.median, names)]
            for run in _yardsticks(runs)
        ],
        setting_columns=["", *(run.name for run in runs)],
        settings=differences(runs),
        curves=_curves(runs),
        samples=_named(runs, samples),
        weights=_named(runs, [_weights(run) for run in runs]),
    )
    durable.write_atomically(path, text)


def differences(runs: Sequence[Compared]) -> List[List[Any]]:
    """The settings that are not the same in all runs: flag, then its value in each."""
    rows = [[f"--{name}", *(run.settings[name] for run in runs)] for name in runs[0].settings]
    return [row for row in rows if any(value != row[1] for value in row[2:])]


def _yardsticks(runs: Sequence[Compared]) -> List[Compared]:
    """The first run of each kind of data and sizes, on which a perfect sampler scores the same."""
    return list({repr(run.state.perfect): run for run in reversed(runs)}.values())[::-1]


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
    yardsticks = _yardsticks(runs)
    curves = [
        comparison_plots.Curve(
            run.name,
            [record.metrics for record in run.state.steps],
            run.state.perfect if run in yardsticks else None,
        )
        for run in runs
    ]
    drawn = comparison_plots.draw_curves(curves)
    return [pages.picture(title, png) for title, png in drawn.items()]


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
