"""Ascend: `NPUEstimator` through npu_bridge, the training loop on the device.

Written from the adapter's documents and its Python half; tried on stand-ins of two of its releases
(February 2021 and July 2026), not on a card.
"""

import dataclasses
import logging
import math
import os
from typing import Any, Callable, Dict, Iterable, List, NamedTuple

import numpy as np
import tensorflow as tf

from base.errors import UsageError
from base.model_params import ModelParams
from estimator import npu_configuration, npu_environment, resume
from estimator.engine import (
    CHUNK_BYTES,
    DeviceSettings,
    Engine,
    Report,
    Training,
    TrainResult,
)
from estimator.graphs import predict_mode
from estimator.hooks import (
    CheckpointHook,
    Checkpoints,
    LossHook,
    Measured,
    PredictionHook,
    largest_weight,
    nan_as_diverged,
)
from estimator.literal import literal
from estimator.loops import accumulated
from estimator.npu_configuration import LONGEST_LOOP
from estimator.npu_session import LoopHook, OneRunScaffold
from estimator.predictions import Predictor, by_batch, kind_of
from input_fn import fixed, pipelines
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
        cards = npu_environment.prepare()
        self._bridge = npu_environment.load_bridge()
        npu_environment.check_release(self._bridge, cards)
        npu_configuration.of_later_releases(self._bridge, settings)  # before anything is written
        if cards.rank:  # the first card alone profiles and dumps
            settings = dataclasses.replace(
                settings, profiling=False, over_dump=False, data_dump_flag=False
            )
        self._settings, self._workdir = settings, workdir
        self.ranks, self.rank = cards
        mode = settings.precision_mode or settings.precision_mode_v2
        self.wrap_optimizers = npu_configuration.wrapper(self._bridge, mode, self.ranks)
        self._predictors: Dict[Any, Predictor] = {}
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
        model_dir, iterations = training.model_dir, training.iterations
        length = loop_length(iterations, self._settings.iterations_per_loop)
        start = resume.start(model_dir, self.name, length if self.ranks == 1 else 0)
        if start >= iterations:
            checkpoint = os.path.join(model_dir, f"{resume.PREFIX}-{start}")
            done = self.predict(
                training.model_fn, checkpoint, training.params, training.predict_for
            )
            return TrainResult(checkpoint, math.nan, done)
        self._close_predictors()  # a card has room for one thing at a time
        own = training.stream.part(self.rank, self.ranks)
        made: List[_Hooks] = []

        def make_hooks(step: tf.Tensor, means: Dict[str, tf.Tensor]) -> List[Any]:
            measured = Measured(step, means, largest_weight(step))
            losses = LossHook(measured, model_dir, report, start)
            made.append(self._hooks(losses, LoopHook(step, start, length, iterations), training))
            return list(made[-1])

        looped = accumulated(training.model_fn, length, make_hooks)
        model_fn = _started(looped, training.params.initial_values, goes_on=start > 0)
        waiting = min(length, max(FEWEST_WAITING, CHUNK_BYTES // own.bytes_an_iteration))
        minibatches = pipelines.single_iterations(own, start, waiting)
        with literal(model_dir) as directory, nan_as_diverged():
            self._estimator(model_fn, directory, training.params, length).train(minibatches)
        (hooks,) = made
        return TrainResult(
            hooks.checkpoints.saved(iterations),
            hooks.losses.iterations_per_second,
            hooks.predictions.predictions,
        )

    def predict(
        self, model_fn: Callable, checkpoint: str, params: ModelParams, points: FixedInput
    ) -> Dict[str, np.ndarray]:
        """Predictions of a trained model; see `Engine.predict`.

        All models of a kind go through one session with one size of batch, which is kept until
        the next training: two graphs, however many models and points there are.
        """
        key = kind_of(model_fn, params, points)
        if key not in self._predictors:
            # The Estimator puts into its configuration what makes a session the device's.
            estimator = self._estimator(model_fn, os.path.abspath(self._workdir), params, 1)
            config = estimator.config.session_config
            self._predictors[key] = Predictor(model_fn, params, points, config)
        return self._predictors[key].predict(checkpoint, points)

    def _close_predictors(self) -> None:
        for predictor in self._predictors.values():
            predictor.close()
        self._predictors.clear()

    def _hooks(self, losses: LossHook, loop: LoopHook, training: Training) -> "_Hooks":
        """Of a training whose graph is the current one, beside the given ones.

        Its own session predicts, at its end. The device loops over nothing without an IterationOp.
        """
        points = tf.placeholder(tf.float32, (fixed.BATCH, *training.predict_for.shape))
        predictions = predict_mode(training, points)
        seconds = self._settings.checkpoint_seconds
        return _Hooks(
            losses,
            PredictionHook(
                lambda session: by_batch(session, predictions, points, training.predict_for)
            ),
            CheckpointHook(loop.step, None, Checkpoints(training.model_dir, self.name, seconds)),
            loop,
        )

    def _estimator(
        self, model_fn: Callable, model_dir: str, params: ModelParams, length: int
    ) -> Any:
        config = npu_configuration.run_config(
            self._bridge, self._settings, self._workdir, model_dir, length
        )
        return self._bridge.NPUEstimator(
            model_fn=model_fn, model_dir=model_dir, config=config, params={"params": params}
        )


class _Hooks(NamedTuple):
    """Of one training, in the order in which they run."""

    losses: LossHook
    predictions: PredictionHook
    checkpoints: CheckpointHook
    loop: LoopHook


def _started(model_fn: Callable, values: Dict[str, np.ndarray], goes_on: bool) -> Callable:
    """A model function that starts by one Session.run; see `OneRunScaffold` for the rest."""

    def started_model_fn(
        features: Dict[str, tf.Tensor], labels: None, mode: str, params: Dict[str, Any], config: Any
    ) -> tf.estimator.EstimatorSpec:
        spec = model_fn(features=features, labels=labels, mode=mode, params=params, config=config)
        return spec._replace(scaffold=OneRunScaffold(values, goes_on))

    return started_model_fn


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
