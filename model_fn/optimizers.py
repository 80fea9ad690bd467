"""The optimizers of the published experiment, and their rules as functions for look-ahead steps."""

from typing import Callable, List, Sequence, Union

import tensorflow as tf

from model_fn.settings import OptimizerSettings

ADAM_BETA2 = 0.999
ADAM_EPSILON = 1e-8

State = List[tf.Tensor]
"""Parameters, then whatever else a rule carries from step to step."""
Rule = Callable[[State, Sequence[tf.Tensor]], State]
Wrap = Callable[[List[tf.train.Optimizer]], List[tf.train.Optimizer]]
"""Puts what a device needs (averaging over cards, loss scaling) around a model's optimizers."""


def unwrapped(optimizers: List[tf.train.Optimizer]) -> List[tf.train.Optimizer]:
    """The optimizers as they are."""
    return optimizers


Rate = Union[float, tf.Tensor]


def decay(settings: OptimizerSettings, iterations: int) -> Rate:
    """What learning rates are multiplied by in this iteration of a whole training."""
    if settings.learning_rate_decay == "constant":
        return 1.0
    step = tf.cast(tf.train.get_global_step().read_value(), tf.float32)
    return tf.minimum(1.0, 2.0 * (1.0 - step / float(iterations)))


def create(settings: OptimizerSettings, learning_rate: Rate, name: str) -> tf.train.Optimizer:
    """The optimizer by name; its slot variables carry `name`."""
    if settings.optimizer == "sgd":
        return tf.train.GradientDescentOptimizer(learning_rate, name=name)
    return tf.train.AdamOptimizer(
        learning_rate, settings.adam_beta1, ADAM_BETA2, ADAM_EPSILON, name=name
    )


def look_ahead_state(
    settings: OptimizerSettings,
    optimizer: tf.train.Optimizer,
    variables: Sequence[tf.Variable],
    steps_done: tf.Tensor,
) -> State:
    """Where the optimizer stands now: the state that its rule goes on from.

    Args:
      settings: as in `create`.
      optimizer: what `create` made, after its first `apply_gradients`.
      variables: that it trains.
      steps_done: scalar float32, its updates so far.
    """
    state = [variable.read_value() for variable in variables]
    if settings.optimizer == "adam":
        # Of several replicas' optimizers one alone has slots, for all: a merged call asks that one.
        context = tf.distribute.get_replica_context()
        moments = context.merge_call(
            lambda _: [optimizer.get_slot(v, slot) for slot in ("m", "v") for v in variables]
        )
        state += [moment.read_value() for moment in moments]
        state.append(steps_done)
    return state


def rule(settings: OptimizerSettings, learning_rate: Rate) -> Rule:
    """The optimizer's update as a function from a state and gradients to the next state.

    The number of gradients says how many of the state's tensors are parameters.
    """
    if settings.optimizer == "sgd":
        return lambda state, gradients: [p - learning_rate * g for p, g in zip(state, gradients)]

    def adam(state: State, gradients: Sequence[tf.Tensor]) -> State:
        """Kingma & Ba (arXiv 1412.6980), Algorithm 1, in the order of Section 2's last remark."""
        count = len(gradients)
        parameters, first, second = state[:count], state[count : 2 * count], state[2 * count : -1]
        step = state[-1] + 1.0
        beta1 = settings.adam_beta1
        first = [beta1 * m + (1 - beta1) * g for m, g in zip(first, gradients)]
        second = [ADAM_BETA2 * v + (1 - ADAM_BETA2) * g * g for v, g in zip(second, gradients)]
        rate = learning_rate * tf.sqrt(1 - tf.pow(ADAM_BETA2, step)) / (1 - tf.pow(beta1, step))
        parameters = [
            p - rate * m / (tf.sqrt(v) + ADAM_EPSILON) for p, m, v in zip(parameters, first, second)
        ]
        return parameters + first + second + [step]

    return adam
