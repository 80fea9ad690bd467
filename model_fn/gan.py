"""One component: the model function of a GAN with an unrolled discriminator."""

from typing import Any, Dict, List, Sequence

import numpy as np
import tensorflow as tf

from model_fn import iteration, networks, scaling
from model_fn.gan_params import GanParams, networks_of
from model_fn.iteration import Weights
from model_fn.networks import Network
from model_fn.settings import GanSettings, NetworkSettings

AVERAGE = "generator_average"
"""Scope of the running mean of the generator's weights."""


def initial_values(
    gan: GanSettings,
    network: NetworkSettings,
    shape: Sequence[int],
    shift: np.ndarray,
    scale: np.ndarray,
    rng: np.random.Generator,
) -> Dict[str, np.ndarray]:
    """Initial values of a component's variables by name: drawn weights, and the data's units.

    Args:
      gan: how it is trained.
      network: of which networks.
      shape: of one point.
      shift: [*shape], the data's centre.
      scale: [*shape], the data's spread, > 0.
      rng: where the weights are drawn from, the generator's first.
    """
    values = scaling.initial_values(shift, scale)
    generator, discriminator = networks_of(gan, network, shape)
    drawn = generator.initial_values("generator", rng)
    values.update(drawn)
    values.update(discriminator.initial_values("discriminator", rng))
    if gan.averaged_generator:
        values.update({AVERAGE + name[len("generator") :]: value for name, value in drawn.items()})
    return values


def model_fn(
    features: Dict[str, tf.Tensor], labels: None, mode: str, params: Dict[str, Any], config: Any
) -> tf.estimator.EstimatorSpec:
    """Model function of one component.

    TRAIN runs one iteration as published: d_steps of the discriminator, the look-ahead, g_steps of
    the generator, all on one minibatch; the global step advances by 1. Its `predictions` are the
    losses to report. PREDICT maps latent noise to points.

    Args:
      features: TRAIN: "real" [batch, *shape] in the user's units and "latent" [batch, z];
        PREDICT: "latent" [batch, z]; float32, static shapes.
      labels: None.
      mode: TRAIN or PREDICT.
      params: {"params": GanParams}.
      config: unused.

    Returns:
      PREDICT: predictions {"points": [batch, *shape]} in the user's units.

    Raises:
      ValueError: for another mode, or a trainable variable that belongs to no network or to both.
    """
    del labels, config
    given: GanParams = params["params"]
    if mode not in (tf.estimator.ModeKeys.TRAIN, tf.estimator.ModeKeys.PREDICT):
        raise ValueError(f"mode must be train or infer, got {mode!r}")
    units = scaling.create_scaling(given.shape)
    if mode == tf.estimator.ModeKeys.PREDICT:
        return _prediction(given, units, features["latent"])
    generator, discriminator = networks_of(given.gan, given.network, given.shape)
    weights = Weights(
        generator.create_parameters("generator"), discriminator.create_parameters("discriminator")
    )
    _check_ownership(weights)
    real = units.to_network(networks.flatten(features["real"]))
    update, reported = iteration.run(given, weights, real, features["latent"])
    with tf.control_dependencies([_average(given, generator, weights.generator, update)]):
        train_op = tf.assign_add(tf.train.get_global_step(), 1).op
    return tf.estimator.EstimatorSpec(
        mode,
        predictions=reported,
        loss=reported["discriminator_loss"],
        train_op=train_op,
        scaffold=networks.initial_scaffold(given.initial_values),
    )


def _prediction(
    given: GanParams, units: scaling.Scaling, latent: tf.Tensor
) -> tf.estimator.EstimatorSpec:
    """Points [batch, *shape] in the user's units from latent noise [batch, z]."""
    generator, _ = networks_of(given.gan, given.network, given.shape)
    scope = AVERAGE if given.gan.averaged_generator else "generator"
    points = units.to_units(generator.apply(generator.create_parameters(scope), latent))
    points = tf.reshape(points, [points.shape[0], *given.shape])
    return tf.estimator.EstimatorSpec(tf.estimator.ModeKeys.PREDICT, predictions={"points": points})


def _average(
    given: GanParams, generator: Network, weights: List[tf.Variable], update: tf.Operation
) -> tf.Operation:
    """Moves the running mean towards the generator's weights after an update."""
    decay = given.gan.averaged_generator
    if not decay:
        return update
    with tf.control_dependencies([update]):
        moves = []
        for (name, shape), trained in zip(generator.shapes(AVERAGE), weights):
            mean = tf.get_variable(
                name,
                shape,
                initializer=tf.zeros_initializer(),
                trainable=False,
                aggregation=tf.VariableAggregation.ONLY_FIRST_REPLICA,  # all replicas agree
            )
            moves.append(
                mean.assign(decay * mean.read_value() + (1.0 - decay) * trained.read_value())
            )
        return tf.group(*moves)


def _check_ownership(weights: Weights) -> None:
    """Checks that each trainable variable belongs to one network.

    Raises:
      ValueError: names those that do not.
    """
    owned = [variable.op.name for variable in weights.generator + weights.discriminator]
    trainable = [variable.op.name for variable in tf.trainable_variables()]
    stray = sorted(set(trainable) ^ set(owned)) + sorted({n for n in owned if owned.count(n) > 1})
    if stray:
        raise ValueError(f"trainable variables must belong to one network each, got {stray}")
