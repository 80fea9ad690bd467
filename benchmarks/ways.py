"""Ways of running the training loop, each measured by a function of its own.

Each is called in a process of its own, by its name, with the seconds it may take, once TensorFlow
has been loaded with the flags to be measured.
"""

import contextlib
from typing import Any, Callable, Dict, Iterator, Tuple

import numpy as np

from benchmarks.trainings import setting, train

COMPARED, TOLERANCE = 50, 1e-4
"""Iterations after which JAX's parameters must be ours, and the largest relative difference."""


def published(seconds: float) -> float:
    """Iterations a second of `feed_dict.FeedDictGan`."""
    from benchmarks import feed_dict

    dataset, params, _ = setting()
    return feed_dict.iterations_per_second(params, dataset.points, 64, seconds)


@contextlib.contextmanager
def _one_by_one(params: Any, chunk: Dict[str, np.ndarray]) -> Iterator[Tuple[Any, Callable]]:
    """A session, and what runs our iteration on a minibatch of a chunk in it, by its number."""
    import tensorflow as tf

    from model_fn import gan

    with tf.Graph().as_default(), tf.variable_scope("", use_resource=True):
        tf.train.create_global_step()
        features = {name: tf.placeholder(tf.float32, a.shape[1:]) for name, a in chunk.items()}
        spec = gan.model_fn(features, None, "train", {"params": params}, None)
        with tf.Session() as session:
            session.run(tf.global_variables_initializer())
            spec.scaffold.init_fn(session)

            def iterate(number: int) -> None:
                feeds = {features[name]: array[number] for name, array in chunk.items()}
                session.run(spec.train_op, feeds)

            yield session, iterate


def fused(seconds: float) -> float:
    """Iterations a second of our iteration, one Session.run each."""
    from benchmarks.feed_dict import rate_of

    _, params, stream = setting()
    (chunk,) = stream.chunks(0, 1000, 1000)
    with _one_by_one(params, chunk) as (_, iterate):
        return rate_of(lambda: iterate(0), seconds)


def _loop(seconds: float, compiled: bool) -> float:
    import tensorflow as tf

    from benchmarks.feed_dict import rate_of
    from estimator import loops
    from input_fn.pipelines import COUNT
    from model_fn import gan

    tf.enable_resource_variables()
    _, params, stream = setting()
    (chunk,) = stream.chunks(0, 1000, 1000)
    with tf.Graph().as_default(), tf.Session() as session:
        tf.train.create_global_step()
        features = {name: tf.Variable(array, trainable=False) for name, array in chunk.items()}
        reads = {name: variable.read_value() for name, variable in features.items()}
        looped = loops.looped(gan.model_fn, lambda step, means: [], compiled)
        given = {**reads, COUNT: tf.constant(1000)}
        spec = looped(given, None, "train", {"params": params}, None)
        session.run([tf.global_variables_initializer(), tf.local_variables_initializer()])
        spec.scaffold.init_fn(session)
        return 1000 * rate_of(lambda: session.run(spec.train_op), seconds, warm_up=2)


def loop_without_xla(seconds: float) -> float:
    """Iterations a second of the in-graph loop in plain TensorFlow."""
    return _loop(seconds, compiled=False)


def loop_with_xla(seconds: float) -> float:
    """Iterations a second of the in-graph loop compiled by XLA."""
    return _loop(seconds, compiled=True)


def jax_fori_loop(seconds: float) -> float:
    """Iterations a second of JAX's `fori_loop`."""
    return _jax("fori_loop", seconds)


def jax_scan(seconds: float) -> float:
    """Iterations a second of JAX's `scan`."""
    return _jax("scan", seconds)


def _jax(loop: str, seconds: float) -> float:
    """Iterations a second of one of JAX's loops, which must train as ours does."""
    import tensorflow as tf

    from benchmarks import jax_environment

    _, params, stream = setting()
    (chunk,) = stream.chunks(0, 1000, 1000)
    with _one_by_one(params, chunk) as (session, iterate):
        for number in range(COMPARED):
            iterate(number)
        ours = {v.op.name: session.run(v) for v in tf.trainable_variables()}
    given = {
        **params.initial_values,
        **chunk,
        "d_learning_rate": params.gan.d_learning_rate,
        "g_learning_rate": params.gan.g_learning_rate,
        "unrolling_steps": params.gan.unrolling_steps,
        "compared": COMPARED,
    }
    rate, theirs = jax_environment.run(given, loop, seconds)
    difference = jax_environment.difference(ours, theirs)
    if not difference < TOLERANCE:
        raise RuntimeError(f"JAX's parameters differ from ours by {difference:.1e}")
    return rate


def estimator(seconds: float) -> float:
    """Iterations a second inside Estimator.train, of 30,000 iterations."""
    _, params, stream = setting()
    return train(params, stream, 30_000).iterations_per_second
