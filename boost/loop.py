"""A whole run: steps from where it stands to where it shall end, committed one by one."""

import contextlib
import dataclasses
import glob
import logging
import math
import os
from typing import Callable, Dict, Iterator, List, Optional, Sequence, Union

import numpy as np

from base import durable, garbage, signals
from boost import ratios, scoring, step, views, weights
from boost.ahead import IndependentComponents
from boost.components import Components
from boost.mixture import Mixture
from boost.scoring import Yardsticks
from boost.step import Parts, Step
from evaluation import metrics
from evaluation.metrics import Spread
from evaluation.two_sample import Worst
from input_fn import columns_file
from input_fn.datasets import Dataset
from report.live import LiveReport
from report.side_process import SideProcess
from report.verdict import Circumstances
from report.views import DataView
from storage import metrics_csv
from storage.state import State, StepRecord
from storage.workdir import Workdir

log = logging.getLogger("adagan")


class Loop:
    """Runs boosting steps one after another, and commits each."""

    def __init__(
        self,
        workdir: Workdir,
        dataset: Dataset,
        components: Components,
        parts: Parts,
        *,
        view: DataView,
        settings_fingerprint: str,
        program: str,
    ):
        """Made once a run.

        Args:
          workdir: of the run.
          dataset: of the training points.
          components: that train each when it is its turn.
          parts: what a step works with.
          view: the data as every picture shows them.
          settings_fingerprint: of the settings of the run.
          program: which version of it this is.
        """
        self._workdir, self._dataset = workdir, dataset
        self._components, self._parts, self._view = components, parts, view
        self._settings_fingerprint, self._program = settings_fingerprint, program
        self._modes = len(dataset.truth.means) if dataset.truth else 0

    def train(
        self, state: Optional[State], side: SideProcess, yardsticks: Callable[[], Yardsticks]
    ) -> State:
        """Runs the steps that the state lacks, committing each.

        While a step runs, the last one's picture is drawn.

        Args:
          state: the last committed one; None before the first commit.
          side: draws the pictures.
          yardsticks: waits for `scoring.yardsticks`; called before the first commit alone.

        Returns:
          The last committed state.

        Raises:
          Diverged: if a network's numbers went wrong from every initialisation.
          Stopped: where the run can go on, if a signal has come.
        """
        self._workdir.remove_uncommitted(state)
        garbage.settle()
        with signals.deferred():
            if state is None:
                state = self._before_the_first_step(yardsticks())
                self._workdir.commit(state)  # what goes on from here has these data and settings
            mixture = self._committed(state)
            around = Circumstances(self._workdir.path, self._modes, self._components.iterations)
            live = LiveReport(self._workdir, side, state, self._dataset.number, around)
            metrics_csv.write(self._workdir.join("metrics.csv"), state)
            live.show(state)
            state = self._steps(state, mixture, live)
            live.finish(state)
            state = dataclasses.replace(state, complete=True)
            self._workdir.commit(state)
            return state

    def _before_the_first_step(self, known: Yardsticks) -> State:
        line = metrics.spread_line(known.perfect)
        log.info("A perfect sampler on the same sizes, median of %d draws: %s", scoring.DRAWS, line)
        if known.simple:
            number, line = known.simple_components, metrics.spread_line(known.simple)
            log.info("A Gaussian mixture, components: %d: %s", number, line)
        columns = self._dataset.columns
        return State(
            sizes=self._parts.scorer.sizes,
            perfect=known.perfect,
            simple=known.simple,
            simple_components=known.simple_components,
            columns_sha256=columns_file.digest(columns) if columns else "",
            data_fingerprint=self._dataset.fingerprint(),
            settings_fingerprint=self._settings_fingerprint,
            mixture_weights=(),
            steps=(),
        )

    def _committed(self, state: State) -> Optional[Mixture]:
        """The mixture so far, its components' samples drawn again."""
        mixture: Optional[Mixture] = None
        if len(state.steps) >= self._components.steps:
            return mixture  # nobody is going to ask for it
        for record in state.steps:
            pool = self._components.pool(record.step, self._workdir.join(record.checkpoint))
            pools: List = mixture.pools if mixture else []
            known_weights = list(state.mixture_weights[: record.step])
            mixture = Mixture([*pools, pool], known_weights).without_spares()
        return mixture

    def _steps(self, state: State, mixture: Optional[Mixture], live: LiveReport) -> State:
        points = self._dataset.number
        first = len(state.steps) + 1
        with self._training(first) as components:
            parts = self._parts._replace(components=components)
            for number in range(first, self._components.steps + 1):
                signals.check()
                done = step.boosting_step(number, mixture, points, parts)
                record = self._record(done)
                _log_step(done, record.worst, state.perfect, self._modes)
                state = state.with_step(record, done.mixture.weights)
                mixture = done.mixture.without_spares()
                del done  # with all samples of its component
                self._workdir.commit(state)
                live.show(state)
                garbage.release()
        return state

    @contextlib.contextmanager
    def _training(self, first: int) -> Iterator[Union[Components, IndependentComponents]]:
        """What trains the components: ahead of their turn, where none depends on those before."""
        if self._parts.meta_algorithm.reweights:
            yield self._components
            return
        uniform = weights.uniform_weights(self._dataset.number).data_weights
        last = self._components.steps
        with IndependentComponents(self._components, uniform, first, last) as ahead:
            yield ahead

    def _record(self, done: Step) -> StepRecord:
        """Writes the step's own files and describes it; the commit comes later."""
        directory, fitted = self._workdir.component(done.number), done.fitted
        data_weights = done.reweighting.data_weights
        weights_path = os.path.join(directory, "data_weights.npy")
        with durable.naming(weights_path):
            np.save(weights_path, data_weights)
        picture_path = os.path.join(directory, "picture.npz")
        with durable.naming(picture_path):
            views.step_view(done, self._view, self._dataset).save(picture_path)
        checkpoint, discriminator = done.component.checkpoint, fitted.checkpoint if fitted else ""
        files = [*_files(checkpoint), *_files(discriminator), weights_path, picture_path]

        def relative(path: str) -> str:
            return path and os.path.relpath(path, self._workdir.path)

        return StepRecord(
            step=done.number,
            beta=done.beta,
            lambda_star=done.reweighting.lambda_star,
            zero_weight=float(np.mean(data_weights == 0)),
            effective_sample_size=ratios.effective_sample_size(data_weights),
            metrics=done.scored.metrics,
            worst=_named(done.scored.worst, self._parts.scorer.names),
            calibration=dict(fitted.calibration._asdict()) if fitted else {},
            iterations_per_second=done.component.iterations_per_second,
            seconds=done.seconds,
            program=self._program,
            initialisations={
                "component": done.component.initialisations,
                "mixture_discriminator": fitted.initialisations if fitted else 0,
            },
            checkpoint=relative(checkpoint),
            discriminator_checkpoint=relative(discriminator),
            data_weights=relative(weights_path),
            picture=relative(picture_path),
            sha256=self._workdir.digests(files),
        )


