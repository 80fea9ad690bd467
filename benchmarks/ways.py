"""What the benchmarks measure: ways of running the training loop, and what surrounds it.

Each function is called in a process of its own, by its name, with the seconds it may take, once
TensorFlow has been loaded with the flags to be measured.
"""

import contextlib
import json
import os
import sys
import tempfile
import time
from typing import Any, Callable, Dict, Iterator, List, Tuple

import numpy as np

from benchmarks import children
from benchmarks.children import ROOT

COMPARED, TOLERANCE = 50, 1e-4
"""Iterations after which JAX's parameters must be ours, and the largest relative difference."""


def setting(batch_size: int = 64, **changed: Dict[str, Any]) -> Tuple[Any, Any, Any]:
    """The default experiment's dataset, model parameters and stream, with some settings changed.

    Args:
      batch_size: points a minibatch.
      changed: settings by room: data, network, gan.
    """
    from base import streams
    from input_fn import sources, weighted
    from input_fn.settings import DataSettings
    from model_fn import gan
    from model_fn.settings import GanSettings, NetworkSettings, OptimizerSettings

    dataset = sources.load(DataSettings(**changed.get("data", {})), 0, batch_size)
    network, shape = NetworkSettings(**changed.get("network", {})), dataset.shape
    rng = streams.generator(0, streams.Purpose.COMPONENT_INIT, 1)
    settings = GanSettings(**changed.get("gan", {}))
    values = gan.initial_values(settings, network, shape, np.zeros(shape), np.ones(shape), rng)
    params = gan.GanParams(
        initial_values=values,
        gan=settings,
        network=network,
        optimizer=OptimizerSettings(),
        shape=shape,
        iterations=15_000,
        in_graph_loop=True,
    )
    weights = np.full(dataset.number, 1 / dataset.number)
    stream = weighted.component_stream(dataset, weights, batch_size, 5, "normal", 0, 1)
    return dataset, params, stream


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


def train(params: Any, stream: Any, iterations: int, report: Callable = lambda *_: None) -> Any:
    """Estimator.train of a component as a run uses it; its TrainResult."""
    from input_fn.fixed import FixedInput
    from model_fn import gan

    latent = FixedInput("latent", (5,), [np.zeros((1, 5), np.float32)])
    return _train(gan.model_fn, params, stream, iterations, report, latent)


def _train(
    model_fn: Callable, params: Any, stream: Any, iterations: int, report: Callable, asked: Any
) -> Any:
    from estimator import factory
    from estimator.engine import DeviceSettings, Training

    engine = factory.choose(DeviceSettings(device="cpu"), "")
    with tempfile.TemporaryDirectory() as directory:
        training = Training(model_fn, directory, params, stream, iterations, asked)
        return engine.train(training, report)


def estimator(seconds: float) -> float:
    """Iterations a second inside Estimator.train, of 30,000 iterations."""
    _, params, stream = setting()
    return train(params, stream, 30_000).iterations_per_second


def discriminator(seconds: float) -> float:
    """Iterations a second of a mixture discriminator inside Estimator.train, of 150,000."""
    from base import streams
    from base.streams import Purpose
    from input_fn import datasets, weighted
    from input_fn.fixed import FixedInput
    from model_fn import mixture_discriminator
    from model_fn.settings import MixtureDiscriminatorSettings

    dataset, gan, _ = setting()
    settings, shape, iterations = MixtureDiscriminatorSettings(), dataset.shape, 150_000
    rng = streams.generator(0, Purpose.DISCRIMINATOR_INIT, 2)
    values = mixture_discriminator.initial_values(
        settings, gan.network, gan.gan.unrolled, shape, np.zeros(shape), np.ones(shape), rng
    )
    params = mixture_discriminator.MixtureDiscriminatorParams(
        initial_values=values,
        discriminator=settings,
        network=gan.network,
        optimizer=gan.optimizer,
        shape=shape,
        unrolled=gan.gan.unrolled,
        iterations=iterations,
    )
    everything = np.arange(dataset.number, dtype=datasets.index_type(dataset.number))
    members = [everything] * settings.mixture_c_folds
    generated = dataset.points[rng.permutation(len(dataset.points))]
    stream = weighted.discriminator_stream(dataset, members, generated, 64, 0, 2)
    asked = FixedInput("points", shape, [np.zeros((1, *shape), np.float32)])
    trained = _train(
        mixture_discriminator.model_fn, params, stream, iterations, lambda *_: None, asked
    )
    return trained.iterations_per_second


