"""Replicas that train one model leave it together, and report what all of them see.

A worker that left by itself would leave the others waiting for its gradients for ever. So who
wants to leave says so with the losses, which are averaged over all replicas in every iteration.
"""

from typing import Any, Callable, Dict, NamedTuple, Optional

import tensorflow as tf

from base import signals
from base.errors import Diverged
from estimator.hooks import LossHook


class _Leaves(NamedTuple):
    """Whether to leave: 1 from who wants to; a mean of 0 if nobody does."""

    own: tf.Tensor  # fed
    mean: tf.Tensor  # over all replicas


class AgreementHook(tf.train.SessionRunHook):
    """Ends a training after the same iteration everywhere, once one worker wants to."""

    def __init__(self, every: int):
        """Args: iterations to one report of losses."""
        self._every = every
        self._leaves: Optional[_Leaves] = None  # once the model is built
        self._losses: Optional[LossHook] = None
        self._error: Optional[Diverged] = None
        self.begun = 0
        """Iterations of this training, the one that goes on included."""
        self.left = False
        """Whether training ended before its time, by agreement."""

    def judge_by(self, losses: LossHook) -> None:
        """Has losses reported and judged, here, for all workers."""
        self._losses = losses

    def agreed(self, model_fn: Callable[..., tf.estimator.EstimatorSpec]) -> Callable:
        """The model function with its losses, and whether to leave, averaged over all replicas."""

        def agreed_model_fn(
            features: Dict[str, tf.Tensor],
            labels: None,
            mode: str,
            params: Dict[str, Any],
            config: Any,
        ) -> tf.estimator.EstimatorSpec:
            spec = model_fn(
                features=features, labels=labels, mode=mode, params=params, config=config
            )
            own_leaves = tf.placeholder_with_default(0.0, [])
            names = sorted(spec.predictions)
            own = tf.stack([spec.predictions[name] for name in names] + [own_leaves])
            # Not the context's own all_reduce, whose gradient does not find replicas' variables.
            context = tf.distribute.get_replica_context()
            *means, leaves = tf.unstack(context.merge_call(_mean, args=(own,)))
            # Of the worker's first replica: the mean is the same on all.
            self._leaves = self._leaves or _Leaves(own_leaves, leaves)
            return spec._replace(predictions=dict(zip(names, means)), loss=means[0])

        return agreed_model_fn

    def check(self) -> None:
        """Ends a training whose last report was bad.

        Raises:
          Diverged: if it was.
        """
        if self._error:
            raise self._error

    def after_create_session(self, session: tf.Session, coord: Any) -> None:
        """As the hook for losses."""
        if self._losses:
            self._losses.after_create_session(session, coord)

    def before_run(self, run_context: Any) -> Any:
        """Asks whether anybody wants to leave, and for the losses where they are due."""
        self.begun += 1
        leaves = self._leaves
        if leaves is None:
            raise RuntimeError("the model that this hook belongs to was not built")
        fetches = {"leaves": leaves.mean}
        if self._losses and self.begun % self._every == 0:
            fetches["losses"] = self._losses.before_run(run_context).fetches
        leaving = signals.asked() or self._error
        return tf.train.SessionRunArgs(fetches, {leaves.own: 1.0} if leaving else None)

    def after_run(self, run_context: Any, run_values: Any) -> None:
        """Leaves, or has the losses judged.

        Raises:
          Diverged: if they were bad, once all others know.
        """
        if run_values.results["leaves"]:
            self.check()
            self.left = True
            run_context.request_stop()
        elif self._losses and "losses" in run_values.results:
            results = run_values.results["losses"]
            try:
                self._losses.after_run(run_context, run_values._replace(results=results))
            except Diverged as error:
                self._error = error

    def end(self, session: tf.Session) -> None:
        """As the hook for losses."""
        if self._losses:
            self._losses.end(session)


def _mean(strategy: tf.distribute.Strategy, own: Any) -> Any:
    """The mean of a tensor over all replicas, on each of them."""
    return strategy.extended.reduce_to(tf.distribute.ReduceOp.MEAN, own, destinations=own)
