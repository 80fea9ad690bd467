"""CPU and GPU: `tf.estimator.Estimator` with an in-graph loop compiled by XLA."""

import logging
import os
from typing import Any, Callable, Dict, Iterable, List

import numpy as np
import tensorflow as tf

from estimator import loops, resume
from estimator.backend import CHUNK_BYTES, DeviceSettings, TrainResult
from estimator.hooks import CheckpointHook, LossHook, PredictionHook, Report, told_nan
from estimator.literal import literal
from input_fn import fixed, pipelines
from input_fn.fixed import FixedInput
from input_fn.weighted import Stream
from options import UsageError

LONGEST_CHUNK = 1000
LOOP = "loop"
"""Whose checkpoints these are."""

log = logging.getLogger("adagan")


def gpus_for(settings: DeviceSettings) -> List[Any]:
    """The GPUs that TensorFlow sees, if the settings let it use them."""
    return [] if settings.device == "cpu" else tf.config.experimental.list_physical_devices("GPU")


class HostEngine:
    """Trains and predicts on this machine's CPU or GPU."""

    prepares_ahead = True
    """Several Estimators may be set up and trained at once, each in a thread."""
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
        hooks: List[Any] = []
        start = resume.start(model_dir, LOOP)

        def make_hooks(
            step: tf.Tensor, means: Dict[str, tf.Tensor]
        ) -> List[tf.train.SessionRunHook]:
            predict = _prediction_in_graph(model_fn, params, predict_for)
            hooks.extend(
                [
                    LossHook(step, means, model_dir, report, start),
                    PredictionHook(predict),
                    CheckpointHook(step, model_dir, LOOP, self._settings.checkpoint_seconds),
                ]
            )
            return hooks

        wrapped = loops.looped(model_fn, make_hooks, self._compiled)
        chunk = self._chunk_size(stream, iterations)
        with literal(model_dir) as directory, told_nan():
            estimator = self._estimator(wrapped, directory, params)
            estimator.train(pipelines.chunks(stream, start, iterations, chunk))
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
        return predicted(
            lambda directory: self._estimator(model_fn, directory, params), checkpoint, points
        )

    def _estimator(
        self, model_fn: Callable, model_dir: str, params: Any, **distribution: Any
    ) -> tf.estimator.Estimator:
        config = tf.estimator.RunConfig(
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
        return tf.estimator.Estimator(model_fn, config=config, params={"params": params})

    def _session_config(self) -> tf.ConfigProto:
        # A training that waits for its input must not hold the threads of the one that runs.
        session_config = tf.ConfigProto(allow_soft_placement=True, use_per_session_threads=True)
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


def _prediction_in_graph(
    model_fn: Callable, params: Any, points: FixedInput
) -> Callable[[tf.Session], Dict[str, np.ndarray]]:
    """Adds the model's PREDICT mode to the training graph; returns what runs it in a session."""
    placeholder = tf.placeholder(tf.float32, (fixed.BATCH, *points.shape))
    with tf.variable_scope(tf.get_variable_scope(), reuse=True):
        spec = model_fn(
            features={points.feature: placeholder},
            labels=None,
            mode=tf.estimator.ModeKeys.PREDICT,
            params={"params": params},
            config=None,
        )

    def predict(session: tf.Session) -> Dict[str, np.ndarray]:
        outputs = (
            session.run(spec.predictions, {placeholder: batch}) for batch, _ in points.batches()
        )
        return joined(outputs, len(points))

    return predict


def predicted(
    estimator_in: Callable[[str], tf.estimator.Estimator], checkpoint: str, points: FixedInput
) -> Dict[str, np.ndarray]:
    """Predictions of the Estimator that is made for a checkpoint's directory."""
    above, name = os.path.split(checkpoint)
    with literal(above) as directory:
        outputs = estimator_in(directory).predict(
            pipelines.predictions(points),
            checkpoint_path=os.path.join(directory, name),
            yield_single_examples=False,
        )
        return joined(outputs, len(points))


def joined(outputs: Iterable[Dict[str, np.ndarray]], number: int) -> Dict[str, np.ndarray]:
    """Batches of predictions as one array a name, without the last batch's padding."""
    parts: Dict[str, List[np.ndarray]] = {}
    for output in outputs:
        for name, array in output.items():
            parts.setdefault(name, []).append(array)
    return {name: np.concatenate(arrays)[:number] for name, arrays in parts.items()}
