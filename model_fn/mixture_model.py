"""The finished mixture as one model for inference: plain variables, few operations."""

from typing import Dict, List, NamedTuple, Optional, Sequence, Tuple

import numpy as np
import tensorflow as tf

from model_fn import networks, rows, scaling
from model_fn.rows import RowForm
from model_fn.settings import GanSettings, NetworkSettings

Values = Dict[str, np.ndarray]
"""Trained values by variable name, as a checkpoint holds them."""


PROPOSALS = 50
"""Samples of the plain mixture that one refined sample is chosen from."""


class Refinement(NamedTuple):
    """Discriminators whose calibrated logits add up to log dP_d/dP_g; see `boost.refinement`."""

    network: NetworkSettings
    discriminators: Sequence[Values]
    slopes: Sequence[float]
    offsets: Sequence[float]
    cap: float  # log ratio beyond which nothing weighs more


class Mixture(NamedTuple):
    """What the model is made of."""

    network: NetworkSettings
    shape: Tuple[int, ...]  # of one point
    gan: GanSettings
    components: Sequence[Values]
    mixture_weights: Sequence[float]  # of the components
    discriminator: Values  # of the last step's mixture discriminator, or empty
    rows: Optional[RowForm] = None  # of the file that samples come out like; None: they are points


def build(mixture: Mixture, batch: int) -> Dict[str, tf.Tensor]:
    """Builds the mixture's graph into the default graph.

    A sample's component is chosen by a uniform number u: component k where u lies between the sums
    of the mixture weights before it and with it. With one component there is no such input.

    Args:
      mixture: what to build.
      batch: static number of samples, or 0 for any.

    Returns:
      Tensors "latent" [batch, z] and "component_uniform" [batch] in [0, 1), fed; "points"
      [batch, *shape] as the user's data are.
    """
    latent = tf.placeholder(tf.float32, [batch or None, mixture.network.latent_space_dim], "latent")
    tensors = {"latent": latent}
    flat = _points(mixture, latent, tensors)
    tensors["points"] = _shaped(mixture, _as_rows(mixture, flat), batch)
    return tensors


def _as_rows(mixture: Mixture, flat: tf.Tensor) -> tf.Tensor:
    return rows.decode(mixture.rows, flat) if mixture.rows else flat


def _as_points(mixture: Mixture, flat: tf.Tensor) -> tf.Tensor:
    return rows.encode(mixture.rows, flat) if mixture.rows else flat


def _shaped(mixture: Mixture, flat: tf.Tensor, batch: int) -> tf.Tensor:
    if mixture.rows:
        flat = rows.merged(mixture.rows, flat)
    shape = mixture.rows.shape if mixture.rows else mixture.shape
    return tf.reshape(flat, [batch or -1, *shape], name="points")


def build_refined(mixture: Mixture, refinement: Refinement, batch: int) -> Dict[str, tf.Tensor]:
    """Builds a sampler that chooses each point among `PROPOSALS` samples of the mixture.

    Sampling by importance resampling (Rubin, 1987): proposal j is chosen with a probability
    proportional to min(r(x_j), exp(cap)), r = dP_d/dP_g, by one more uniform number. It draws from
    what `--mode=sample --refine` draws from as the number of proposals grows.

    Args:
      mixture: what proposes.
      refinement: what chooses.
      batch: static number of proposals, a multiple of `PROPOSALS`, or 0 for any.

    Returns:
      Tensors as in `build` for the proposals, each `PROPOSALS` rows those of one sample;
      "choice_uniform" [samples] in [0, 1), fed; "points" [samples, *shape] as the user's data are.
    """
    samples = batch // PROPOSALS
    latent = tf.placeholder(tf.float32, [batch or None, mixture.network.latent_space_dim], "latent")
    choice = tf.placeholder(tf.float32, [samples or None], "choice_uniform")
    tensors = {"latent": latent, "choice_uniform": choice}
    made = _as_rows(mixture, _points(mixture, latent, tensors))
    flat = _as_points(mixture, made)
    log_ratios = []
    for number, values in enumerate(refinement.discriminators):
        folds = _logits(mixture, refinement.network, values, f"refinement_{number + 1}/", flat)
        logits = tf.add_n(folds) / len(folds)
        log_ratios.append(refinement.slopes[number] * logits + refinement.offsets[number])
    log_weights = tf.minimum(tf.add_n(log_ratios), refinement.cap)
    by_sample = tf.nn.softmax(tf.reshape(log_weights, [samples or -1, PROPOSALS]))
    ends = tf.cumsum(by_sample, axis=1)
    after = tf.cast(ends <= tf.expand_dims(choice, 1), tf.float32)  # 1 before the chosen one
    after *= [1.0] * (PROPOSALS - 1) + [0.0]  # rounding leaves no gap at 1
    before = tf.concat([tf.ones_like(after[:, :1]), after[:, :-1]], axis=1)
    proposals = tf.reshape(made, [samples or -1, PROPOSALS, made.shape[1]])
    shares = tf.expand_dims(before - after, 2)
    kind = tf.float64 if made.dtype.size > 4 else tf.float32
    chosen = tf.reduce_sum(tf.cast(shares, kind) * tf.cast(proposals, kind), axis=1)
    tensors["points"] = _shaped(mixture, tf.cast(chosen, made.dtype), samples)
    return tensors


