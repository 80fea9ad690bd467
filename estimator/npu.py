"""Ascend: `NPUEstimator` through npu_bridge, the training loop on the device.

Written from the adapter's documents and its Python half; tried on a stand-in, not on a card.
"""

import importlib
import os
from typing import Any, Callable, Dict, List

import numpy as np
import tensorflow as tf

from estimator.backend import DeviceSettings, TrainResult
from estimator.hooks import CheckpointHook, LossHook, Report
from estimator.host import joined
from estimator.loops import accumulated
from input_fn import pipelines
from input_fn.fixed import FixedInput
from input_fn.weighted import Stream
from options import UsageError

SINGLE_CARD = {"JOB_ID": "10087", "RANK_SIZE": "1", "RANK_ID": "0", "RANK_TABLE_FILE": ""}
"""What npu_bridge reads from the environment, as one card needs it."""
LONGEST_LOOP = 1000


class NPUEngine:
    """Trains and predicts on an Ascend card."""

    name = "npu"
    prepares_ahead = False
    in_graph_loop = False
    """Gradients inside a while_loop are not safe there: look-ahead steps are written out."""

    def __init__(self, settings: DeviceSettings):
        """Loads npu_bridge.

        Raises:
          UsageError: if it, or the CANN libraries below it, cannot be loaded.
        """
        for name, value in SINGLE_CARD.items():
            os.environ.setdefault(name, value)
        self._settings = settings
        self._bridge = _load_bridge()

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
        """Trains a model from its initial values and predicts with it; see `HostEngine.train`."""
        length = loop_length(iterations, self._settings.iterations_per_loop)
        hooks: List[Any] = []

        def make_hooks(step: tf.Tensor, means: Dict[str, tf.Tensor]) -> List[Any]:
            saver = tf.train.Saver(save_relative_paths=True, max_to_keep=1)
            hooks.append(LossHook(step, means, model_dir, report))
            return [*hooks, _LoopCheckHook(step, length), CheckpointHook(saver, model_dir)]

        estimator = self._estimator(
            accumulated(model_fn, length, make_hooks), model_dir, params, length
        )
        estimator.train(pipelines.single_iterations(stream, length), max_steps=iterations)
        checkpoint = os.path.join(model_dir, f"model.ckpt-{iterations}")
        predictions = self.predict(model_fn, checkpoint, params, predict_for)
        return TrainResult(checkpoint, hooks[0].iterations_per_second, predictions)

    def predict(
        self, model_fn: Callable, checkpoint: str, params: Any, points: FixedInput
    ) -> Dict[str, np.ndarray]:
        """Predictions of a trained model; see `HostEngine.predict`."""
        estimator = self._estimator(model_fn, os.path.dirname(checkpoint), params, 1)
        outputs = estimator.predict(
            pipelines.predictions(points), checkpoint_path=checkpoint, yield_single_examples=False
        )
        return joined(outputs, len(points))

    def _estimator(self, model_fn: Callable, model_dir: str, params: Any, length: int) -> Any:
        # NPUEstimator changes the session configuration it is given: a fresh one each time.
        config = self._bridge.NPURunConfig(
            model_dir=model_dir,
            iterations_per_loop=length,
            tf_random_seed=0,
            save_summary_steps=0,
            # Our own hook saves once, at the end: each save on the device's way costs a run.
            save_checkpoints_steps=0,
            session_config=tf.ConfigProto(allow_soft_placement=True),
        )
        return self._bridge.NPUEstimator(
            model_fn=model_fn, model_dir=model_dir, config=config, params={"params": params}
        )


class _LoopCheckHook(tf.train.SessionRunHook):
    """Stops a run whose device loop was skipped, which unknown shapes cause silently."""

    def __init__(self, step: tf.Tensor, length: int):
        self._step, self._length, self._checked = step, length, False

    def before_run(self, run_context: Any) -> Any:
        return None if self._checked else tf.train.SessionRunArgs(self._step)

    def after_run(self, run_context: Any, run_values: Any) -> None:
        if not self._checked and int(run_values.results) != self._length:
            raise UsageError(
                f"--iterations_per_loop={self._length}: the device advanced the global step by "
                f"{int(run_values.results)} in its first run; its loop was skipped, use 1"
            )
        self._checked = True


def loop_length(iterations: int, wanted: int) -> int:
    """Iterations to one Session.run: a divisor of all, so that training ends where it should.

    Raises:
      UsageError: if the wanted length divides them not.
    """
    if wanted:
        if iterations % wanted:
            raise UsageError(
                f"--iterations_per_loop={wanted}: must divide the {iterations} iterations of a "
                f"training; 0 chooses"
            )
        return wanted
    return max(n for n in range(1, min(LONGEST_LOOP, iterations) + 1) if iterations % n == 0)


def _load_bridge() -> Any:
    try:
        return importlib.import_module("npu_bridge.npu_init")
    except (ImportError, OSError, tf.errors.OpError) as error:
        raise UsageError(
            f"--device=npu: npu_bridge does not load ({' '.join(str(error).split())[:160]}); "
            f"source CANN's environment, such as "
            f". /usr/local/Ascend/ascend-toolkit/set_env.sh, or use --device=cpu"
        ) from error
