"""CPU and GPU: `tf.estimator.Estimator` with an in-graph loop compiled by XLA."""

import itertools
import logging
import threading
from typing import Any, Callable, Dict, Iterable, List, NamedTuple, Tuple

import numpy as np
import tensorflow as tf

from base.errors import UsageError
from base.model_params import ModelParams
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
from estimator.graphs import Model, TrainingGraph
from estimator.hooks import (
    CheckpointHook,
    Checkpoints,
    LastHook,
    LossHook,
    PredictionHook,
    nan_as_diverged,
)
from estimator.literal import literal
from estimator.predictions import Predictor, by_batch, kind_of
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


class _Hooks(NamedTuple):
    """Of one training, in the order in which they run."""

    losses: LossHook
    predictions: PredictionHook
    checkpoints: CheckpointHook
    last: LastHook


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
        # Trainings run side by side in threads: the lock is for what they share.
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

    def join_workers(self, shared: Dict[str, Any], lock_path: str, lock_text: str) -> None:
        """There is nobody to wait for."""

    def train(self, training: Training, report: Report) -> TrainResult:
        """Trains a model and predicts with it; see `Engine.train`."""
        model_dir, iterations = training.model_dir, training.iterations
        start = resume.start(model_dir, LOOP)
        chunk = self._chunk_size(training.stream, iterations)
        graph, is_first = self._graph(training, chunk)
        container = f"training{next(self._numbers)}"
        made: List[_Hooks] = []

        def imported_model_fn(
            features: Dict[str, tf.Tensor], mode: str
        ) -> tf.estimator.EstimatorSpec:
            model = graphs.import_into(container, graph, features)
            losses = LossHook(model.measured, model_dir, report, start, shows_graph=is_first)
            hooks = self._hooks(model, losses, training)
            made.append(hooks)
            return _spec(model, mode, training.params.initial_values, hooks)

        with literal(model_dir) as directory, nan_as_diverged():
            config = self._shared_config(directory)
            estimator = sharing.Estimator(container, imported_model_fn, config=config)
            minibatches = pipelines.chunks(training.stream, start, iterations, chunk)
            estimator.train(sharing.input_in(container, minibatches))
        (hooks,) = made
        return TrainResult(
            hooks.checkpoints.saved(iterations),
            hooks.losses.iterations_per_second,
            hooks.predictions.predictions,
        )

    def predict(
        self, model_fn: Callable, checkpoint: str, params: ModelParams, points: FixedInput
    ) -> Dict[str, np.ndarray]:
        """Predictions of a trained model; see `Engine.predict`."""
        key = kind_of(model_fn, params, points)
        with self._lock:
            if key not in self._predictors:
                self._predictors[key] = Predictor(model_fn, params, points, self._session_config())
            predictor = self._predictors[key]
        return predictor.predict(checkpoint, points)

    def _hooks(self, model: Model, losses: LossHook, training: Training) -> "_Hooks":
        """Of a training, beside the one for losses."""
        checkpoints = Checkpoints(training.model_dir, LOOP, self._settings.checkpoint_seconds)
        return _Hooks(
            losses,
            PredictionHook(
                lambda session: by_batch(
                    session, model.predictions, model.points, training.predict_for
                )
            ),
            CheckpointHook(model.measured.step, model.saver, checkpoints),
            LastHook(sharing.destroy_all()),
        )

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
        # The target passes through the environment, which all threads share.
        with self._lock:
            self._target = self._target or sharing.devices(self._session_config())
            with sharing.target_in_environment(self._target):
                return self._run_config(model_dir)

    def _graph(self, training: Training, chunk: int) -> Tuple[TrainingGraph, bool]:
        """The graph of a training, one for all of a kind, and whether this is the first of them."""
        model_fn, params, points = training.model_fn, training.params, training.predict_for
        shapes = training.stream.shapes
        key = (*kind_of(model_fn, params, points), tuple(sorted(shapes.items())), chunk)
        with self._lock:
            is_first = key not in self._graphs
            if is_first:
                self._graphs[key] = graphs.build(training, chunk, self._compiled)
            return self._graphs[key], is_first

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


def _spec(
    model: Model, mode: str, initial_values: Dict[str, np.ndarray], hooks: _Hooks
) -> tf.estimator.EstimatorSpec:
    """What an Estimator trains.

    Args:
      model: an imported graph.
      mode: TRAIN.
      initial_values: by variable name.
      hooks: all of them.
    """
    # Everything has just been initialised: the default checks would only cost time.
    nothing = tf.constant([], tf.string)
    scaffold = tf.train.Scaffold(
        init_op=model.init_op,
        init_fn=lambda _, session: model.start_from(session, initial_values),
        ready_op=nothing,
        ready_for_local_init_op=nothing,
        local_init_op=model.local_init_op,
        saver=model.saver,
    )
    step, means, _ = model.measured
    return tf.estimator.EstimatorSpec(
        mode,
        loss=means[min(means)],
        train_op=tf.group(step, *means.values()),
        training_hooks=hooks,
        scaffold=scaffold,
    )
