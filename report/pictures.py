"""The pictures of a run, drawn beside the training from what each step left on disk."""

import os
import time
from typing import Dict, Iterator, Optional, Tuple

import numpy as np

from report import plots_jobs
from report.plots_jobs import Summary
from report.side_process import SideProcess
from storage.state import State, StepRecord
from storage.workdir import Workdir

PAUSE = 60.0
"""Between two summaries, in times of what one takes: steps may be as short as a summary."""
FIRST = 30.0
"""Seconds before which there is none but the last, for the same reason."""


def of_step(workdir: Workdir, record: StepRecord) -> Dict[str, str]:
    """Pictures of a step, path by name; calibration only where there was a discriminator."""
    names = ["step", *["columns"] * bool(record.worst), *["calibration"] * bool(record.calibration)]
    return {name: workdir.join("plots", f"{name}_{record.step:02d}.png") for name in names}


class Pictures:
    """Keeps `plots/` in step with the committed state.

    Each step has its pictures. Summaries over all steps are drawn so that they take a sixtieth of
    the time, where steps are short only after some; `wait` makes them those of the last step, and
    has that drawn for print. Where a run is stopped, they may lack its last steps, or all, until it
    goes on.
    """

    def __init__(self, side: SideProcess, workdir: Workdir, number: int, modes: int):
        """Args: what draws; the run's directory; N, its training points; modes of the truth."""
        self._side, self._workdir, self._number, self._modes = side, workdir, number, modes
        self._steps: Dict[int, StepRecord] = {}  # by ticket
        self._summary: Optional[int] = None  # ticket of the summary that is being drawn
        self._last: Optional[str] = None  # what the last step is drawn from
        self._newest: Optional[State] = None  # a state whose summary is still to be drawn
        self._summary_due = time.monotonic() + FIRST
        os.makedirs(workdir.join("plots"), exist_ok=True)

    def draw(self, state: State) -> None:
        """Has the pictures of all committed steps drawn that are not there yet."""
        queued = {record.step for record in self._steps.values()}
        for record in state.steps:
            paths = of_step(self._workdir, record)
            if record.step not in queued and not all(map(os.path.exists, paths.values())):
                source = self._workdir.join(record.picture)
                ticket = self._side.submit(plots_jobs.step, source, paths)
                self._steps[ticket] = record
        if state.steps:
            self._newest = state
            self._draw_summary()

    def finished(self) -> Iterator[Tuple[str, int, str]]:
        """What pictures are drawn since the last call: their names, steps and paths."""
        done = set(self._side.finished())
        if self._summary in done:
            took = self._side.result(self._summary)
            self._summary, self._summary_due = None, time.monotonic() + PAUSE * took
            self._draw_summary()
        for ticket in sorted(done & set(self._steps)):
            record = self._steps.pop(ticket)
            for name, path in of_step(self._workdir, record).items():
                yield name, record.step, path

    def wait(self) -> Iterator[Tuple[str, int, str]]:
        """Waits for all, the last state's summary too; then as `finished`."""
        while self._steps or self._summary is not None or self._newest is not None:
            self._summary_due = 0.0
            self._draw_summary()
            tickets = [*self._steps] + ([] if self._summary is None else [self._summary])
            self._side.result(min(tickets))
            yield from self.finished()
        if self._last is not None:
            plots = self._workdir.join("plots")
            self._side.result(self._side.submit(plots_jobs.publish, plots, self._last))

    def summaries(self) -> Dict[str, str]:
        """Pictures over all steps, by name."""
        names = ("metrics", "mixture_weights", "regions")
        return {name: self._workdir.join("plots", f"{name}.png") for name in names}

    def _draw_summary(self) -> None:
        """One at a time, when it is due; until then newer states replace each other."""
        due = self._summary is None and time.monotonic() >= self._summary_due
        if due and self._newest is not None:
            steps = self._newest.steps
            shown = Summary(
                by_step=[record.metrics for record in steps],
                perfect=self._newest.perfect,
                simple=self._newest.simple,
                number_of_modes=self._modes,
                betas=[record.beta for record in steps],
                effective_shares=np.array([record.effective_sample_size for record in steps])
                / self._number,
                zero_shares=[record.zero_weight for record in steps],
                pictures=[self._workdir.join(record.picture) for record in steps],
            )
            self._last = shown.pictures[-1]
            plots = self._workdir.join("plots")
            self._summary = self._side.submit(plots_jobs.summary, plots, shown)
            self._newest = None
