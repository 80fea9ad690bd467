"""The networks as functions of a flat list of parameters.

Parameters are `[kernel, bias, kernel, bias, ...]`, first layer first: variables for training, any
other tensors for look-ahead steps.
"""

from typing import Callable, Dict, List, NamedTuple, Sequence, Tuple

import numpy as np
import tensorflow as tf

from model_fn import layers
from model_fn.layers import STRIDE, Layer
from model_fn.settings import NetworkSettings, activation

LEAK = 0.2
OCTAVE_AMPLITUDE = 0.5**0.5
"""Of the sines and cosines of each octave, over that of the octave before."""
ACTIVATIONS: Dict[str, Callable[[tf.Tensor], tf.Tensor]] = {
    "tanh": tf.tanh,
    "relu": tf.nn.relu,
    "leaky_relu": lambda x: tf.nn.leaky_relu(x, LEAK),
}


class Network(NamedTuple):
    """How parameters make outputs of inputs; linear in its last layer."""

    layers: Tuple[Layer, ...]
    activation: str  # of the hidden layers
    signs: int  # of so many inputs, that join them
    frequencies: int  # whose sines and cosines join the inputs
    init_std: float  # of the kernels; 0: He's rule

    def create_parameters(self, scope: str) -> List[tf.Variable]:
        """Variables, zero until `initial_values` enter through the Scaffold.

        No seed and no initial weight is in the graph, so every component has the same GraphDef.
        """
        zeros = tf.zeros_initializer()
        shapes = self.shapes(scope)
        return [tf.get_variable(name, shape, initializer=zeros) for name, shape in shapes]

    def initial_values(self, scope: str, rng: np.random.Generator) -> Dict[str, np.ndarray]:
        """Initial values by variable name, float32.

        Kernels N(0, init_std^2) and biases 0, as published; or kernels N(0, 2 / inputs of a unit)
        (He et al., arXiv 1502.01852, equation 10) and the first layer's biases uniform on [-1, 1].
        """
        values = {}
        for number, layer in enumerate(self.layers):
            std = self.init_std or np.sqrt(2.0 / layer.inputs_of_a_unit)
            bias = np.zeros(layer.units)
            kernel = std * rng.standard_normal(layer.kernel)
            if not self.init_std and number == 0:
                bias = rng.uniform(-1.0, 1.0, layer.units)
            for part, value in (("kernel", kernel), ("bias", bias)):
                values[f"{scope}/layer{number}/{part}"] = value.astype(np.float32)
        return values

    def apply(self, parameters: Sequence[tf.Tensor], inputs: tf.Tensor) -> tf.Tensor:
        """The outputs [batch, units] for inputs [batch, size]."""
        hidden = self._with_signs(self._with_frequencies(inputs))
        for number, layer in enumerate(self.layers):
            kernel, bias = parameters[2 * number : 2 * number + 2]
            # The gradient of bias_add has a static shape, that of + not.
            hidden = tf.nn.bias_add(_apply(layer, hidden, kernel), bias)
            if number < len(self.layers) - 1:
                hidden = ACTIVATIONS[self.activation](hidden)
        return tf.reshape(hidden, [_batch(inputs), int(np.prod(hidden.shape[1:].as_list()))])

    def logits(self, parameters: Sequence[tf.Tensor], inputs: tf.Tensor) -> tf.Tensor:
        """The outputs of a network with one output, [batch]."""
        return tf.reshape(self.apply(parameters, inputs), [_batch(inputs)])

    def shapes(self, scope: str) -> List[Tuple[str, Tuple[int, ...]]]:
        """Names and shapes of the variables, in the order of the parameters."""
        shapes: List[Tuple[str, Tuple[int, ...]]] = []
        for number, layer in enumerate(self.layers):
            shapes.append((f"{scope}/layer{number}/kernel", layer.kernel))
            shapes.append((f"{scope}/layer{number}/bias", (layer.units,)))
        return shapes

    def _with_frequencies(self, inputs: tf.Tensor) -> tf.Tensor:
        """Fourier features (Tancik et al., arXiv 2006.10739): x, then sin and cos of 2^k pi x / 2.

        Each octave has half the power of the one before: at equal power a discriminator finds data
        again a period away from them. It is made by the double angle: sines are slow under XLA.
        """
        if not self.frequencies:
            return inputs
        sine, cosine = tf.sin(0.5 * np.pi * inputs), tf.cos(0.5 * np.pi * inputs)
        parts = [inputs]
        for octave in range(self.frequencies):
            parts += [OCTAVE_AMPLITUDE**octave * wave for wave in (sine, cosine)]
            sine, cosine = 2.0 * sine * cosine, 1.0 - 2.0 * sine * sine
        return tf.concat(parts, axis=1)

    def _with_signs(self, inputs: tf.Tensor) -> tf.Tensor:
        """Z and the signs of its first dimensions, which part the noise.

        No continuous map of connected noise makes separate groups and nothing in between
        (Khayatkhoei et al., arXiv 1806.00880).
        """
        if not self.signs:
            return inputs
        return tf.concat([inputs, tf.sign(inputs[:, : self.signs])], axis=1)


