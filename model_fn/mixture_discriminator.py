"""The mixture discriminator: its model function tells data from the mixture so far."""

import dataclasses
from typing import Any, Dict, List, Sequence, Tuple

import numpy as np
import tensorflow as tf

from base.model_params import ModelParams
from model_fn import losses, networks, optimizers, scaling
from model_fn.settings import (
    MixtureDiscriminatorSettings,
    NetworkSettings,
    OptimizerSettings,
)


@dataclasses.dataclass(frozen=True)
class MixtureDiscriminatorParams(ModelParams):
    """Everything the model function reads beside its features."""

    discriminator: MixtureDiscriminatorSettings
    network: NetworkSettings
    optimizer: OptimizerSettings
    shape: Tuple[int, ...]  # of one point
    unrolled: bool  # decides the published activation
    iterations: int  # of the whole training, by which the learning rate decays
    wrap_optimizers: optimizers.Wrap = optimizers.unwrapped


def initial_values(
    settings: MixtureDiscriminatorSettings,
    network: NetworkSettings,
    unrolled: bool,
    shape: Sequence[int],
    shift: np.ndarray,
    scale: np.ndarray,
    rng: np.random.Generator,
) -> Dict[str, np.ndarray]:
    """Initial values of the variables by name: drawn weights, and the data's units.

    Args:
      settings: how many folds there are.
      network: of which networks.
      unrolled: decides the published activation.
      shape: of one point.
      shift: [*shape], the data's centre.
      scale: [*shape], the data's spread, > 0.
      rng: where the weights are drawn from, fold by fold.
    """
    values = scaling.initial_values(shift, scale)
    discriminator = networks.discriminator(network, shape, unrolled)
    for fold in range(settings.mixture_c_folds):
        values.update(discriminator.initial_values(_scope(fold), rng))
    return values


def model_fn(
    features: Dict[str, tf.Tensor], labels: None, mode: str, params: Dict[str, Any], config: Any
) -> tf.estimator.EstimatorSpec:
    """Model function of the mixture discriminator, one independent network a fold.

    Args:
      features: TRAIN: "real" and "generated" [folds, batch, *shape]; PREDICT: "points"
        [batch, *shape]; the user's units, float32, static shapes.
      labels: None.
      mode: TRAIN or PREDICT.
      params: {"params": MixtureDiscriminatorParams}.
      config: unused.

    Returns:
      TRAIN: one step of every fold; `predictions` holds the loss to report, the folds' mean.
      PREDICT: predictions {"logits": [batch, folds]} of the probability of "real".

    Raises:
      ValueError: for another mode.
    """
    del labels, config
    given: MixtureDiscriminatorParams = params["params"]
    if mode not in (tf.estimator.ModeKeys.TRAIN, tf.estimator.ModeKeys.PREDICT):
        raise ValueError(f"mode must be train or infer, got {mode!r}")
    units = scaling.create_scaling(given.shape)
    discriminator = networks.discriminator(given.network, given.shape, given.unrolled)
    folds = [
        discriminator.create_parameters(_scope(fold))
        for fold in range(given.discriminator.mixture_c_folds)
    ]

    def logits(parameters: List[tf.Variable], points: tf.Tensor) -> tf.Tensor:
        flat = units.to_network(networks.flatten(points))
        return discriminator.logits(parameters, flat)

    if mode == tf.estimator.ModeKeys.PREDICT:
        by_fold = [logits(parameters, features["points"]) for parameters in folds]
        return tf.estimator.EstimatorSpec(mode, predictions={"logits": tf.stack(by_fold, axis=1)})

    fold_losses = []
    for parameters, real, generated in zip(
        folds, tf.unstack(features["real"]), tf.unstack(features["generated"])
    ):
        both = logits(parameters, tf.concat([real, generated], axis=0))
        fold_losses.append(losses.discriminator_loss(both))
    total = tf.add_n(fold_losses)  # the folds share no parameter: each gets its own gradient
    train_op = _step(given, total, folds)
    mean_loss = total / len(folds)
    return tf.estimator.EstimatorSpec(
        mode,
        predictions={"mixture_discriminator_loss": mean_loss},
        loss=mean_loss,
        train_op=train_op,
        scaffold=networks.initial_scaffold(given.initial_values),
    )


def _step(
    given: MixtureDiscriminatorParams, loss: tf.Tensor, folds: List[List[tf.Variable]]
) -> tf.Operation:
    """One optimizer step of all folds, and of the global step after it."""
    rate = given.discriminator.learning_rate * optimizers.decay(given.optimizer, given.iterations)
    plain = optimizers.create(given.optimizer, rate, "optimizer")
    (optimizer,) = given.wrap_optimizers([plain])
    variables = [variable for parameters in folds for variable in parameters]
    gradients = optimizer.compute_gradients(loss, variables)
    with tf.control_dependencies([optimizer.apply_gradients(gradients)]):
        return tf.assign_add(tf.train.get_global_step(), 1).op


def _scope(fold: int) -> str:
    return f"mixture_discriminator/fold{fold}"
