"""One iteration of a GAN, as published: discriminator, look-ahead, generator, on one minibatch."""

from typing import Callable, Dict, List, NamedTuple, Sequence, Tuple

import tensorflow as tf

from model_fn import losses, optimizers, unroll
from model_fn.gan_params import GanParams, networks_of


class Weights(NamedTuple):
    """The trained variables."""

    generator: List[tf.Variable]
    discriminator: List[tf.Variable]


class _Optimizers(NamedTuple):
    """Of one component's two networks."""

    generator: tf.train.Optimizer
    discriminator: tf.train.Optimizer  # as the device wraps it
    plain_discriminator: tf.train.Optimizer  # which has the slots
    d_rate: optimizers.Rate

    @staticmethod
    def create(given: GanParams) -> "_Optimizers":
        """Optimizers of this iteration's learning rates."""
        decayed = optimizers.decay(given.optimizer, given.iterations)
        d_rate = given.gan.d_learning_rate * decayed
        g_rate = given.gan.g_learning_rate * decayed
        plain_d = optimizers.create(given.optimizer, d_rate, "d_optimizer")
        plain_g = optimizers.create(given.optimizer, g_rate, "g_optimizer")
        wrapped_d, wrapped_g = given.wrap_optimizers([plain_d, plain_g])
        return _Optimizers(wrapped_g, wrapped_d, plain_d, d_rate)


def run(
    given: GanParams, weights: Weights, real: tf.Tensor, latent: tf.Tensor
) -> Tuple[tf.Operation, Dict[str, tf.Tensor]]:
    """D's update, the look-ahead and G's update in this order.

    Args:
      given: the settings.
      weights: what is trained.
      real: points [batch, prod(shape)] in the networks' units.
      latent: noise [batch, z].

    Returns:
      The last update, and the losses before the first one of each network.
    """
    settings = given.gan
    generator, discriminator = networks_of(settings, given.network, given.shape)
    optimizer = _Optimizers.create(given)
    generated = generator.apply(_values(weights.generator), latent)
    constant = tf.stop_gradient(generated)

    def discriminator_loss(parameters: Sequence[tf.Tensor]) -> tf.Tensor:
        # One concatenated batch: one matrix product a layer instead of two.
        points = tf.concat([real, constant], axis=0)
        logits = discriminator.logits(parameters, points)
        loss = losses.discriminator_loss(logits, settings.objective)
        if settings.gradient_penalty:
            loss += settings.gradient_penalty * losses.gradient_penalty(logits, points)
        return loss

    d_loss, update = _steps(
        optimizer.discriminator,
        weights.discriminator,
        lambda _: discriminator_loss(_values(weights.discriminator)),
        settings.d_steps,
    )
    ahead = _look_ahead(given, optimizer, weights.discriminator, discriminator_loss, update)

    def generator_loss(step: int) -> tf.Tensor:
        points = generated if step == 0 else generator.apply(_values(weights.generator), latent)
        if settings.objective == "relativistic":
            pairs = discriminator.logits(ahead, tf.concat([points, real], axis=0))
            return losses.relativistic_loss(pairs)
        logits = discriminator.logits(ahead, points)
        return losses.generator_loss(logits, settings.objective)

    g_loss, update = _steps(
        optimizer.generator, weights.generator, generator_loss, settings.g_steps
    )
    return update, {"discriminator_loss": d_loss, "generator_loss": g_loss}


def _look_ahead(
    given: GanParams,
    optimizer: _Optimizers,
    variables: List[tf.Variable],
    loss_fn: Callable[[Sequence[tf.Tensor]], tf.Tensor],
    update: tf.Operation,
) -> List[tf.Tensor]:
    """The discriminator's parameters that the generator sees.

    Args:
      given: the settings.
      optimizer: whose rule updates them.
      variables: the discriminator's.
      loss_fn: its loss as a function of its parameters.
      update: its last one in this iteration, from where it looks ahead.
    """
    settings = given.gan
    with tf.control_dependencies([update]):
        steps_done = tf.cast(tf.train.get_global_step() + 1, tf.float32) * settings.d_steps
        state = optimizers.look_ahead_state(
            given.optimizer, optimizer.plain_discriminator, variables, steps_done
        )
    return unroll.look_ahead(
        state=state,
        number_of_parameters=len(variables),
        loss_fn=loss_fn,
        rule=optimizers.rule(given.optimizer, optimizer.d_rate),
        steps=settings.unrolling_steps if settings.unrolled else 0,
        # TensorFlow cannot turn a loop for XLA whose outcome several ordered updates use.
        in_graph_loop=given.in_graph_loop and settings.g_steps == 1,
    )


def _values(variables: Sequence[tf.Variable]) -> List[tf.Tensor]:
    """What the variables hold at this point of the iteration: a plain use may read earlier."""
    return [variable.read_value() for variable in variables]


def _steps(
    optimizer: tf.train.Optimizer,
    variables: List[tf.Variable],
    loss_fn: Callable[[int], tf.Tensor],
    steps: int,
) -> Tuple[tf.Tensor, tf.Operation]:
    """Some optimizer steps, one after another.

    Args:
      optimizer: makes them.
      variables: that it trains.
      loss_fn: a scalar loss, by the step's number from 0 on.
      steps: how many, >= 1.

    Returns:
      The first step's loss, and the last one's update.
    """
    first_loss, update = None, tf.no_op()
    for step in range(steps):
        with tf.control_dependencies([update]):
            loss = loss_fn(step)
            update = optimizer.apply_gradients(optimizer.compute_gradients(loss, variables))
        first_loss = loss if first_loss is None else first_loss
    return first_loss, update
