"""Training hooks: losses and checkpoints once a Session.run, predictions at the end."""

import contextlib
import math
import os
import time
from typing import Any, Callable, Dict, Iterator, NamedTuple, Optional

import numpy as np
import tensorflow as tf

from base import signals
from base.errors import Diverged
from estimator import resume
from estimator.engine import Report

LARGEST_WEIGHT = 1e6
"""A network whose weights are larger has exploded, whatever its losses say."""

HELPS = (
    "lower --g_learning_rate, --d_learning_rate or --learning_rate, or --init_std, or use "
    "--standardise=yes"
)


class Measured(NamedTuple):
    """What a Session.run leaves to look at."""

    step: tf.Tensor  # the global step after it
    means: Dict[str, tf.Tensor]  # of the losses over it
    largest: tf.Tensor  # see `largest_weight`


class Checkpoints(NamedTuple):
    """Where and when a training is saved."""

    model_dir: str
    engine: str  # which one trains, see `resume.start`
    seconds: float  # between two saves; a kill loses no more than these
    heeds_signals: bool = True  # save and end the run when one has come


def largest_weight(step: tf.Tensor) -> tf.Tensor:
    """The largest absolute value of the current graph's trained weights, after a run."""
    with tf.control_dependencies([step]):
        sizes = [tf.reduce_max(tf.abs(v.read_value())) for v in tf.trainable_variables()]
    return tf.reduce_max(sizes)


class LossHook(tf.train.SessionRunHook):
    """Reports losses to TensorBoard and to the caller, once a Session.run, and times the loop."""

    def __init__(
        self,
        measured: Measured,
        model_dir: str,
        report: Report,
        start: int,
        shows_graph: bool = True,
    ):
        """Made for one training.

        Args:
          measured: of each run.
          model_dir: where the events go.
          report: a listener.
          start: the first step.
          shows_graph: whether the graph goes to TensorBoard too.
        """
        self._fetches = dict(measured._asdict())
        self._model_dir = model_dir
        self._report = report
        self._step, self._shows_graph = start, shows_graph
        self._first = self._last = (0, math.nan)
        self._began = (start, math.nan)

    def after_create_session(self, session: tf.Session, coord: Any) -> None:
        """Opens the events file."""
        self._began = (self._step, time.perf_counter())
        self._writer = tf.summary.FileWriter(self._model_dir)
        if self._shows_graph:
            self._writer.add_graph(session.graph)

    def before_run(self, run_context: Any) -> Any:
        """Asks for the step, the losses and the largest weight."""
        return tf.train.SessionRunArgs(self._fetches)

    def after_run(self, run_context: Any, run_values: Any) -> None:
        """Writes and reports them.

        Raises:
          Diverged: if they are not numbers to go on with.
        """
        step, means = int(run_values.results["step"]), run_values.results["means"]
        now = time.perf_counter()
        if step == self._step:
            self._began = (step, now)
            return  # the run that compiled the loop
        self._step = step
        self._first = self._first if self._first[0] else (step, now)
        self._last = (step, now)
        values = {name: float(value) for name, value in means.items()}
        _check(step, values, float(run_values.results["largest"]))
        summary = tf.Summary(
            value=[tf.Summary.Value(tag=f"loss/{n}", simple_value=v) for n, v in values.items()]
        )
        self._writer.add_summary(summary, step)
        self._report(step, values)

    def end(self, session: tf.Session) -> None:
        """Brings the events to disk."""
        self._writer.close()

    @property
    def iterations_per_second(self) -> float:
        """From the end of the first Session.run to the end of the last.

        Of one run alone from its start, compiling included where no run before it did that; nan
        without any.
        """
        since = self._began if self._first == self._last else self._first
        steps = self._last[0] - since[0]
        return steps / (self._last[1] - since[1]) if steps > 0 else math.nan


@contextlib.contextmanager
def nan_as_diverged() -> Iterator[None]:
    """Gives the Estimator's own check of its one loss the words of ours, which comes after it."""
    try:
        yield
    except tf.train.NanLossDuringTrainingError as error:
        raise Diverged(f"a loss became nan; {HELPS}") from error


def _check(step: int, losses: Dict[str, float], largest: float) -> None:
    for name, value in losses.items():
        if not math.isfinite(value):
            raise Diverged(f"{name} became {value} by iteration {step}; {HELPS}")
    if not largest <= LARGEST_WEIGHT:
        raise Diverged(f"a weight became {largest:.3g} by iteration {step}; {HELPS}")


class CheckpointHook(tf.train.SessionRunHook):
    """Saves the model when training has ended, every so often, and when the run is to stop."""

    def __init__(self, step: tf.Tensor, saver: Optional[tf.train.Saver], checkpoints: Checkpoints):
        """Made for one training.

        Args:
          step: after a run.
          saver: that keeps all its checkpoints; None: one is added to the graph.
          checkpoints: where and when.
        """
        self._fetch, self._saver, self._checkpoints = step, saver, checkpoints
        self._saved, self._done, self._last = -1, -1, time.perf_counter()

    def begin(self) -> None:
        """Adds what saves, now that all variables are there."""
        self._saver = self._saver or tf.train.Saver(save_relative_paths=True, max_to_keep=None)

    def before_run(self, run_context: Any) -> Any:
        """Asks for the step."""
        return tf.train.SessionRunArgs(self._fetch)

    def after_run(self, run_context: Any, run_values: Any) -> None:
        """Saves what is due.

        Raises:
          Stopped: once all is saved, if a signal has come.
        """
        step, now = int(run_values.results), time.perf_counter()
        self._done = step
        heeds_signals = self._checkpoints.heeds_signals
        stops = heeds_signals and signals.asked()
        if step and (stops or now - self._last >= self._checkpoints.seconds):
            self._save(run_context.session, step)
            self._last = now
        if heeds_signals:
            signals.check()

    def end(self, session: tf.Session) -> None:
        """Saves the trained model; what the last run has told is not asked for again."""
        if self._done < 0:
            self._done = int(session.run(tf.train.get_global_step(session.graph)))
        self._save(session, self._done)

    def saved(self, iterations: int) -> str:
        """The trained model's path prefix.

        Raises:
          RuntimeError: if training ended at another iteration.
        """
        if self._saved != iterations:
            raise RuntimeError(f"training ended at iteration {self._saved}, not {iterations}")
        return os.path.join(self._checkpoints.model_dir, f"{resume.PREFIX}-{iterations}")

    def _save(self, session: tf.Session, step: int) -> None:
        if step != self._saved:
            model_dir, engine = self._checkpoints.model_dir, self._checkpoints.engine
            resume.save(session, self._saver, model_dir, engine, step)
            self._saved = step


class PredictionHook(tf.train.SessionRunHook):
    """Predicts in the training session's own end, instead of in a session of its own."""

    def __init__(self, predict: Callable[[tf.Session], Dict[str, np.ndarray]]):
        """Args: what to do with the session."""
        self._predict = predict
        self.predictions: Dict[str, np.ndarray] = {}

    def end(self, session: tf.Session) -> None:
        """Keeps what `predict` returns."""
        self.predictions = self._predict(session)


class LastHook(tf.train.SessionRunHook):
    """Runs an operation when all else of a training has ended."""

    def __init__(self, operation: tf.Operation):
        """Args: the operation."""
        self._operation = operation

    def end(self, session: tf.Session) -> None:
        """Runs it."""
        session.run(self._operation)