def _points(mixture: Mixture, latent: tf.Tensor, tensors: Dict[str, tf.Tensor]) -> tf.Tensor:
    """Flat samples of the mixture; adds "component_uniform" to the tensors where there is need."""
    outputs = []
    for number, values in enumerate(mixture.components, 1):
        scope = f"component_{number:02d}/" if len(mixture.components) > 1 else ""
        generator = networks.generator(mixture.network, mixture.shape, mixture.gan.unrolled)
        names = [name for name, _ in generator.shapes("generator")]
        points = generator.apply([_variable(scope + n, values[n]) for n in names], latent)
        outputs.append(_units(values, scope).to_units(points))
    if len(outputs) > 1:
        uniform = tf.placeholder(tf.float32, latent.shape[:1], "component_uniform")
        tensors["component_uniform"] = uniform
        return _choose(outputs, uniform, mixture.mixture_weights)
    return outputs[0]


def build_density_ratio(mixture: Mixture) -> Dict[str, tf.Tensor]:
    """Adds the density ratio dP_g/dP_d = exp(-logit) by the last step's mixture discriminator.

    It is the ratio of the mixture before the last component was added; see `boost.ratios`.

    Returns:
      Tensors "points_in" [any, *shape], fed, and "density_ratio" [any].
    """
    kind, shape = tf.float32, mixture.shape
    if mixture.rows:
        kind, shape = tf.as_dtype(np.dtype(mixture.rows.dtype)), mixture.rows.shape
    points = tf.placeholder(kind, [None, *shape], "points_in")
    flat = tf.reshape(points, [-1, int(np.prod(shape))])
    if mixture.rows:
        flat = rows.whole(mixture.rows, flat)
    flat = _as_points(mixture, flat)
    logits = _logits(mixture, mixture.network, mixture.discriminator, "", flat)
    mean = tf.add_n(logits) / len(logits)
    return {"points_in": points, "density_ratio": tf.exp(-mean, "density_ratio")}


def _logits(
    mixture: Mixture, network: NetworkSettings, values: Values, scope: str, flat: tf.Tensor
) -> List[tf.Tensor]:
    """Of flat points in the user's units, one tensor a fold of a mixture discriminator."""
    discriminator = networks.discriminator(network, mixture.shape, mixture.gan.unrolled)
    inputs = _units(values, f"{scope}discriminator/").to_network(flat)
    logits: List[tf.Tensor] = []
    while f"mixture_discriminator/fold{len(logits)}/layer0/kernel" in values:
        fold = f"mixture_discriminator/fold{len(logits)}"
        names = [name for name, _ in discriminator.shapes(fold)]
        parameters = [_variable(scope + name, values[name]) for name in names]
        logits.append(discriminator.logits(parameters, inputs))
    return logits


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
