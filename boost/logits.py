"""The mixture discriminator's verdict on every training point."""

import logging
import os
from typing import NamedTuple, Sequence, Tuple

import numpy as np

import streams
from boost import mixture, ratios, training, weights
from boost.mixture import Pool
from boost.run import Run
from boost.training import Task
from boost.weights import Reweighting
from endings import Diverged
from estimator.backend import TrainResult
from evaluation import calibration
from evaluation.calibration import Unseen
from input_fn import datasets, weighted
from input_fn.fixed import FixedInput
from input_fn.weighted import Stream
from model_fn import mixture_discriminator
from streams import Purpose

SEPARATED = np.log(1e6)
"""Nats: with all ratios beyond, data and mixture are told apart perfectly."""
OVERFIT_GAP = 0.5
"""Nats by which training points may be scored above points that were not trained on."""
HIGHEST_DIMENSION = 2
"""Beyond, a kernel density estimate of the mixture says more of its bandwidth than of ratios."""

log = logging.getLogger("adagan")


class Calibration(NamedTuple):
    """Means over points of the data, and the error; logits are of the probability of "real"."""

    scored_logit: float  # of the training points, as used for the ratios
    trained_on_logit: float  # of the training points by a discriminator that was trained on them
    unseen_logit: float  # of points by a discriminator that was not trained on them
    ratio: float  # h over the training points; 1 for true ratios
    unseen_ratio: float  # h over points of the data that no training saw
    error: float  # expected calibration error over such points and fresh samples


class Fresh(NamedTuple):
    """Samples of the mixture so far that its discriminator is not trained on."""

    generated: np.ndarray  # [n, *shape] as many as are held out of the data
    samples: np.ndarray  # [m, *shape] for its density; none where that would not be sound


class Verdict(NamedTuple):
    """What the mixture discriminator says of the data."""

    reweighting: Reweighting  # of the training points
    calibration: Calibration
    unseen: Unseen  # by the folds' mean
    probe_logits: np.ndarray  # [P] float32, of the probe, by the folds' mean
    checkpoint: str  # path prefix


def judge(
    run: Run,
    number: int,
    beta: float,
    pools: Sequence[Pool],
    mixture_weights: Sequence[float],
    probe: np.ndarray,
) -> Tuple[Verdict, int]:
    """Trains the mixture discriminator before a step and weighs the data by what it says.

    AdaGAN (arXiv 1701.02386), Section 3.5: D tells the data (1) from the mixture so far (0). With
    two folds each half of the training points is scored by the discriminator that was trained on
    the other half: one that scores its own training points and overfits calls them all real, and
    boosting dies silently.

    Args:
      run: what all steps share.
      number: of the step, 2, 3, ...
      beta: mixture weight of the step's component.
      pools: samples of each component so far.
      mixture_weights: of the components so far.
      probe: [P, *shape] further points to score.

    Returns:
      The verdict, and how many initialisations it took.

    Raises:
      Diverged: if the numbers went wrong from every initialisation.
    """
    dataset, fresh = run.dataset, fresh_samples(run, number, pools, mixture_weights)
    parts = [
        (dataset.number, dataset.train_points),
        dataset.held_out,
        probe,
        fresh.generated,
    ]
    task = Task(
        f"Mixture discriminator {number}/{run.boost.steps}",
        mixture_discriminator.model_fn,
        os.path.join(run.workdir.component(number), "mixture_discriminator"),
        lambda initialisation: run.discriminator_params(number, initialisation),
        stream(run, number, pools, mixture_weights),
        run.discriminator_iterations,
        FixedInput("points", dataset.shape, parts),
    )
    return training.fit(
        run.engine, task, lambda trained: _verdict(run, number, beta, fresh, trained)
    )


def stream(
    run: Run, number: int, pools: Sequence[Pool], mixture_weights: Sequence[float]
) -> Stream:
    """Minibatches of the mixture discriminator before a step.

    Args:
      run: what all steps share.
      number: of the step, 2, 3, ...
      pools: samples of each component so far.
      mixture_weights: of the components so far.
    """
    folds, scorer = run.mixture_discriminator.mixture_c_folds, _scorer(run, number)
    index_type = datasets.index_type(run.dataset.number)
    members = [
        np.flatnonzero((scorer != fold) | (folds == 1)).astype(index_type) for fold in range(folds)
    ]
    generated = _generated(run, number, pools, mixture_weights)
    return weighted.discriminator_stream(
        run.dataset, members, generated, run.boost.batch_size, run.seed, number
    )


