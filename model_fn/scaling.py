"""The user's units, and the networks' units; part of the model and saved with it."""

from typing import Dict, NamedTuple, Sequence

import numpy as np
import tensorflow as tf


class Scaling(NamedTuple):
    """Variables of an affine map, one number a coordinate."""

    shift: tf.Variable  # [prod(shape)]
    scale: tf.Variable  # [prod(shape)], > 0

    def to_network(self, points: tf.Tensor) -> tf.Tensor:
        """Flat points in the user's units to the networks'."""
        return (points - self.shift) / self.scale

    def to_units(self, points: tf.Tensor) -> tf.Tensor:
        """Flat points in the networks' units to the user's."""
        return points * self.scale + self.shift


def create_scaling(shape: Sequence[int]) -> Scaling:
    """Untrained variables, zero until `initial_values` enter through the Scaffold."""
    size = int(np.prod(shape))
    variables = [
        tf.get_variable(
            f"scaling/{name}", [size], trainable=False, initializer=tf.zeros_initializer()
        )
        for name in ("shift", "scale")
    ]
    return Scaling(*variables)


def initial_values(shift: np.ndarray, scale: np.ndarray) -> Dict[str, np.ndarray]:
    """The map by variable name, from [*shape] arrays."""
    return {
        "scaling/shift": np.ravel(shift).astype(np.float32),
        "scaling/scale": np.ravel(scale).astype(np.float32),
    }
