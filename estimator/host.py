"""CPU and GPU: `tf.estimator.Estimator` with an in-graph loop compiled by XLA."""

import dataclasses
import itertools
import logging
import threading
from typing import Any, Callable, Dict, Iterable, List, Tuple

import numpy as np
import tensorflow as tf

from estimator import graphs, loops, resume, sharing
from estimator.backend import CHUNK_BYTES, DeviceSettings, TrainResult
from estimator.graphs import TrainingGraph
from estimator.hooks import (
    CheckpointHook,
    LastHook,
    LossHook,
    PredictionHook,
    Report,
    told_nan,
)
from estimator.literal import literal
from estimator.predictions import Predictor, by_batch
from input_fn import pipelines
from input_fn.fixed import FixedInput
from input_fn.weighted import Stream
from options import UsageError

LONGEST_CHUNK = 1000
THREADS = 16
LOOP = "loop"
"""Whose checkpoints these are."""

log = logging.getLogger("adagan")


def gpus_for(settings: DeviceSettings) -> List[Any]:
    """The GPUs that TensorFlow sees, if the settings let it use them."""
    return [] if settings.device == "cpu" else tf.config.experimental.list_physical_devices("GPU")


class HostEngine:
    """Trains and predicts on this machine's CPU or GPU."""

    trains_side_by_side = True
    """Several trainings may run at once, each in a thread."""
    in_graph_loop = True
    """Look-ahead steps may be a while_loop here."""
    rank = 0

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

    @staticmethod
    def wrap_optimizers(optimizers: List[tf.train.Optimizer]) -> List[tf.train.Optimizer]:
        """Nothing stands around the optimizers here."""
        return optimizers

    def check(self, batch_size: int, iterations: Iterable[int]) -> None:
        """Any minibatch and any number of iterations fits: the last chunk may be a partial one."""

    def meet(self, facts: Dict[str, Any], witness: str, text: str) -> None:
        """There is nobody to wait for."""

    def train(
        self,
        model_fn: Callable,
        model_dir: str,
        params: Any,
        stream: Stream,
        iterations: int,
        report: Report,
        predict_for: FixedInput,
    ) -> TrainResult:
        """Trains a model and predicts with it.

        From its initial values, or from where an interrupted training of the same model in the
        same directory came to, on the same minibatches.

        Args:
          model_fn: one iteration a train op, as `loops.looped` takes it.
          model_dir: a directory of its own.
          params: handed to the model function as {"params": params}.
          stream: of minibatches.
          iterations: how many to train.
          report: called once a chunk.
          predict_for: what to predict for with the trained model.

        Raises:
          Diverged: within a chunk, when losses or weights are no numbers to go on with.
          Stopped: once the model is saved, if a signal has come.
        """
        start = resume.start(model_dir, LOOP)
        chunk = self._chunk_size(stream, iterations)
        graph, is_first = self._graph(model_fn, params, stream.shapes, chunk, predict_for)
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
                        lambda session: by_batch(
                            session, model.predictions, model.asked, predict_for
                        )
                    ),
                    CheckpointHook(model.step, model.saver, model_dir, LOOP, seconds),
                    LastHook(sharing.destroy_all()),
                ]
            )
            # Everything has just been initialised: the default checks would only cost time.
            nothing = tf.constant([], tf.string)
            scaffold = tf.train.Scaffold(
                init_op=model.init_op,
                init_fn=lambda _, session: model.start_from(session, params.initial_values),
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
            minibatches = pipelines.chunks(stream, start, iterations, chunk)
            estimator.train(sharing.input_in(container, minibatches))
        return TrainResult(
            hooks[2].saved(iterations),
            hooks[0].iterations_per_second,
            hooks[1].predictions,
        )

    def predict(
        self, model_fn: Callable, checkpoint: str, params: Any, points: FixedInput
    ) -> Dict[str, np.ndarray]:
        """Predictions of a trained model: what `train` returned for the same points.

        Args:
          model_fn: as in `train`.
          checkpoint: path prefix of its checkpoint.
          params: as in `train`; initial values are not used.
          points: to predict for.
        """
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

    def _graph(
        self,
        model_fn: Callable,
        params: Any,
        shapes: Dict[str, Tuple[int, ...]],
        chunk: int,
        points: FixedInput,
    ) -> Tuple[TrainingGraph, bool]:
        """The graph of a training, one for all of a kind, and whether this is the first of them."""
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
