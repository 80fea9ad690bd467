"""tf.data pipelines in the forms that the engines take."""

import sys
from typing import Callable, Dict, Iterator

import numpy as np
import tensorflow as tf

from input_fn import fixed
from input_fn.fixed import FixedInput
from input_fn.weighted import Batches, Stream

COUNT = "count"
"""Feature of a chunk: how many of its iterations count; the rest is padding."""


def chunks(stream: Stream, start: int, iterations: int, size: int) -> Callable[[], tf.data.Dataset]:
    """An input_fn of whole chunks for the in-graph loop; it ends where training ends.

    A first chunk counts no iteration: the loop is compiled on it, before the stream is asked for
    anything.

    Args:
      stream: of minibatches.
      start: iterations that are already done.
      iterations: to train in all, counted from the stream's start.
      size: iterations a chunk, K.

    Returns:
      A function that makes a dataset of {feature: [K, *its shape] float32, COUNT: int32}. The next
      chunks are drawn while one is trained on.
    """

    def padded() -> Iterator[Batches]:
        empty = {name: np.zeros((size, *shape)) for name, shape in stream.shapes.items()}
        yield {COUNT: np.int32(0), **empty}
        for batches in stream.chunks(start, iterations, size):
            count = len(next(iter(batches.values())))
            padding = size - count
            yield {
                COUNT: np.int32(count),
                **{name: _padded(array, padding) for name, array in batches.items()},
            }

    types = {COUNT: tf.int32, **{name: tf.float32 for name in stream.shapes}}
    shapes = {COUNT: (), **{name: (size, *shape) for name, shape in stream.shapes.items()}}
    return lambda: tf.data.Dataset.from_generator(padded, types, shapes).prefetch(2)


def single_iterations(
    stream: Stream, start: int, drawn_ahead: int, parts: int = 1
) -> Callable[[], tf.data.Dataset]:
    """An endless input_fn of one iteration's batch an element.

    Args:
      stream: of minibatches.
      start: iterations that are already done.
      drawn_ahead: iterations that are drawn together and wait in the queue.
      parts: into which each batch is cut, an element each, for devices that take turns.

    Returns:
      A function that makes a dataset of {feature: its shape, float32}.
    """

    def each() -> Iterator[Batches]:
        for batches in stream.chunks(start, sys.maxsize, drawn_ahead):
            cut = {
                name: np.split(array, parts, axis=stream.batch_axis + 1)
                for name, array in batches.items()
            }
            for index in range(len(next(iter(batches.values())))):
                for part in range(parts):
                    yield {name: pieces[part][index] for name, pieces in cut.items()}

    shapes = stream.part(0, parts).shapes
    types = {name: tf.float32 for name in shapes}
    # Everything before the prefetch stays on the host; what comes after would move to the device.
    waiting = drawn_ahead * parts
    return lambda: tf.data.Dataset.from_generator(each, types, shapes).prefetch(waiting)


def predictions(points: FixedInput) -> Callable[[], tf.data.Dataset]:
    """An input_fn of prediction batches, {feature: [fixed.BATCH, *shape]}, in order."""

    def batches() -> Iterator[Dict[str, np.ndarray]]:
        return ({points.feature: batch} for batch, _ in points.batches())

    types, shapes = {points.feature: tf.float32}, {points.feature: (fixed.BATCH, *points.shape)}
    return lambda: tf.data.Dataset.from_generator(batches, types, shapes).prefetch(1)


def _padded(array: np.ndarray, padding: int) -> np.ndarray:
    if not padding:
        return array
    return np.concatenate([array, np.zeros((padding, *array.shape[1:]), array.dtype)])
