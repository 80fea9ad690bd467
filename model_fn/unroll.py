"""Look-ahead steps of the discriminator: tensors to tensors, no second set of variables."""

from typing import Callable, List, Sequence

import tensorflow as tf

from model_fn.optimizers import Rule, State


def look_ahead(
    state: State,
    number_of_parameters: int,
    loss_fn: Callable[[Sequence[tf.Tensor]], tf.Tensor],
    rule: Rule,
    steps: int,
    in_graph_loop: bool,
) -> List[tf.Tensor]:
    """The discriminator's parameters after some more updates on the same minibatch.

    Unrolled GANs (Metz et al., arXiv 1611.02163), Section 2.3, as AdaGAN's public code uses them:
    the generator's loss sees the updated copy, and no gradient flows through the updates.

    Args:
      state: the optimizer's state to go on from, parameters first.
      number_of_parameters: how many tensors of the state are parameters.
      loss_fn: the discriminator's loss as a function of its parameters.
      rule: the optimizer's update.
      steps: how many updates, >= 0.
      in_graph_loop: one step in a while_loop, a small graph; False writes the steps out, for
        devices on which gradients inside a loop are not safe.

    Returns:
      The parameters, constant for gradients.
    """

    def one_step(*state: tf.Tensor) -> State:
        parameters = list(state[:number_of_parameters])
        gradients = tf.gradients(loss_fn(parameters), parameters)
        return rule(list(state), gradients)

    if in_graph_loop and steps:
        _, *state = tf.while_loop(
            lambda index, *_: index < steps,
            lambda index, *state: [index + 1] + one_step(*state),
            [tf.constant(0)] + list(state),
            parallel_iterations=1,
            back_prop=False,
        )
    else:
        for _ in range(steps):
            state = one_step(*state)
    return [tf.stop_gradient(parameter) for parameter in state[:number_of_parameters]]
