"""The published networks: fully connected, as functions of a flat list of parameters.

Parameters are `[kernel, bias, kernel, bias, ...]`, first layer first: variables for training, any
other tensors for look-ahead steps.
"""

from typing import Dict, List, Sequence, Tuple

import numpy as np
import tensorflow as tf

from model_fn.settings import NetworkSettings

HIDDEN_LAYERS = 2


def generator_sizes(settings: NetworkSettings, shape: Sequence[int]) -> List[int]:
    """Units of each layer, from the latent noise to a flat point."""
    hidden = [settings.g_num_filters] * HIDDEN_LAYERS
    return [settings.latent_space_dim] + hidden + [int(np.prod(shape))]


def discriminator_sizes(settings: NetworkSettings, shape: Sequence[int]) -> List[int]:
    """Units of each layer, from a flat point to its logit."""
    return [int(np.prod(shape))] + [settings.d_num_filters] * HIDDEN_LAYERS + [1]


def create_parameters(scope: str, sizes: Sequence[int]) -> List[tf.Variable]:
    """Variables of a network, zero until `initial_values` enter through the Scaffold.

    No seed and no initial weight is in the graph, so every component has the same GraphDef.
    """
    parameters = []
    for name, shape in _parameter_shapes(scope, sizes):
        parameters.append(tf.get_variable(name, shape, initializer=tf.zeros_initializer()))
    return parameters


def initial_values(
    scope: str, sizes: Sequence[int], init_std: float, rng: np.random.Generator
) -> Dict[str, np.ndarray]:
    """Initial weights N(0, init_std^2) and biases 0 by variable name, float32."""
    values = {}
    for name, shape in _parameter_shapes(scope, sizes):
        is_kernel = len(shape) == 2
        draw = init_std * rng.standard_normal(shape) if is_kernel else np.zeros(shape)
        values[name] = draw.astype(np.float32)
    return values


def apply_network(parameters: Sequence[tf.Tensor], inputs: tf.Tensor, activation: str) -> tf.Tensor:
    """The network's output, linear in its last layer.

    Args:
      parameters: of its layers, as above.
      inputs: [batch, units of the first layer].
      activation: "tanh" or "relu", of the hidden layers.

    Returns:
      [batch, units of the last layer].
    """
    hidden = _hidden(parameters, inputs, activation)
    return _affine(hidden, *parameters[-2:])


def apply_discriminator(
    parameters: Sequence[tf.Tensor], inputs: tf.Tensor, activation: str
) -> tf.Tensor:
    """The logits of a network with one output, [batch]; see `apply_network`."""
    hidden = _hidden(parameters, inputs, activation)
    return tf.reshape(_affine(hidden, *parameters[-2:]), [inputs.shape[0]])


def _hidden(parameters: Sequence[tf.Tensor], inputs: tf.Tensor, activation: str) -> tf.Tensor:
    """The last hidden layer, [batch, units]."""
    hidden = inputs
    for layer in range(0, len(parameters) - 2, 2):
        hidden = _affine(hidden, *parameters[layer : layer + 2])
        hidden = {"tanh": tf.tanh, "relu": tf.nn.relu}[activation](hidden)
    return hidden


def _affine(inputs: tf.Tensor, kernel: tf.Tensor, bias: tf.Tensor) -> tf.Tensor:
    """[batch, in] to [batch, out]. The gradient of bias_add has a static shape, that of + not."""
    return tf.nn.bias_add(tf.matmul(inputs, kernel), bias)


def flatten(points: tf.Tensor) -> tf.Tensor:
    """[batch, *shape] to [batch, prod(shape)]."""
    return tf.reshape(points, [points.shape[0], int(np.prod(points.shape[1:].as_list()))])


def initial_scaffold(values: Dict[str, np.ndarray]) -> tf.train.Scaffold:
    """A Scaffold that starts a model without a checkpoint from these values, by variable name."""

    def init_fn(_: tf.train.Scaffold, session: tf.Session) -> None:
        variables = [v for v in tf.global_variables() if v.op.name in values]
        feeds = {variable.initial_value: values[variable.op.name] for variable in variables}
        session.run([variable.initializer for variable in variables], feeds)

    return tf.train.Scaffold(init_fn=init_fn)


def _parameter_shapes(scope: str, sizes: Sequence[int]) -> List[Tuple[str, List[int]]]:
    shapes = []
    for layer, (width_in, width_out) in enumerate(zip(sizes[:-1], sizes[1:])):
        shapes.append((f"{scope}/layer{layer}/kernel", [width_in, width_out]))
        shapes.append((f"{scope}/layer{layer}/bias", [width_out]))
    return shapes