def _files(checkpoint: str) -> List[str]:
    """Of a checkpoint's path prefix; of none, none."""
    return sorted(glob.glob(glob.escape(checkpoint) + ".*")) if checkpoint else []


def _named(worst: Worst, names: Sequence[str]) -> Dict[str, str]:
    """The columns behind the worst figures, by what they are worst in."""
    found = {"column": worst.column, "first": worst.first, "second": worst.second}
    return {which: names[number] for which, number in found.items() if names and number >= 0}


def _log_step(done: Step, worst: Dict[str, str], perfect: Spread, modes: int) -> None:
    figures = done.scored.metrics
    log.info("%s", metrics.published_line(figures))
    if modes:
        log.info("  %s", metrics.modes_line(figures, modes))
    if not math.isnan(figures.two_sample_auc):
        log.info("  %s", metrics.own_data_line(figures, worst.get("column", "")))
    log.info("  perfect sampler: %s", metrics.median_line(perfect))
    if done.fitted:
        data_weights = done.reweighting.data_weights
        effective = ratios.effective_sample_size(data_weights) / len(data_weights)
        log.info(
            "  weights: lambda*=%.3f, %.0f%% of the points at 0, effective points %.0f%%",
            done.reweighting.lambda_star,
            100 * np.mean(data_weights == 0),
            100 * effective,
        )
