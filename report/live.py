"""What people look at while a run goes on, and when it has ended."""

from evaluation.metrics import Spread
from report import run_page
from report.pictures import Pictures
from report.side_process import SideProcess
from report.tensorboard import MixtureEvents
from storage.state import State
from storage.workdir import Workdir


class LiveReport:
    """Keeps TensorBoard, `plots/` and at the end `report.html` in step with the committed state."""

    def __init__(
        self, workdir: Workdir, side: SideProcess, perfect: Spread, points: int, modes: int
    ):
        """Made anew by each process: all committed steps are shown again.

        Args:
          workdir: of the run.
          side: draws the pictures.
          perfect: what a perfect sampler scores.
          points: N, training points.
          modes: of the truth; 0 where it is not known.
        """
        self._workdir, self._modes = workdir, modes
        self._events = MixtureEvents(workdir.path, perfect)
        self._pictures = Pictures(side, workdir, points, modes)
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
        """Waits until all is drawn, and writes the page."""
        for name, number, path in self._pictures.wait():
            self._events.write_picture(name, number, path)
        summaries = self._pictures.summaries()
        for name, path in summaries.items():
            self._events.write_picture(name, len(state.steps), path)
        self._events.close()
        run_page.write(self._workdir, state, self._modes, summaries)
