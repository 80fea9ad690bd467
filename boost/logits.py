"""The mixture discriminator's verdict on every training point."""

import logging
import os
from typing import NamedTuple, Sequence, Tuple

import numpy as np

import streams
from boost import mixture, ratios
from boost.run import Run
from boost.training import Training
from input_fn import datasets, weighted
from input_fn.fixed import FixedInput
from model_fn import mixture_discriminator
from options import UsageError
from streams import Purpose

OVERFIT_GAP = 0.5
"""Nats by which training points may be scored above points that were not trained on."""

log = logging.getLogger("adagan")


class Calibration(NamedTuple):
    """Means over points of the data; logits are of the probability of "real"."""

    scored_logit: float  # of the training points, as used for the ratios
    trained_on_logit: float  # of the training points by a discriminator that was trained on them
    unseen_logit: float  # of points by a discriminator that was not trained on them
    ratio: float  # h over the training points; 1 for true ratios


def prepare(run: Run, number: int, probe: np.ndarray) -> Training:
    """Sets up the mixture discriminator that the ratios of a step come from.

    Args:
      run: what all steps share.
      number: of the step, 2, 3, ...
      probe: [P, *shape] further points to score.
    """
    dataset = run.dataset
    folds = run.mixture_discriminator.mixture_c_folds
    shape = (folds, run.boost.batch_size, *dataset.shape)
    parts = [(dataset.number, dataset.train_points), dataset.held_out, probe]
    return Training(
        run.engine,
        mixture_discriminator.model_fn,
        os.path.join(run.workdir.component(number), "mixture_discriminator"),
        run.discriminator_params(number),
        {"real": shape, "generated": shape},
        1,
        run.discriminator_iterations,
        FixedInput("points", dataset.shape, parts),
        f"Mixture discriminator {number}/{run.boost.steps}",
    )


def mixture_logits(
    run: Run,
    number: int,
    training: Training,
    pools: Sequence[np.ndarray],
    mixture_weights: Sequence[float],
) -> Tuple[np.ndarray, Calibration, np.ndarray]:
    """Trains the mixture discriminator and scores every training point with it.

    AdaGAN (arXiv 1701.02386), Section 3.5: D tells the data (1) from the mixture so far (0). With
    two folds each half of the training points is scored by the discriminator that was trained on
    the other half: one that scores its own training points and overfits calls them all real, and
    boosting dies silently.

    Args:
      run: what all steps share.
      number: of the step that the ratios are for, 2, 3, ...
      training: as `prepare` set it up.
      pools: samples of each component so far.
      mixture_weights: of the components so far.

    Returns:
      [N] float32 logits of the training points, their calibration, and the probe's logits, by the
      folds' mean.
    """
    folds = run.mixture_discriminator.mixture_c_folds
    rng = streams.generator(run.seed, Purpose.FOLDS, number)
    number_of_points = run.dataset.number
    scorer = (rng.permutation(number_of_points) % folds).astype(np.int8)
    index_type = datasets.index_type(number_of_points)
    members = [
        np.flatnonzero((scorer != fold) | (folds == 1)).astype(index_type) for fold in range(folds)
    ]
    generated = _generated(run, number, pools, mixture_weights)
    training.begin(
        weighted.discriminator_stream(
            run.dataset, members, generated, run.boost.batch_size, run.seed, number
        )
    )
    scores = training.result().predictions["logits"]
    if not np.isfinite(scores).all():
        raise UsageError(
            f"the mixture discriminator of step {number} diverged, its logits are not finite; "
            f"lower --learning_rate or --init_std"
        )

    of_training, others = scores[:number_of_points], scores[number_of_points:].mean(axis=1)
    scored = np.choose(scorer, of_training.T)
    trained_on = np.choose((scorer + 1) % folds, of_training.T)
    held_out, probe_logits = np.split(others, [len(run.dataset.held_out)])
    unseen = held_out if folds == 1 else scored
    calibration = Calibration(
        float(scored.mean()),
        float(trained_on.mean()),
        float(unseen.mean()),
        float(ratios.density_ratios(scored).mean()),
    )
    _warn_of_overfit(calibration, folds)
    return scored, calibration, probe_logits


def _generated(
    run: Run, number: int, pools: Sequence[np.ndarray], mixture_weights: Sequence[float]
) -> np.ndarray:
    rng = streams.generator(run.seed, Purpose.MIXTURE_FOR_DISCRIMINATOR, number)
    return mixture.take([pool[: run.pool] for pool in pools], mixture_weights, run.pool, rng)


def _warn_of_overfit(calibration: Calibration, folds: int) -> None:
    gap = calibration.trained_on_logit - calibration.unseen_logit
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
