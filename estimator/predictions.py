"""Predictions of trained models: one graph and one session for all models of a kind."""

import dataclasses
import os
import threading
from typing import Any, Callable, Dict, Iterable, List, Tuple

import numpy as np
import tensorflow as tf

from base.model_params import ModelParams
from estimator.literal import literal
from input_fn import fixed
from input_fn.fixed import FixedInput


def kind_of(model_fn: Callable, params: ModelParams, points: FixedInput) -> Tuple[Any, ...]:
    """Of models whose graphs are equal: those that differ in their initial values only."""
    same = dataclasses.replace(params, initial_values=())
    return model_fn, same, points.feature, tuple(points.shape)


class Predictor:
    """A model function's PREDICT mode, into which checkpoints are read one after another."""

    def __init__(
        self, model_fn: Callable, params: ModelParams, points: FixedInput, config: tf.ConfigProto
    ):
        """Builds the graph.

        Args:
          model_fn: a model function.
          params: handed to it as {"params": params}.
          points: what to predict for; only its feature and shape count.
          config: of the session.
        """
        # Threads that ask for models of one kind share its variables: nothing comes between
        # reading a checkpoint and predicting.
        self._lock = threading.Lock()
        with tf.Graph().as_default() as graph:
            self._points = tf.placeholder(tf.float32, (fixed.BATCH, *points.shape))
            spec = model_fn(
                features={points.feature: self._points},
                labels=None,
                mode=tf.estimator.ModeKeys.PREDICT,
                params={"params": params},
                config=None,
            )
            self._outputs = spec.predictions
            self._saver = tf.train.Saver()
            self._session = tf.Session(graph=graph, config=config)

    def predict(self, checkpoint: str, points: FixedInput) -> Dict[str, np.ndarray]:
        """Predictions of the model in a checkpoint.

        Args:
          checkpoint: its path prefix.
          points: n of them.

        Returns:
          By name [n, ...].
        """
        directory, name = os.path.split(checkpoint)
        with self._lock:
            with literal(directory) as readable:
                self._saver.restore(self._session, os.path.join(readable, name))
            return by_batch(self._session, self._outputs, self._points, points)

    def close(self) -> None:
        """Gives back what its session holds."""
        self._session.close()


def by_batch(
    session: tf.Session, outputs: Dict[str, tf.Tensor], fed: tf.Tensor, points: FixedInput
) -> Dict[str, np.ndarray]:
    """What a session gives for n points.

    Args:
      session: with a trained model.
      outputs: tensors by name.
      fed: a placeholder [fixed.BATCH, *shape], with the points of a batch.
      points: n of them.

    Returns:
      By name [n, ...].
    """
    made = (session.run(outputs, {fed: batch}) for batch, _ in points.batches())
    return joined(made, len(points))


def joined(outputs: Iterable[Dict[str, np.ndarray]], number: int) -> Dict[str, np.ndarray]:
    """Batches of predictions as one array a name, without the last batch's padding."""
    parts: Dict[str, List[np.ndarray]] = {}
    for output in outputs:
        for name, array in output.items():
            parts.setdefault(name, []).append(array)
    return {name: np.concatenate(arrays)[:number] for name, arrays in parts.items()}
