"""One component: the model function of a GAN with an unrolled discriminator."""

import dataclasses
from typing import Any, Callable, Dict, List, Sequence, Tuple

import numpy as np
import tensorflow as tf

from model_fn import losses, networks, optimizers, scaling, unroll
from model_fn.networks import Network
from model_fn.settings import GanSettings, NetworkSettings, OptimizerSettings


@dataclasses.dataclass(frozen=True)
class GanParams:
    """Everything the model function reads beside its features."""

    gan: GanSettings
    network: NetworkSettings
    optimizer: OptimizerSettings
    shape: Tuple[int, ...]  # of one point
    initial_values: Dict[str, np.ndarray]  # by variable name, see `initial_values`
    iterations: int  # of the whole training, by which learning rates decay
    in_graph_loop: bool  # look-ahead steps as a while_loop
    wrap_optimizers: optimizers.Wrap = optimizers.unwrapped


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
    """Initial values of a component's variables by name: drawn weights, and the data's units."""
    values = scaling.initial_values(shift, scale)
    generator, discriminator = networks_of(gan, network, shape)
    drawn = generator.initial_values("generator", rng)
    values.update(drawn)
    values.update(discriminator.initial_values("discriminator", rng))
    if gan.averaged_generator:
        values.update({AVERAGE + name[len("generator") :]: value for name, value in drawn.items()})
    return values


def networks_of(
    gan: GanSettings, network: NetworkSettings, shape: Sequence[int]
) -> Tuple[Network, Network]:
    """Generator and discriminator."""
    return (
        networks.generator(network, shape, gan.unrolled),
        networks.discriminator(network, shape, gan.unrolled),
    )


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
    make, tell = networks_of(given.gan, given.network, given.shape)
    if mode == tf.estimator.ModeKeys.PREDICT:
        scope = AVERAGE if given.gan.averaged_generator else "generator"
        parameters = make.create_parameters(scope)
        points = units.to_units(make.apply(parameters, features["latent"]))
        points = tf.reshape(points, [points.shape[0], *given.shape])
        return tf.estimator.EstimatorSpec(mode, predictions={"points": points})

    generator = make.create_parameters("generator")
    discriminator = tell.create_parameters("discriminator")
    _check_ownership(generator, discriminator)
    real = units.to_network(networks.flatten(features["real"]))
    update, reported = _iteration(given, generator, discriminator, real, features["latent"])
    with tf.control_dependencies([_average(given, make, generator, update)]):
        train_op = tf.assign_add(tf.train.get_global_step(), 1).op
    return tf.estimator.EstimatorSpec(
        mode,
        predictions=reported,
        loss=reported["discriminator_loss"],
        train_op=train_op,
        scaffold=networks.initial_scaffold(given.initial_values),
    )


def _average(
    given: GanParams, make: Network, generator: List[tf.Variable], update: tf.Operation
) -> tf.Operation:
    """Moves the running mean towards the generator's weights after an update."""
    decay = given.gan.averaged_generator
    if not decay:
        return update
    with tf.control_dependencies([update]):
        moves = []
        for (name, shape), weights in zip(make.shapes(AVERAGE), generator):
            mean = tf.get_variable(
                name,
                shape,
                initializer=tf.zeros_initializer(),
                trainable=False,
                aggregation=tf.VariableAggregation.ONLY_FIRST_REPLICA,  # all replicas agree
            )
            moves.append(
                mean.assign(decay * mean.read_value() + (1.0 - decay) * weights.read_value())
            )
        return tf.group(*moves)


def _iteration(
    given: GanParams,
    generator: List[tf.Variable],
    discriminator: List[tf.Variable],
    real: tf.Tensor,
    latent: tf.Tensor,
) -> Tuple[tf.Operation, Dict[str, tf.Tensor]]:
    """D's update, the look-ahead and G's update in this order; the last one, and the losses."""
    settings = given.gan
    make, tell = networks_of(settings, given.network, given.shape)
    decayed = optimizers.decay(given.optimizer, given.iterations)
    d_rate, g_rate = settings.d_learning_rate * decayed, settings.g_learning_rate * decayed
    own_d = optimizers.create(given.optimizer, d_rate, "d_optimizer")
    own_g = optimizers.create(given.optimizer, g_rate, "g_optimizer")
    d_optimizer, g_optimizer = given.wrap_optimizers([own_d, own_g])
    generated = make.apply(_values(generator), latent)
    constant = tf.stop_gradient(generated)

    def discriminator_loss(parameters: Sequence[tf.Tensor]) -> tf.Tensor:
        # One concatenated batch: one matrix product a layer instead of two.
        points = tf.concat([real, constant], axis=0)
        return losses.discriminator_loss(tell.logits(parameters, points))

    d_loss, update = _steps(
        d_optimizer,
        discriminator,
        lambda _: discriminator_loss(_values(discriminator)),
        settings.d_steps,
    )
    with tf.control_dependencies([update]):
        steps_done = tf.cast(tf.train.get_global_step() + 1, tf.float32) * settings.d_steps
        state = optimizers.look_ahead_state(given.optimizer, own_d, discriminator, steps_done)
    ahead = unroll.look_ahead(
        state,
        len(discriminator),
        discriminator_loss,
        optimizers.rule(given.optimizer, d_rate),
        settings.unrolling_steps if settings.unrolled else 0,
        # TensorFlow cannot turn a loop for XLA whose outcome several ordered updates use.
        given.in_graph_loop and settings.g_steps == 1,
    )

    def generator_loss(step: int) -> tf.Tensor:
        points = generated if step == 0 else make.apply(_values(generator), latent)
        logits = tell.logits(ahead, points)
        return losses.generator_loss(logits, settings.objective)

    g_loss, update = _steps(g_optimizer, generator, generator_loss, settings.g_steps)
    return update, {"discriminator_loss": d_loss, "generator_loss": g_loss}


def _values(variables: Sequence[tf.Variable]) -> List[tf.Tensor]:
    """What the variables hold at this point of the iteration: a plain use may read earlier."""
    return [variable.read_value() for variable in variables]


def _steps(
    optimizer: tf.train.Optimizer,
    variables: List[tf.Variable],
    loss_fn: Callable[[int], tf.Tensor],
    steps: int,
) -> Tuple[tf.Tensor, tf.Operation]:
    """Some optimizer steps, one after another; the first one's loss and the last update."""
    first_loss, update = None, tf.no_op()
    for step in range(steps):
        with tf.control_dependencies([update]):
            loss = loss_fn(step)
            update = optimizer.apply_gradients(optimizer.compute_gradients(loss, variables))
        first_loss = loss if first_loss is None else first_loss
    return first_loss, update


def _check_ownership(
    generator: Sequence[tf.Variable], discriminator: Sequence[tf.Variable]
) -> None:
    owned = [variable.op.name for variable in list(generator) + list(discriminator)]
    trainable = [variable.op.name for variable in tf.trainable_variables()]
    stray = sorted(set(trainable) ^ set(owned)) + sorted({n for n in owned if owned.count(n) > 1})
    if stray:
        raise ValueError(f"trainable variables must belong to one network each, got {stray}")