def published_discriminator(seconds: float) -> float:
    """Iterations a second of a mixture discriminator's training, the published way."""
    from benchmarks import feed_dict
    from model_fn.settings import MixtureDiscriminatorSettings

    dataset, params, _ = setting()
    rate = MixtureDiscriminatorSettings().learning_rate
    return feed_dict.discriminator_iterations_per_second(params, dataset.points, 64, rate, seconds)


def run_main(*flags: str) -> Dict[str, Any]:
    """A whole run of main.py: what `children.watch` tells of it by name, and its last state."""
    with children.directory() as directory:
        workdir = os.path.join(directory, "run")
        command = [sys.executable, os.path.join(ROOT, "main.py"), *flags, f"--workdir={workdir}"]
        watched = children.watch(command)
        with open(os.path.join(workdir, "state.json")) as file:
            return {**watched._asdict(), "state": json.load(file)}


def published_first(seconds: float) -> float:
    """Seconds to the end of the published way's first iteration."""
    from benchmarks.feed_dict import FeedDictGan

    _, params, stream = setting()
    (chunk,) = stream.chunks(0, 1, 1)
    start = time.perf_counter()
    FeedDictGan(params, 64).iterate(chunk["real"][0], chunk["latent"][0])
    return time.perf_counter() - start


def first(seconds: float) -> float:
    """Seconds to the end of our first Session.run of 1,000 iterations."""
    _, params, stream = setting()
    ended: List[float] = []
    start = time.perf_counter()
    train(params, stream, 1000, lambda step, losses: ended.append(time.perf_counter() - start))
    return ended[0]


def restore(seconds: float) -> float:
    """Seconds from a checkpoint to its first predictions."""
    from estimator import factory
    from estimator.engine import DeviceSettings, Training
    from input_fn.fixed import FixedInput
    from model_fn import gan

    _, params, stream = setting()
    engine = factory.choose(DeviceSettings(device="cpu"), "")
    latent = FixedInput("latent", (5,), [np.zeros((1, 5), np.float32)])
    with tempfile.TemporaryDirectory() as directory:
        training = Training(gan.model_fn, directory, params, stream, 1000, latent)
        trained = engine.train(training, lambda step, losses: None)
        start = time.perf_counter()
        engine.predict(gan.model_fn, trained.checkpoint, params, latent)
        return time.perf_counter() - start


def evaluation(seconds: float) -> float:
    """Milliseconds of one evaluation."""
    from benchmarks.feed_dict import rate_of
    from boost import scoring
    from evaluation import metrics
    from evaluation.metrics import EvaluationSettings
    from input_fn import sources
    from input_fn.settings import DataSettings

    sizes = metrics.published_sizes(EvaluationSettings())
    dataset = sources.load(DataSettings(), sizes.of_data, 64)
    scorer = scoring.scorer(dataset, sizes)
    drawn = dataset.points[: sizes.of_model]
    return 1000 / rate_of(lambda: scorer.score(drawn), seconds, warm_up=1)


def pictures(seconds: float) -> float:
    """Milliseconds of one step's pictures, from their file to the PNGs, drawn where a run does."""
    from benchmarks.feed_dict import rate_of
    from report import plots_jobs
    from report.side_process import SideProcess

    with children.directory() as directory, SideProcess() as side:
        workdir = os.path.join(directory, "run")
        command = [sys.executable, os.path.join(ROOT, "main.py"), "--flagfile=cpu.flags"]
        children.watch([*command, "--steps=2", "--epochs=1", f"--workdir={workdir}"])
        source = os.path.join(workdir, "components", "02", "picture.npz")
        pngs = [os.path.join(directory, name) for name in ("step.png", "calibration.png")]

        def draw() -> None:
            side.result(side.submit(plots_jobs.step, source, *pngs))

        return 1000 / rate_of(draw, seconds, warm_up=1)
