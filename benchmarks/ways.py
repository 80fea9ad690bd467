"""What the benchmarks measure: ways of running the training loop, and what surrounds it.

Each function is called in a process of its own, by its name, with the seconds it may take, once
TensorFlow has been loaded with the flags to be measured.
"""

import json
import os
import subprocess
import sys
import tempfile
import time
from typing import Any, Callable, Dict, List, Tuple

import numpy as np

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))


def setting(batch_size: int = 64, **changed: Dict[str, Any]) -> Tuple[Any, Any, Any]:
    """The default experiment's dataset, model parameters and stream, with some settings changed.

    Args:
      batch_size: points a minibatch.
      changed: settings by room: data, network, gan.
    """
    import streams
    from input_fn import datasets, weighted
    from input_fn.datasets import DataSettings
    from model_fn import gan
    from model_fn.settings import GanSettings, NetworkSettings, OptimizerSettings

    dataset = datasets.load(DataSettings(**changed.get("data", {})), 0, batch_size)
    network, shape = NetworkSettings(**changed.get("network", {})), dataset.shape
    rng = streams.generator(0, streams.Purpose.COMPONENT_INIT, 1)
    settings = GanSettings(**changed.get("gan", {}))
    values = gan.initial_values(settings, network, shape, np.zeros(shape), np.ones(shape), rng)
    params = gan.GanParams(settings, network, OptimizerSettings(), shape, values, 15_000, True)
    weights = np.full(dataset.number, 1 / dataset.number)
    stream = weighted.component_stream(dataset, weights, batch_size, 5, "normal", 0, 1)
    return dataset, params, stream


def published(seconds: float) -> float:
    """Iterations a second of `feed_dict.FeedDictGan`."""
    from benchmarks import feed_dict

    dataset, params, _ = setting()
    return feed_dict.iterations_per_second(params, dataset.points, 64, seconds)


def fused(seconds: float) -> float:
    """Iterations a second of our iteration, one Session.run each."""
    import tensorflow as tf

    from benchmarks.feed_dict import rate_of
    from model_fn import gan

    _, params, stream = setting()
    (chunk,) = stream.chunks(0, 1000, 1000)
    with tf.Graph().as_default(), tf.variable_scope("", use_resource=True):
        tf.train.create_global_step()
        features = {name: tf.placeholder(tf.float32, a.shape[1:]) for name, a in chunk.items()}
        spec = gan.model_fn(features, None, "train", {"params": params}, None)
        with tf.Session() as session:
            session.run(tf.global_variables_initializer())
            spec.scaffold.init_fn(session)
            feeds = {features[name]: array[0] for name, array in chunk.items()}
            return rate_of(lambda: session.run(spec.train_op, feeds), seconds)


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


def train(params: Any, stream: Any, iterations: int, report: Callable = lambda *_: None) -> Any:
    """Estimator.train as a run uses it; its TrainResult."""
    from estimator import backend
    from estimator.backend import DeviceSettings
    from input_fn.fixed import FixedInput
    from model_fn import gan

    engine = backend.choose(DeviceSettings(device="cpu"), "")
    latent = FixedInput("latent", (5,), [np.zeros((1, 5), np.float32)])
    with tempfile.TemporaryDirectory() as directory:
        return engine.train(gan.model_fn, directory, params, stream, iterations, report, latent)


def estimator(seconds: float) -> float:
    """Iterations a second inside Estimator.train, of 30,000 iterations."""
    _, params, stream = setting()
    return train(params, stream, 30_000).iterations_per_second


def published_discriminator(seconds: float) -> float:
    """Iterations a second of a mixture discriminator's training, the published way."""
    from benchmarks import feed_dict
    from model_fn.settings import MixtureDiscriminatorSettings

    dataset, params, _ = setting()
    rate = MixtureDiscriminatorSettings().learning_rate
    return feed_dict.discriminator_iterations_per_second(params, dataset.points, 64, rate, seconds)


def run_main(*flags: str) -> Dict[str, Any]:
    """A whole run of main.py: seconds, its main process's highest memory in MiB, and its state."""
    with tempfile.TemporaryDirectory() as directory:
        workdir = os.path.join(directory, "run")
        command = [sys.executable, os.path.join(ROOT, "main.py"), *flags, f"--workdir={workdir}"]
        start = time.perf_counter()
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL, cwd=ROOT)
        _, status, usage = os.wait4(process.pid, 0)
        seconds = time.perf_counter() - start
        if status:
            raise RuntimeError(f"main.py ended with {status}")
        with open(os.path.join(workdir, "state.json")) as file:
            state = json.load(file)
        return {"seconds": seconds, "MiB": usage.ru_maxrss / 1024, "state": state}


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
    from estimator import backend
    from estimator.backend import DeviceSettings
    from input_fn.fixed import FixedInput
    from model_fn import gan

    _, params, stream = setting()
    engine = backend.choose(DeviceSettings(device="cpu"), "")
    latent = FixedInput("latent", (5,), [np.zeros((1, 5), np.float32)])
    with tempfile.TemporaryDirectory() as directory:
        trained = engine.train(
            gan.model_fn, directory, params, stream, 1000, lambda step, losses: None, latent
        )
        start = time.perf_counter()
        engine.predict(gan.model_fn, trained.checkpoint, params, latent)
        return time.perf_counter() - start


def evaluation(seconds: float) -> float:
    """Milliseconds of one evaluation."""
    from benchmarks.feed_dict import rate_of
    from boost import scoring
    from evaluation import metrics
    from evaluation.metrics import EvaluationSettings
    from input_fn import datasets
    from input_fn.datasets import DataSettings

    sizes = metrics.published_sizes(EvaluationSettings())
    dataset = datasets.load(DataSettings(), sizes.of_data, 64)
    yardstick = scoring.yardstick(dataset, sizes)
    drawn = dataset.points[: sizes.of_model]
    return 1000 / rate_of(lambda: yardstick.score(drawn), seconds, warm_up=1)


def picture(seconds: float) -> float:
    """Milliseconds of one step's picture, from its file to the PNG."""
    from benchmarks.feed_dict import rate_of
    from evaluation import plots_jobs

    with tempfile.TemporaryDirectory() as directory:
        workdir, png = os.path.join(directory, "run"), os.path.join(directory, "step.png")
        command = [sys.executable, os.path.join(ROOT, "main.py"), "--steps=2", "--epochs=1"]
        subprocess.run([*command, f"--workdir={workdir}"], check=True, stdout=subprocess.DEVNULL)
        source = os.path.join(workdir, "components", "02", "picture.npz")
        return 1000 / rate_of(lambda: plots_jobs.step(source, png), seconds, warm_up=1)
