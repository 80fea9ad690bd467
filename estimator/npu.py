"""Ascend: `NPUEstimator` through npu_bridge, the training loop on the device.

Written from the adapter's documents and its Python half; tried on stand-ins of two of its releases
(February 2021 and July 2026), not on a card.
"""

import logging
import math
import os
from typing import Any, Callable, Dict, Iterable, List, NamedTuple

import numpy as np
import tensorflow as tf

from base.errors import UsageError
from estimator import npu_configuration, npu_environment, resume
from estimator.engine import (
    CHUNK_BYTES,
    DeviceSettings,
    Engine,
    Report,
    Training,
    TrainResult,
)
from estimator.hooks import (
    CheckpointHook,
    Checkpoints,
    LossHook,
    Measured,
    largest_weight,
    nan_as_diverged,
)
from estimator.literal import literal
from estimator.loops import accumulated
from estimator.npu_configuration import LONGEST_LOOP
from estimator.predictions import joined
from input_fn import pipelines
from input_fn.fixed import FixedInput

FEWEST_WAITING = 16
"""Minibatches that wait for the device at least."""
log = logging.getLogger("adagan")


class NPUEngine(Engine):
    """Trains and predicts on Ascend cards."""

    name = "npu"
    # A card belongs to one process and one graph at once, and gradients inside a while_loop are not
    # safe there: look-ahead steps are written out.
    trains_side_by_side = False
    in_graph_loop = False

    def __init__(self, settings: DeviceSettings, workdir: str):
        """Prepares the environment and loads npu_bridge.

        Raises:
          UsageError: if it cannot be loaded, or the environment would warm-start components.
        """
        npu_environment.prepare()
        self._bridge = npu_environment.load_bridge()
        self._settings, self._workdir = settings, workdir
        release_b = "auto_tune_mode" in npu_environment.arguments(self._bridge)
        if release_b and not os.environ.get("RANK_SIZE"):
            os.environ["RANK_SIZE"] = os.environ["CM_WORKER_SIZE"]
        self.ranks = npu_environment.rank_size()
        self.rank = npu_environment.rank(self.ranks)
        self.wrap_optimizers = npu_configuration.wrapper(
            self._bridge, settings.precision_mode, self.ranks
        )
        log.info("Device: npu (npu_bridge is there; rank %d of %d)", self.rank, self.ranks)

    def check(self, batch_size: int, iterations: Iterable[int]) -> None:
        """Checks that minibatches divide among the cards, and trainings into device loops."""
        if batch_size % self.ranks:
            raise UsageError(f"--batch_size={batch_size}: must divide among {self.ranks} cards")
        for number in iterations:
            loop_length(number, self._settings.iterations_per_loop)

    def join_workers(self, shared: Dict[str, Any], lock_path: str, lock_text: str) -> None:
        """The ranks of one job meet in their first collective."""

    def train(self, training: Training, report: Report) -> TrainResult:
        """Trains a model and predicts with it; see `Engine.train`.

        Several cards always start from the initial values: only rank 0 keeps checkpoints.
        """
        model_fn, model_dir, params = training.model_fn, training.model_dir, training.params
        iterations = training.iterations
        length = loop_length(iterations, self._settings.iterations_per_loop)
        start = resume.start(model_dir, self.name, length if self.ranks == 1 else 0)
        own = training.stream.part(self.rank, self.ranks)
        checkpoints = Checkpoints(model_dir, self.name, self._settings.checkpoint_seconds)
        made: List[_Hooks] = []

        def make_hooks(step: tf.Tensor, means: Dict[str, tf.Tensor]) -> List[Any]:
            measured = Measured(step, means, largest_weight(step))
            hooks = _Hooks(
                LossHook(measured, model_dir, report, start),
                _LoopCheckHook(step, start, length),
                CheckpointHook(step, None, checkpoints),
            )
            made.append(hooks)
            return list(hooks)

        looped = accumulated(model_fn, length, make_hooks)
        waiting = min(length, max(FEWEST_WAITING, CHUNK_BYTES // own.bytes_an_iteration))
        if start < iterations:
            minibatches = pipelines.single_iterations(own, start, waiting)
            with literal(model_dir) as directory, nan_as_diverged():
                estimator = self._estimator(looped, directory, params, length)
                estimator.train(minibatches, max_steps=iterations)
        checkpoint = os.path.join(model_dir, f"{resume.PREFIX}-{iterations}")
        rate = math.nan
        if made:
            (hooks,) = made
            checkpoint = hooks.checkpoints.saved(iterations)
            rate = hooks.losses.iterations_per_second
        predictions = self.predict(model_fn, checkpoint, params, training.predict_for)
        return TrainResult(checkpoint, rate, predictions)

    def predict(
        self, model_fn: Callable, checkpoint: str, params: Any, points: FixedInput
    ) -> Dict[str, np.ndarray]:
        """Predictions of a trained model; see `Engine.predict`."""
        above, name = os.path.split(checkpoint)
        with literal(above) as directory:
            outputs = self._estimator(model_fn, directory, params, 1).predict(
                pipelines.predictions(points),
                checkpoint_path=os.path.join(directory, name),
                yield_single_examples=False,
            )
            return joined(outputs, len(points))

    def _estimator(self, model_fn: Callable, model_dir: str, params: Any, length: int) -> Any:
        config = npu_configuration.run_config(
            self._bridge, self._settings, self._workdir, model_dir, length
        )
        return self._bridge.NPUEstimator(
            model_fn=model_fn, model_dir=model_dir, config=config, params={"params": params}
        )


class _LoopCheckHook(tf.train.SessionRunHook):
    """Stops a run whose device loop was skipped, which unknown shapes cause silently."""

    def __init__(self, step: tf.Tensor, start: int, length: int):
        self._step, self._start, self._length, self._checked = step, start, length, False

    def before_run(self, run_context: Any) -> Any:
        return None if self._checked else tf.train.SessionRunArgs(self._step)

    def after_run(self, run_context: Any, run_values: Any) -> None:
        done = None if self._checked else int(run_values.results) - self._start
        if done not in (None, self._length):
            raise UsageError(
                f"--iterations_per_loop={self._length}: the device advanced the global step by "
                f"{done} in its first run; its loop was skipped, use 1"
            )
        self._checked = True


class _Hooks(NamedTuple):
    """Of one training, in the order in which they run."""

    losses: LossHook
    loop_check: _LoopCheckHook
    checkpoints: CheckpointHook


def loop_length(iterations: int, wanted: int) -> int:
    """Iterations to one Session.run: a divisor of all, so that training ends where it should.

    Raises:
      UsageError: if the wanted length does not divide them.
    """
    if wanted:
        if iterations % wanted:
            raise UsageError(
                f"--iterations_per_loop={wanted}: must divide the {iterations} iterations of a "
                f"training; 0 chooses"
            )
        return wanted
    return max(n for n in range(1, min(LONGEST_LOOP, iterations) + 1) if iterations % n == 0)
