"""What keeps the graphs of a training on the NPU few: each set of fetches and feeds is one more.

A device compiles what a set of fetches and feeds needs for tens of seconds, and an Estimator asks
for many small ones: readiness, initialisation in three parts, the global step alone.
"""

from typing import Any, Dict

import numpy as np
import tensorflow as tf

from base.errors import UsageError


class OneRunScaffold(tf.train.Scaffold):
    """Starts a model by one Session.run, or by its checkpoint and one more; nothing is asked."""

    # Everything has just been initialised.
    ready_op = ready_for_local_init_op = None

    def __init__(self, values: Dict[str, np.ndarray], goes_on: bool):
        """Made with the graph.

        Args:
          values: initial ones, by variable name.
          goes_on: whether there is a checkpoint to start from.
        """
        super().__init__()
        self._values, self._goes_on = values, goes_on
        self._whole_init = self._rest_init = None
        self._fed: Dict[tf.Tensor, np.ndarray] = {}

    def finalize(self) -> "OneRunScaffold":
        """Adds what initialises, now that all variables are there, the adapter's among them."""
        if self._whole_init is None:
            self._rest_init = tf.local_variables_initializer()
            self._whole_init = tf.group(tf.global_variables_initializer(), self._rest_init)
            self._fed = {
                variable.initial_value: self._values[variable.op.name]
                for variable in tf.global_variables()
                if variable.op.name in self._values
            }
        super().finalize()
        return self

    @property
    def init_op(self) -> Any:
        """Initialises all variables; runs where there is no checkpoint."""
        return self._whole_init

    @property
    def init_feed_dict(self) -> Dict[tf.Tensor, np.ndarray]:
        """Initial values for it."""
        return self._fed

    @property
    def local_init_op(self) -> Any:
        """Initialises what no checkpoint holds; runs always, so it is there only after one."""
        return self._rest_init if self._goes_on else None


class LoopHook(tf.train.SessionRunHook):
    """Ends a training at its last iteration, and one whose device loop was skipped at its first.

    Unknown shapes make the device skip its loop silently.
    """

    def __init__(self, step: tf.Tensor, start: int, length: int, iterations: int):
        """Made for one training.

        Args:
          step: the global step after a run.
          start: the first step.
          length: iterations to one Session.run.
          iterations: the last step.
        """
        self.step, self._length, self._iterations = step, length, iterations
        self._expected = start + length  # after the first run

    def before_run(self, run_context: Any) -> Any:
        """Asks for the step, in each run: another set of fetches would be another graph."""
        return tf.train.SessionRunArgs(self.step)

    def after_run(self, run_context: Any, run_values: Any) -> None:
        """Looks where training is.

        Raises:
          UsageError: if the device did not loop.
        """
        step = int(run_values.results)
        if self._expected not in (0, step):
            done = step - self._expected + self._length
            raise UsageError(
                f"--iterations_per_loop={self._length}: the device advanced the global step by "
                f"{done} in its first run; its loop was skipped, use 1"
            )
        self._expected = 0
        if step >= self._iterations:
            run_context.request_stop()
