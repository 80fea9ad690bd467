"""Whether what a mixture discriminator says of the data can be used: its ratios, checked."""

import logging
from typing import NamedTuple

import numpy as np

from base.errors import Diverged

SEPARATED = np.log(1e6)
"""Nats: with all ratios beyond, data and mixture are told apart perfectly."""
FEW = 10
"""Of so many points one must have weight, where minibatches are larger than that."""
OVERFIT_GAP = 0.5
"""Nats by which training points may be scored above points that were not trained on."""

log = logging.getLogger("adagan")


class Calibration(NamedTuple):
    """Means over points of the data, and the error; logits are of the probability of "real"."""

    scored_logit: float  # of the training points, as used for the ratios
    trained_on_logit: float  # of the training points by a discriminator that was trained on them
    unseen_logit: float  # of points by a discriminator that was not trained on them
    ratio: float  # h over the training points; 1 for true ratios
    unseen_ratio: float  # h over points of the data that no training saw
    error: float  # expected calibration error over such points and fresh samples


def check_logits(scores: np.ndarray, number_of_points: int) -> None:
    """Checks that logits carry something.

    Args:
      scores: [N + others, folds] logits.
      number_of_points: N, the training points, which come first.

    Raises:
      Diverged: if they are not finite, or tell all points apart.
    """
    if not np.isfinite(scores).all():
        raise Diverged("its logits are not finite; lower --learning_rate or --init_std")
    of_training = scores[:number_of_points]
    for side, lowest in (("real", of_training.min()), ("generated", -of_training.max())):
        if lowest > SEPARATED:
            raise Diverged(
                f"it calls every training point {side}, by {lowest:.0f} nats at least, so that the "
                f"ratios carry nothing; lower --mixture_c_epoch_num or --learning_rate"
            )


def check_weights(data_weights: np.ndarray, batch_size: int) -> None:
    """Raises Diverged for data weights [N] that leave next to no points to train on."""
    left = np.count_nonzero(data_weights)
    if left < min(batch_size, max(1, len(data_weights) // FEW)):
        raise Diverged(
            f"all weight lies on {left} points, fewer than --batch_size={batch_size}; lower that, "
            f"--mixture_c_epoch_num or --learning_rate, or choose another --weights_heur"
        )


def warn_of_overfit(means: Calibration, folds: int) -> None:
    """Says so where training points are scored far above points that were not trained on."""
    gap = means.trained_on_logit - means.unseen_logit
    if gap > OVERFIT_GAP:
        remedy = (
            "each half is scored by the other half's discriminator, so the ratios stay usable"
            if folds == 2
            else "its ratios cannot be trusted: fewer --mixture_c_epoch_num, or --mixture_c_folds=2"
        )
        log.warning(
            "The mixture discriminator overfits: points it was trained on score %.2f nats above "
            "others; %s.",
            gap,
            remedy,
        )
