"""Training hooks: progress and losses once a Session.run, and lean checkpoints."""

import contextlib
import math
import os
import time
from typing import Any, Callable, Dict, Iterator

import numpy as np
import tensorflow as tf

from options import UsageError

Report = Callable[[int, Dict[str, float]], None]
"""Called with the global step and the losses' means since the last call."""


class LossHook(tf.train.SessionRunHook):
    """Reports losses to TensorBoard and to the caller, once a Session.run, and times the loop."""

    def __init__(
        self, step: tf.Tensor, means: Dict[str, tf.Tensor], model_dir: str, report: Report
    ):
        """Args: the step after a run; the losses' means over it; the events' place; a listener."""
        self._fetches = {"step": step, "means": means}
        self._model_dir = model_dir
        self._report = report
        self._first = self._last = (0, math.nan)

    def after_create_session(self, session: tf.Session, coord: Any) -> None:
        """Opens the events file beside the graph."""
        self._writer = tf.summary.FileWriter(self._model_dir)
        self._writer.add_graph(session.graph)

    def before_run(self, run_context: Any) -> Any:
        """Asks for the step and the losses."""
        return tf.train.SessionRunArgs(self._fetches)

    def after_run(self, run_context: Any, run_values: Any) -> None:
        """Writes and reports them."""
        step, means = int(run_values.results["step"]), run_values.results["means"]
        if not step:
            return  # the run that compiled the loop
        now = time.perf_counter()
        self._first = self._first if self._first[0] else (step, now)
        self._last = (step, now)
        values = {name: float(value) for name, value in means.items()}
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
        """From the end of the first Session.run to the end of the last; nan with fewer than two."""
        steps = self._last[0] - self._first[0]
        return steps / (self._last[1] - self._first[1]) if steps else math.nan


class CheckpointHook(tf.train.SessionRunHook):
    """Saves the model once, when training has ended; with paths relative to its directory."""

    def __init__(self, model_dir: str):
        """Args: the model's directory. Made when all variables are there."""
        self._saver = tf.train.Saver(save_relative_paths=True, max_to_keep=1)
        self._path = os.path.join(model_dir, "model.ckpt")
        self._step = 0

    def end(self, session: tf.Session) -> None:
        """Saves `model.ckpt-STEP`."""
        self._step = int(session.run(tf.train.get_global_step(session.graph)))
        self._saver.save(session, self._path, global_step=self._step, write_meta_graph=False)

    def saved(self, iterations: int) -> str:
        """The checkpoint's path prefix.

        Raises:
          RuntimeError: if training ended at another iteration.
        """
        if self._step != iterations:
            raise RuntimeError(f"training ended at iteration {self._step}, not {iterations}")
        return f"{self._path}-{self._step}"


@contextlib.contextmanager
def told_nan() -> Iterator[None]:
    """Tells a training whose loss became NaN in one line, with the flags that help."""
    try:
        yield
    except tf.train.NanLossDuringTrainingError as error:
        raise UsageError(
            "the loss became NaN; lower --g_learning_rate, --d_learning_rate or --learning_rate, "
            "or --init_std"
        ) from error


class PredictionHook(tf.train.SessionRunHook):
    """Predicts in the training session's own end, instead of in a session of its own."""

    def __init__(self, predict: Callable[[tf.Session], Dict[str, np.ndarray]]):
        """Args: what to do with the session."""
        self._predict = predict
        self.predictions: Dict[str, np.ndarray] = {}

    def end(self, session: tf.Session) -> None:
        """Keeps what `predict` returns."""
        self.predictions = self._predict(session)
