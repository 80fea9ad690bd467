"""The layers that networks are made of: what a kernel does to an input, without bias."""

from typing import Callable, NamedTuple, Tuple

import numpy as np
import tensorflow as tf


class Layer(NamedTuple):
    """One layer."""

    kernel: Tuple[int, ...]  # shape
    units: int  # biases
    inputs_of_a_unit: int
    apply: Callable[[tf.Tensor, tf.Tensor], tf.Tensor]  # (inputs, kernel) -> outputs


def dense(inputs: int, units: int) -> Layer:
    """[batch, ...] of `inputs` numbers a row to [batch, units]."""

    def apply(hidden: tf.Tensor, kernel: tf.Tensor) -> tf.Tensor:
        if len(hidden.shape) > 2:
            hidden = tf.reshape(hidden, [_rows(hidden), inputs])
        return tf.matmul(hidden, kernel)

    return Layer((inputs, units), units, inputs, apply)


def convolution(size: Tuple[int, int, int], units: int, width: int, stride: int) -> Layer:
    """Images of size [height, width, channels], flat or not, to [batch, h/s, w/s, units]."""

    def apply(hidden: tf.Tensor, kernel: tf.Tensor) -> tf.Tensor:
        images = tf.reshape(hidden, [_rows(hidden), *size])
        return tf.nn.conv2d(images, kernel, strides=[1, stride, stride, 1], padding="SAME")

    kernel = (width, width, size[2], units)
    return Layer(kernel, units, int(np.prod(kernel[:3])), apply)


def transposed_convolution(
    size: Tuple[int, int, int], units: int, width: int, stride: int
) -> Layer:
    """Images of size [height, width, channels], flat or not, to [batch, h*s, w*s, units]."""

    def apply(hidden: tf.Tensor, kernel: tf.Tensor) -> tf.Tensor:
        images = tf.reshape(hidden, [_rows(hidden), *size])
        rows = hidden.shape.as_list()[0] or tf.shape(images)[0]
        shape = [rows, size[0] * stride, size[1] * stride, units]
        return tf.nn.conv2d_transpose(images, kernel, shape, [1, stride, stride, 1], "SAME")

    kernel = (width, width, units, size[2])
    # Each output sees the kernel once a stride.
    inputs_of_a_unit = max(1, int(width * width * size[2] / stride**2))
    return Layer(kernel, units, inputs_of_a_unit, apply)


def _rows(hidden: tf.Tensor) -> int:
    return hidden.shape.as_list()[0] or -1
