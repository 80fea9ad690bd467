"""What people look at while a run goes on, and when it has ended."""

import json
import logging

from report import run_page, verdict
from report.pictures import Pictures
from report.side_process import SideProcess
from report.tensorboard import MixtureEvents
from report.verdict import Circumstances
from storage.state import State
from storage.workdir import Workdir

log = logging.getLogger("adagan")


class LiveReport:
    """Keeps TensorBoard, `plots/` and at the end `report.html` in step with the committed state."""

    def __init__(
        self, workdir: Workdir, side: SideProcess, state: State, points: int, around: Circumstances
    ):
        """Made anew by each process: all committed steps are shown again.

        Args:
          workdir: of the run.
          side: draws the pictures.
          state: with what the mixture is measured by.
          points: N, training points.
          around: what a verdict depends on beside the figures.
        """
        self._workdir, self._around = workdir, around
        self._events = MixtureEvents(workdir.path, state, json.loads(workdir.read_settings()))
        self._pictures = Pictures(side, workdir, points, around.modes)
        self._shown = 0

    def show(self, state: State) -> None:
        """Shows the steps that were committed since the last call, and what is drawn by now."""
        for number in range(self._shown + 1, len(state.steps) + 1):
            self._events.write_step(state, number, self._workdir)
        self._shown = len(state.steps)
        self._pictures.draw(state)
        for name, number, path in self._pictures.finished():
            self._events.write_picture(name, number, path)

    def finish(self, state: State) -> None:
        """Waits until all is drawn, writes the page, and says what the mixture is worth."""
        for name, number, path in self._pictures.wait():
            self._events.write_picture(name, number, path)
        summaries = self._pictures.summaries()
        for name, path in summaries.items():
            self._events.write_picture(name, len(state.steps), path)
        self._events.close()
        told = verdict.of_state(state, self._around)
        run_page.write(self._workdir, state, told, summaries)
        for line in verdict.summary(told, self._workdir.join("report.html")):
            log.info("%s", line)
