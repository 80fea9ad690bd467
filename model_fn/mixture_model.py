"""The finished mixture as one model for inference: plain variables, few operations."""

from typing import Dict, List, NamedTuple, Sequence, Tuple

import numpy as np
import tensorflow as tf

from model_fn import networks, scaling
from model_fn.settings import GanSettings, NetworkSettings

Values = Dict[str, np.ndarray]
"""Trained values by variable name, as a checkpoint holds them."""


class Mixture(NamedTuple):
    """What the model is made of."""

    network: NetworkSettings
    shape: Tuple[int, ...]  # of one point
    gan: GanSettings
    components: Sequence[Values]
    mixture_weights: Sequence[float]  # of the components
    discriminator: Values  # of the last step's mixture discriminator, or empty


def build(mixture: Mixture, batch: int) -> Dict[str, tf.Tensor]:
    """Builds the mixture's graph into the default graph.

    A sample's component is chosen by a uniform number u: component k where u lies between the sums
    of the mixture weights before it and with it. With one component there is no such input.

    Args:
      mixture: what to build.
      batch: static number of samples, or 0 for any.

    Returns:
      Tensors "latent" [batch, z] and "component_uniform" [batch] in [0, 1), fed; "points"
      [batch, *shape] in the user's units.
    """
    latent = tf.placeholder(tf.float32, [batch or None, mixture.network.latent_space_dim], "latent")
    tensors = {"latent": latent}
    outputs = []
    for number, values in enumerate(mixture.components, 1):
        scope = f"component_{number:02d}/" if len(mixture.components) > 1 else ""
        make = networks.generator(mixture.network, mixture.shape, mixture.gan.unrolled)
        names = [name for name, _ in make.shapes("generator")]
        points = make.apply([_variable(scope + n, values[n]) for n in names], latent)
        outputs.append(_units(values, scope).to_units(points))
    if len(outputs) > 1:
        uniform = tf.placeholder(tf.float32, [batch or None], "component_uniform")
        tensors["component_uniform"] = uniform
        flat = _choose(outputs, uniform, mixture.mixture_weights)
    else:
        flat = outputs[0]
    tensors["points"] = tf.reshape(flat, [batch or -1, *mixture.shape], name="points")
    return tensors


def build_density_ratio(mixture: Mixture) -> Dict[str, tf.Tensor]:
    """Adds the density ratio dP_g/dP_d = exp(-logit) by the last step's mixture discriminator.

    It is the ratio of the mixture before the last component was added; see `boost.ratios`.

    Returns:
      Tensors "points_in" [any, *shape], fed, and "density_ratio" [any].
    """
    points = tf.placeholder(tf.float32, [None, *mixture.shape], "points_in")
    size = int(np.prod(mixture.shape))
    flat = _units(mixture.discriminator, "discriminator/").to_network(
        tf.reshape(points, [-1, size])
    )
    tell = networks.discriminator(mixture.network, mixture.shape, mixture.gan.unrolled)
    logits, fold = [], 0
    while f"mixture_discriminator/fold{fold}/layer0/kernel" in mixture.discriminator:
        names = [name for name, _ in tell.shapes(f"mixture_discriminator/fold{fold}")]
        parameters = [_variable(name, mixture.discriminator[name]) for name in names]
        logits.append(tell.logits(parameters, flat))
        fold += 1
    mean = tf.add_n(logits) / len(logits)
    return {"points_in": points, "density_ratio": tf.exp(-mean, "density_ratio")}


def _choose(
    outputs: List[tf.Tensor], uniform: tf.Tensor, mixture_weights: Sequence[float]
) -> tf.Tensor:
    """Each row from the component whose interval its uniform number lies in."""
    ends = np.cumsum(mixture_weights).astype(np.float32)
    starts = np.concatenate([[0.0], ends[:-1]])
    ends[-1] = 2.0  # rounding leaves no gap at 1
    chosen = []
    for points, start, end in zip(outputs, starts, ends):
        inside = tf.logical_and(uniform >= float(start), uniform < float(end))
        chosen.append(points * tf.expand_dims(tf.cast(inside, tf.float32), 1))
    return tf.add_n(chosen)


def _units(values: Values, scope: str) -> scaling.Scaling:
    names = ("scaling/shift", "scaling/scale")
    return scaling.Scaling(*(_variable(scope + name, values[name]) for name in names))


def _variable(name: str, value: np.ndarray) -> tf.Variable:
    return tf.get_variable(name, initializer=tf.constant(value), use_resource=False)
