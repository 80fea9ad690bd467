"""Convolutional networks for images, after DCGAN (Radford et al., arXiv 1511.06434), small.

Without batch normalisation, which would tie the points of a minibatch together: the look-ahead
steps and the mixture discriminator's scores need functions of one point.
"""

from typing import Sequence, Tuple

from model_fn.layers import Layer, convolution, dense, transposed_convolution

WIDTH, STRIDE = 4, 2


def generator(latent: int, units: int, shape: Sequence[int]) -> Tuple[Layer, ...]:
    """Latent noise to a quarter-size image of 2 units channels, then twice as large, twice.

    Args:
      latent: dimension of the noise.
      units: channels before the image.
      shape: [height, width] or [height, width, channels] of the image, divisible by 4.
    """
    height, width, channels = image_size(shape)
    small = (height // 4, width // 4, 2 * units)
    middle = (height // 2, width // 2, units)
    return (
        dense(latent, small[0] * small[1] * small[2]),
        transposed_convolution(small, units, WIDTH, STRIDE),
        transposed_convolution(middle, channels, WIDTH, STRIDE),
    )


def discriminator(units: int, shape: Sequence[int]) -> Tuple[Layer, ...]:
    """An image to its logit, halving it twice; arguments as in `generator`."""
    height, width, channels = image_size(shape)
    middle = (height // 2, width // 2, units)
    return (
        convolution((height, width, channels), units, WIDTH, STRIDE),
        convolution(middle, 2 * units, WIDTH, STRIDE),
        dense((height // 4) * (width // 4) * 2 * units, 1),
    )


def image_size(shape: Sequence[int]) -> Tuple[int, int, int]:
    """Height, width and channels of an image's shape.

    Raises:
      ValueError: if the shape is none of an image whose sides divide by 4.
    """
    if len(shape) not in (2, 3) or shape[0] % 4 or shape[1] % 4:
        raise ValueError(f"needs points of shape [4 a, 4 b] or [4 a, 4 b, c], got {list(shape)}")
    height, width = shape[0], shape[1]
    return height, width, shape[2] if len(shape) == 3 else 1
