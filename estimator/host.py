"""CPU and GPU: `tf.estimator.Estimator` with an in-graph loop compiled by XLA."""

import dataclasses
import itertools
import logging
import threading
from typing import Any, Callable, Dict, Iterable, List, Tuple

import numpy as np
import tensorflow as tf

from base.errors import UsageError
from estimator import graphs, loops, resume, sharing
from estimator.engine import (
    CHUNK_BYTES,
    DeviceSettings,
    Engine,
    Report,
    Training,
    TrainResult,
    unwrapped,
)
from estimator.graphs import TrainingGraph
from estimator.hooks import (
    CheckpointHook,
    LastHook,
    LossHook,
    PredictionHook,
    told_nan,
)
from estimator.literal import literal
from estimator.predictions import Predictor, by_batch
from input_fn import pipelines
from input_fn.fixed import FixedInput
from input_fn.weighted import Stream

LONGEST_CHUNK = 1000
THREADS = 16
LOOP = "loop"
"""Whose checkpoints these are."""

log = logging.getLogger("adagan")


def gpus_for(settings: DeviceSettings) -> List[Any]:
    """The GPUs that TensorFlow sees, if the settings let it use them."""
    return [] if settings.device == "cpu" else tf.config.experimental.list_physical_devices("GPU")


class HostEngine(Engine):
    """Trains and predicts on this machine's CPU or GPU."""

    trains_side_by_side = True
    in_graph_loop = True

    def __init__(self, settings: DeviceSettings, convolutional: bool = False):
        """Chooses between CPU and GPU.

        Args:
          settings: which device, and how.
          convolutional: whether the networks are.

        Raises:
          UsageError: if a GPU is asked for and TensorFlow sees none.
        """
        gpus = gpus_for(settings)
        if settings.device == "gpu" and not gpus:
            raise UsageError("--device=gpu: TensorFlow sees no GPU; use --device=cpu")
        self.name = "gpu" if gpus else "cpu"
        self._settings = settings
        self.wrap_optimizers = unwrapped
        self.reason = "TensorFlow sees a GPU" if gpus else "TensorFlow sees no GPU"
        # Optimizers inside an XLA loop need resource variables, the global step included.
        tf.enable_resource_variables()
        self._target, self._numbers = "", itertools.count()
        self._graphs: Dict[Any, TrainingGraph] = {}
        self._predictors: Dict[Any, Predictor] = {}
        self._lock = threading.Lock()
        why = loops.why_no_xla()
        # XLA has no fast kernels for the gradients of convolutions on a CPU: TensorFlow's own train
        # an 8x8 image's networks three times as fast.
        self._compiled = not why and not (convolutional and self.name == "cpu")
        if why:
            log.warning(
                "XLA compiles nothing here (%s): the training loop runs in plain TensorFlow, about "
                "seven times slower at the default sizes.",
                why,
            )

    def check(self, batch_size: int, iterations: Iterable[int]) -> None:
        """Any minibatch and any number of iterations fits: the last chunk may be a partial one."""

    def meet(self, shared: Dict[str, Any], lock_path: str, lock_text: str) -> None:
        """There is nobody to wait for."""

    def train(self, training: Training, report: Report) -> TrainResult:
        """Trains a model and predicts with it; see `Engine.train`."""
        model_dir, iterations, points = (
            training.model_dir,
            training.iterations,
            training.predict_for,
        )
        start = resume.start(model_dir, LOOP)
        chunk = self._chunk_size(training.stream, iterations)
        graph, is_first = self._graph(training, chunk)
        container = f"training{next(self._numbers)}"
        hooks: List[Any] = []

        def imported_model_fn(
            features: Dict[str, tf.Tensor], mode: str
        ) -> tf.estimator.EstimatorSpec:
            model = graphs.import_into(container, graph, features)
            seconds = self._settings.checkpoint_seconds
            hooks.extend(
                [
                    LossHook(
                        model.step,
                        model.means,
                        model.largest,
                        model_dir,
                        report,
                        start,
                        shows_graph=is_first,
                    ),
                    PredictionHook(
                        lambda session: by_batch(session, model.predictions, model.asked, points)
                    ),
                    CheckpointHook(model.step, model.saver, model_dir, LOOP, seconds),
                    LastHook(sharing.destroy_all()),
                ]
            )
            # Everything has just been initialised: the default checks would only cost time.
            nothing = tf.constant([], tf.string)
            scaffold = tf.train.Scaffold(
                init_op=model.init_op,
                init_fn=lambda _, session: model.start_from(
                    session, training.params.initial_values
                ),
                ready_op=nothing,
                ready_for_local_init_op=nothing,
                local_init_op=model.local_init_op,
                saver=model.saver,
            )
            return tf.estimator.EstimatorSpec(
                mode,
                loss=model.means[min(model.means)],
                train_op=tf.group(model.step, *model.means.values()),
                training_hooks=hooks,
                scaffold=scaffold,
            )

        with literal(model_dir) as directory, told_nan():
            config = self._shared_config(directory)
            estimator = sharing.Estimator(container, imported_model_fn, config=config)
            minibatches = pipelines.chunks(training.stream, start, iterations, chunk)
            estimator.train(sharing.input_in(container, minibatches))
        return TrainResult(
            hooks[2].saved(iterations),
            hooks[0].iterations_per_second,
            hooks[1].predictions,
        )

    def predict(
        self, model_fn: Callable, checkpoint: str, params: Any, points: FixedInput
    ) -> Dict[str, np.ndarray]:
        """Predictions of a trained model; see `Engine.predict`."""
        key = self._kind(model_fn, params, points)
        with self._lock:
            if key not in self._predictors:
                self._predictors[key] = Predictor(model_fn, params, points, self._session_config())
            return self._predictors[key].predict(checkpoint, points)

    def _run_config(self, model_dir: str, **distribution: Any) -> tf.estimator.RunConfig:
        return tf.estimator.RunConfig(
            model_dir=model_dir,
            tf_random_seed=0,
            # Summaries and checkpoints come from our own hooks, once a chunk and once at the end.
            save_summary_steps=None,
            save_checkpoints_steps=None,
            save_checkpoints_secs=None,
            log_step_count_steps=None,
            session_config=self._session_config(),
            **distribution,
        )

    def _shared_config(self, model_dir: str) -> tf.estimator.RunConfig:
        """Of an Estimator whose sessions share their devices."""
        with self._lock:
            self._target = self._target or sharing.devices(self._session_config())
            with sharing.told_to_estimators(self._target):
                return self._run_config(model_dir)

    def _graph(self, training: Training, chunk: int) -> Tuple[TrainingGraph, bool]:
        """The graph of a training, one for all of a kind, and whether this is the first of them."""
        model_fn, params, points = training.model_fn, training.params, training.predict_for
        shapes = training.stream.shapes
        key = (*self._kind(model_fn, params, points), tuple(sorted(shapes.items())), chunk)
        with self._lock:
            is_first = key not in self._graphs
            if is_first:
                self._graphs[key] = graphs.build(
                    model_fn, params, shapes, chunk, points, self._compiled
                )
            return self._graphs[key], is_first

    @staticmethod
    def _kind(model_fn: Callable, params: Any, points: FixedInput) -> Tuple[Any, ...]:
        """Of models whose graphs are equal: those that differ in their initial values only."""
        same = dataclasses.replace(params, initial_values=())
        return model_fn, same, points.feature, tuple(points.shape)

    def _session_config(self) -> tf.ConfigProto:
        # Trainings side by side share these threads, of which each one's input holds some.
        session_config = tf.ConfigProto(
            allow_soft_placement=True, inter_op_parallelism_threads=THREADS
        )
        # XLA optimises the loop; going over the graph before it only delays a session's start.
        session_config.graph_options.rewrite_options.disable_meta_optimizer = True
        if self.name == "cpu":
            session_config.device_count["GPU"] = 0
        return session_config

    def _chunk_size(self, stream: Stream, iterations: int) -> int:
        if self._settings.iterations_per_loop:
            return min(self._settings.iterations_per_loop, iterations)
        fitting = max(1, CHUNK_BYTES // stream.bytes_an_iteration)
        return min(LONGEST_CHUNK, fitting, iterations)