def fresh_samples(
    run: Run, number: int, pools: Sequence[Pool], mixture_weights: Sequence[float]
) -> Fresh:
    """What the discriminator before a step is checked with; arguments as of `stream`."""
    rng = streams.generator(run.seed, Purpose.MIXTURE_FOR_DISCRIMINATOR, number, 1)
    unseen = [pool.for_evaluation for pool in pools]
    generated = mixture.take(unseen, mixture_weights, _unseen_number(run), rng)
    known = run.dataset.truth is not None and np.prod(run.dataset.shape) <= HIGHEST_DIMENSION
    others = [pool.for_discriminator for pool in pools]
    samples = mixture.take(others, mixture_weights, calibration.KDE_SAMPLES if known else 0, rng)
    return Fresh(generated, samples)


def _unseen_number(run: Run) -> int:
    """Points of each kind that the discriminator is checked with."""
    return min(len(run.dataset.held_out), calibration.POINTS)


def _scorer(run: Run, number: int) -> np.ndarray:
    """[N] which fold scores each training point; with two, it was not trained on it."""
    rng = streams.generator(run.seed, Purpose.FOLDS, number)
    folds = run.mixture_discriminator.mixture_c_folds
    return (rng.permutation(run.dataset.number) % folds).astype(np.int8)


def _verdict(run: Run, number: int, beta: float, fresh: Fresh, trained: TrainResult) -> Verdict:
    """Logits to ratios to weights.

    Raises:
      Diverged: for ratios or weights that nothing can be trained on.
    """
    scores, number_of_points = trained.predictions["logits"], run.dataset.number
    _check_logits(scores, number_of_points)
    folds, scorer = run.mixture_discriminator.mixture_c_folds, _scorer(run, number)
    scored = np.choose(scorer, scores[:number_of_points].T)
    trained_on = np.choose((scorer + 1) % folds, scores[:number_of_points].T)
    others, number_unseen = scores[number_of_points:].mean(axis=1), _unseen_number(run)
    held_out, probe_logits, generated = np.split(
        others, [len(run.dataset.held_out), len(others) - number_unseen]
    )
    unseen = _unseen(held_out[:number_unseen], generated, run.dataset.held_out, fresh)
    density_ratios = ratios.density_ratios(scored)
    means = Calibration(
        float(scored.mean()),
        float(trained_on.mean()),
        float((held_out if folds == 1 else scored).mean()),
        float(density_ratios.mean()),
        float(ratios.density_ratios(held_out).mean()),
        unseen.reliability().error,
    )
    last_only = run.boost.meta_algorithm == "topk_last"
    rule = "topk" if last_only else run.boost.weights_heur
    reweighting = weights.reweight(density_ratios, beta, rule, run.boost.topk_constant)
    _check_weights(reweighting.data_weights, run.boost.batch_size)
    _warn_of_overfit(means, folds)
    return Verdict(reweighting, means, unseen, probe_logits, trained.checkpoint)


def _unseen(
    real: np.ndarray, generated: np.ndarray, real_points: np.ndarray, fresh: Fresh
) -> Unseen:
    """Logits of both kinds of points, and the points themselves where densities are compared."""
    if not len(fresh.samples):
        return Unseen.nothing()._replace(real_logits=real, generated_logits=generated)
    compared = [part[: calibration.POINTS_COMPARED] for part in (real_points, fresh.generated)]
    flat = [part.reshape(len(part), -1) for part in (*compared, fresh.samples)]
    return Unseen(real, generated, np.stack(flat[:2]), flat[2])


def _check_logits(scores: np.ndarray, number_of_points: int) -> None:
    """Args: [N + others, folds] logits; N, the training points, which come first."""
    if not np.isfinite(scores).all():
        raise Diverged("its logits are not finite; lower --learning_rate or --init_std")
    of_training = scores[:number_of_points]
    for side, lowest in (("real", of_training.min()), ("generated", -of_training.max())):
        if lowest > SEPARATED:
            raise Diverged(
                f"it calls every training point {side}, by {lowest:.0f} nats at least, so that the "
                f"ratios carry nothing; lower --mixture_c_epoch_num or --learning_rate"
            )


def _check_weights(data_weights: np.ndarray, batch_size: int) -> None:
    left = np.count_nonzero(data_weights)
    if left < min(batch_size, len(data_weights)):
        raise Diverged(
            f"all weight lies on {left} points, fewer than --batch_size={batch_size}; lower that, "
            f"--mixture_c_epoch_num or --learning_rate, or choose another --weights_heur"
        )


def _generated(
    run: Run, number: int, pools: Sequence[Pool], mixture_weights: Sequence[float]
) -> np.ndarray:
    rng = streams.generator(run.seed, Purpose.MIXTURE_FOR_DISCRIMINATOR, number)
    return mixture.take([p.for_discriminator for p in pools], mixture_weights, run.pool, rng)


def _warn_of_overfit(means: Calibration, folds: int) -> None:
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
