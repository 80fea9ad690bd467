"""Whether a run fits into memory, known before it takes any. No room imports it.

Every estimate is a lower bound, of what is certainly held at the same time: what is refused would
not have run.
"""

import dataclasses
from typing import Any, Dict, Iterator, NamedTuple, Optional, Sequence, Tuple

import numpy as np

from base import machine
from base.errors import UsageError
from boost import scoring
from boost.settings import pool_size
from commands import settings as all_settings
from commands.settings import Command, Settings
from estimator.engine import DeviceSettings
from evaluation import metrics
from evaluation.metrics import Sizes
from input_fn import fixed
from input_fn.datasets import Dataset
from model_fn import layers
from model_fn.layers import Layer

CHUNKS = 2
"""Of input at least: one is trained on, one is drawn ahead."""


class Need(NamedTuple):
    """Memory that something takes."""

    what: str
    bytes: int  # Python's integers do not overflow
    flags: Tuple[str, ...]  # that decide it


class Shape(NamedTuple):
    """The numbers that the estimates are made of."""

    points: int  # of training
    dimension: int
    latent: int
    generator: Tuple[Layer, ...]
    discriminator: Tuple[Layer, ...]
    evaluation: Sizes


def check_memory(
    settings: Settings,
    command: Command,
    device: DeviceSettings,
    dataset: Optional[Dataset] = None,
) -> None:
    """Refuses what cannot fit; to be called before the data are made, and again with a file's.

    Args:
      settings: of the run.
      command: what is to be done with it.
      device: how.
      dataset: the data; None: a GMM that is not drawn yet, while nothing is known of a file.

    Raises:
      UsageError: names the flag that counts most, what it would take and what there is.
    """
    if (settings.data.dataset == "file") != (dataset is not None):
        return
    needs = list(_needs(settings, command, device, _shape(settings, dataset)))
    largest, available = max(needs, key=lambda need: need.bytes), machine.available_memory()
    if largest.bytes <= available:
        return
    values = {
        **settings.flat(),
        **dataclasses.asdict(command),
        **dataclasses.asdict(device),
    }
    flag = _dominant(largest.flags, values)
    raise UsageError(
        f"--{flag}={values[flag]}: {largest.what} would take {largest.bytes / 2**30:.1f} GiB of "
        f"memory at least, {available / 2**30:.1f} GiB are there"
    )


def _shape(settings: Settings, dataset: Optional[Dataset]) -> Shape:
    evaluation = metrics.published_sizes(settings.evaluation)
    if dataset is None:
        points, shape = settings.data.toy_dataset_size, [settings.data.toy_dataset_dim]
    else:
        points, shape = dataset.number, list(dataset.shape)
        evaluation = metrics.scaled_sizes(evaluation, len(dataset.held_out))
    network = settings.network.fitted(shape)
    return Shape(
        points=points,
        dimension=int(np.prod(shape)),
        latent=network.latent_space_dim,
        generator=layers.generator(network, shape),
        discriminator=layers.discriminator(network, shape),
        evaluation=evaluation,
    )


def _needs(
    settings: Settings, command: Command, device: DeviceSettings, shape: Shape
) -> Iterator[Need]:
    yield from _of_data(settings, shape)
    yield from _of_networks(settings, shape, command.mode == "train")
    drawn = shape.evaluation.of_model
    if command.mode == "train":
        yield from _of_boosting(settings, shape)
        yield from _of_training(settings, device, shape)
    elif command.mode == "sample":
        each = 16 + 4 * (shape.latent + shape.dimension)
        flags = ("num_samples", "latent_space_dim", *_of_dimension(settings))
        yield Need("the samples", command.num_samples * each, flags)
    if command.mode in ("train", "evaluate"):
        # Squared distances of all pairs, their differences to the nearest, and the kernels.
        kernels = 24 * shape.evaluation.samples**2
        points = 8 * drawn * shape.dimension
        flags = ("eval_points_num", *_of_dimension(settings))
        yield Need("the density estimate", kernels + points, flags)
    if command.mode == "evaluate":
        points = 4 * scoring.DRAWS * drawn * (shape.latent + shape.dimension)
        yield Need("the samples", points, ("eval_points_num", "latent_space_dim"))


