"""The layers of generator and discriminator as numbers, apart from TensorFlow.

Fully connected ones as published, or convolutional ones for images after DCGAN (Radford et al.,
arXiv 1511.06434), small. Those are without batch normalisation, which would tie the points of a
minibatch together: the look-ahead steps and the mixture discriminator's scores need functions of
one point. `networks` applies them, and what a run needs in memory is counted from them.
"""

from typing import NamedTuple, Sequence, Tuple

import numpy as np

from base.errors import UsageError
from model_fn.settings import NetworkSettings

WIDTH, STRIDE = 4, 2
"""Of all convolutions."""


class Layer(NamedTuple):
    """One layer, without its activation."""

    kind: str  # dense, convolution or transposed convolution
    inputs: Tuple[int, ...]  # shape of one input; flat ones are brought into it
    outputs: Tuple[int, ...]
    kernel: Tuple[int, ...]  # shape
    units: int  # biases
    inputs_of_a_unit: int


def generator(settings: NetworkSettings, shape: Sequence[int]) -> Tuple[Layer, ...]:
    """From latent noise to a point; dcgan: to a quarter-size image, made twice as large twice.

    Args:
      settings: of all networks.
      shape: of a point; dcgan: as `image_size` wants it.
    """
    latent = settings.latent_space_dim + settings.latent_signs
    units = settings.g_num_filters
    if settings.network != "dcgan":
        return _dense_layers([latent, *[units] * settings.g_num_layers, int(np.prod(shape))])
    height, width, channels = image_size(shape)
    small = (height // 4, width // 4, 2 * units)
    middle = (height // 2, width // 2, units)
    return (
        _dense(latent, int(np.prod(small))),
        _transposed_convolution(small, units),
        _transposed_convolution(middle, channels),
    )


def discriminator(settings: NetworkSettings, shape: Sequence[int]) -> Tuple[Layer, ...]:
    """From a point to its logit; dcgan: an image is halved twice; arguments as in `generator`."""
    units = settings.d_num_filters
    if settings.network != "dcgan":
        inputs = int(np.prod(shape)) * (1 + 2 * settings.d_frequencies)
        return _dense_layers([inputs, *[units] * settings.d_num_layers, 1])
    height, width, channels = image_size(shape)
    middle, small = (height // 2, width // 2, units), (height // 4, width // 4, 2 * units)
    return (
        _convolution((height, width, channels), units),
        _convolution(middle, 2 * units),
        _dense(int(np.prod(small)), 1),
    )


def image_size(shape: Sequence[int]) -> Tuple[int, int, int]:
    """Height, width and channels of an image's shape.

    Raises:
      UsageError: if the shape is none of an image whose sides divide by 4.
    """
    if len(shape) not in (2, 3) or shape[0] % 4 or shape[1] % 4:
        raise UsageError(
            f"--network=dcgan: needs points of shape [4 a, 4 b] or [4 a, 4 b, c], got {list(shape)}"
        )
    height, width = shape[0], shape[1]
    return height, width, shape[2] if len(shape) == 3 else 1


def _dense_layers(sizes: Sequence[int]) -> Tuple[Layer, ...]:
    return tuple(_dense(inputs, units) for inputs, units in zip(sizes[:-1], sizes[1:]))


def _dense(inputs: int, units: int) -> Layer:
    return Layer("dense", (inputs,), (units,), (inputs, units), units, inputs)


def _convolution(size: Tuple[int, int, int], units: int) -> Layer:
    height, width, channels = size
    outputs = (height // STRIDE, width // STRIDE, units)
    kernel = (WIDTH, WIDTH, channels, units)
    return Layer("convolution", size, outputs, kernel, units, WIDTH * WIDTH * channels)


def _transposed_convolution(size: Tuple[int, int, int], units: int) -> Layer:
    height, width, channels = size
    outputs = (height * STRIDE, width * STRIDE, units)
    kernel = (WIDTH, WIDTH, units, channels)
    # Each output sees the kernel once a stride.
    inputs_of_a_unit = WIDTH * WIDTH * channels // STRIDE**2
    return Layer("transposed convolution", size, outputs, kernel, units, inputs_of_a_unit)
