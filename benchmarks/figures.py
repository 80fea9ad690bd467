"""What surrounds the training loop, each measured by a function of its own.

Each is called in a process of its own, by its name, with the seconds it may take, once TensorFlow
has been loaded.
"""

import os
import sys
import tempfile
import time
from typing import List

import numpy as np

from benchmarks import children
from benchmarks.children import ROOT
from benchmarks.trainings import setting, train, train_model


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
    trained = train_model(
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
        names = ("step", "calibration")
        pngs = {name: os.path.join(directory, f"{name}.png") for name in names}

        def draw() -> None:
            side.result(side.submit(plots_jobs.step, source, pngs))

        return 1000 / rate_of(draw, seconds, warm_up=1)