def _of_data(settings: Settings, shape: Shape) -> Iterator[Need]:
    data = settings.data
    if data.dataset == "file":  # it is there already
        return
    # Beside the points each one's mode, and before that the uniform number that chose it.
    yield Need(
        "the training points",
        shape.points * (8 + max(8, 4 * shape.dimension)),
        ("toy_dataset_size", "toy_dataset_dim"),
    )
    means = 8 * data.gmm_modes_num * shape.dimension
    yield Need("the modes' means", means, ("gmm_modes_num", "toy_dataset_dim"))


NETWORK_FLAGS = (
    "latent_space_dim",
    "g_num_filters",
    "d_num_filters",
    "g_num_layers",
    "d_num_layers",
    "d_frequencies",
)


def _of_networks(settings: Settings, shape: Shape, training: bool) -> Iterator[Need]:
    flags = (*NETWORK_FLAGS, *_of_dimension(settings))
    kernels = [
        [_product(layer.kernel) for layer in network]
        for network in (shape.generator, shape.discriminator)
    ]
    # Initial values and variables; in training gradients and the updated weights, Adam's two
    # moments, and of the discriminator the copy that looks ahead. Or one kernel while it is drawn
    # in double precision.
    moments = 2 if settings.optimizer.optimizer == "adam" else 0
    copies = (4 + moments, 5 + moments) if training else (2, 1)
    weights = 4 * sum(number * sum(kernel) for number, kernel in zip(copies, kernels))
    drawn = 12 * max(max(kernel) for kernel in kernels)
    yield Need("the networks' weights", max(weights, drawn), flags)
    # A layer's outputs beside the next one's.
    outputs = [_product(layer.outputs) for layer in shape.generator]
    numbers = shape.latent + max(a + b for a, b in zip(outputs, outputs[1:]))
    yield Need("a batch of predictions", 4 * fixed.BATCH * numbers, flags)


def _of_boosting(settings: Settings, shape: Shape) -> Iterator[Need]:
    boost = settings.boost
    of_points = ("toy_dataset_size",) if settings.data.dataset != "file" else ("data_file",)
    reweighted = boost.steps > 1 and boost.reweights
    yield Need("the points' weights", (24 if reweighted else 8) * shape.points, of_points)
    each = pool_size(shape.points) + shape.evaluation.of_model
    yield Need(
        "the components' samples",
        4 * each * (boost.steps * shape.dimension + shape.latent),
        (*_of_dimension(settings), "steps", "latent_space_dim"),
    )


def _of_training(settings: Settings, device: DeviceSettings, shape: Shape) -> Iterator[Need]:
    batch = settings.boost.batch_size
    flags = ("batch_size", *NETWORK_FLAGS, *_of_dimension(settings))
    # One forward pass: generator, and discriminator on data and samples together. The look-ahead
    # steps come one after another and keep nothing.
    hidden = _hidden(shape.generator) + 2 * _hidden(shape.discriminator)
    numbers = shape.latent + hidden + 2 * shape.dimension
    yield Need("an iteration", 4 * batch * numbers, flags)
    iterations = settings.boost.iterations_of(shape.points)
    chunk = max(1, min(device.iterations_per_loop, iterations))
    yield Need(
        "the minibatches of one loop",
        4 * CHUNKS * chunk * batch * (shape.latent + shape.dimension),
        ("iterations_per_loop", *flags),
    )


def _hidden(network: Sequence[Layer]) -> int:
    """Outputs of all hidden layers, for one point."""
    return sum(_product(layer.outputs) for layer in network[:-1])


def _product(shape: Sequence[int]) -> int:
    """As one of Python's integers, which do not overflow."""
    product = 1
    for length in shape:
        product *= length
    return product


def _of_dimension(settings: Settings) -> Tuple[str, ...]:
    return ("data_file",) if settings.data.dataset == "file" else ("toy_dataset_dim",)


def _dominant(flags: Tuple[str, ...], values: Dict[str, Any]) -> str:
    """The flag whose value is the most times its default; a file counts once."""
    defaults: Dict[str, Any] = {field.name: field.default for _, field in all_settings.options()}

    def times(flag: str) -> float:
        return 1.0 if flag == "data_file" else values[flag] / max(defaults[flag], 1)

    return max(flags, key=times)
