"""Trainings of a component as the benchmarks use them, inside Estimator.train."""

import tempfile
from typing import Any, Callable, Dict, Tuple

import numpy as np


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


def train(params: Any, stream: Any, iterations: int, report: Callable = lambda *_: None) -> Any:
    """Estimator.train of a component as a run uses it; its TrainResult."""
    from input_fn.fixed import FixedInput
    from model_fn import gan

    latent = FixedInput("latent", (5,), [np.zeros((1, 5), np.float32)])
    return train_model(gan.model_fn, params, stream, iterations, report, latent)


def train_model(
    model_fn: Callable, params: Any, stream: Any, iterations: int, report: Callable, asked: Any
) -> Any:
    """The same of any model, which in the end predicts what is asked; its TrainResult."""
    from estimator import factory
    from estimator.engine import DeviceSettings, Training

    engine = factory.choose(DeviceSettings(device="cpu"), "")
    with tempfile.TemporaryDirectory() as directory:
        training = Training(model_fn, directory, params, stream, iterations, asked)
        return engine.train(training, report)