def generator(settings: NetworkSettings, shape: Sequence[int], unrolled: bool) -> Network:
    """From latent noise [batch, z] to flat points [batch, prod(shape)].

    Args:
      settings: of all networks.
      shape: of a point.
      unrolled: decides the published activation.
    """
    kind = activation(settings.g_activation, unrolled)
    made = layers.generator(settings, shape)
    return Network(made, kind, settings.latent_signs, 0, _init_std(settings))


def discriminator(settings: NetworkSettings, shape: Sequence[int], unrolled: bool) -> Network:
    """From flat points [batch, prod(shape)] to logits; arguments as in `generator`."""
    kind = activation(settings.d_activation, unrolled)
    frequencies = 0 if settings.network == "dcgan" else settings.d_frequencies
    made = layers.discriminator(settings, shape)
    return Network(made, kind, 0, frequencies, _init_std(settings))


def _init_std(settings: NetworkSettings) -> float:
    return settings.init_std if settings.initialisation == "normal" else 0.0


def _apply(layer: Layer, hidden: tf.Tensor, kernel: tf.Tensor) -> tf.Tensor:
    """What a kernel does to inputs [batch, ...], flat or not: [batch, *layer.outputs]."""
    if len(hidden.shape) - 1 != len(layer.inputs):
        hidden = tf.reshape(hidden, [_batch(hidden), *layer.inputs])
    if layer.kind == "dense":
        return tf.matmul(hidden, kernel)
    strides = [1, STRIDE, STRIDE, 1]
    if layer.kind == "convolution":
        return tf.nn.conv2d(hidden, kernel, strides=strides, padding="SAME")
    rows = hidden.shape.as_list()[0] or tf.shape(hidden)[0]
    return tf.nn.conv2d_transpose(hidden, kernel, [rows, *layer.outputs], strides, "SAME")


def _batch(inputs: tf.Tensor) -> int:
    """Rows of the inputs, where they are known; else -1."""
    return inputs.shape.as_list()[0] or -1


def flatten(points: tf.Tensor) -> tf.Tensor:
    """[batch, *shape] to [batch, prod(shape)]."""
    return tf.reshape(points, [_batch(points), int(np.prod(points.shape[1:].as_list()))])


def initial_scaffold(values: Dict[str, np.ndarray]) -> tf.train.Scaffold:
    """A Scaffold that starts a model without a checkpoint from these values, by variable name."""

    def init_fn(_: tf.train.Scaffold, session: tf.Session) -> None:
        copies = tf.distribute.get_strategy().experimental_local_results  # one a replica
        initializers, feeds = [], {}
        for variable in tf.global_variables():
            for copy in copies(variable) if variable.op.name in values else ():
                initializers.append(copy.initializer)
                feeds[copy.initial_value] = values[variable.op.name]
        session.run(initializers, feeds)

    return tf.train.Scaffold(init_fn=init_fn)
