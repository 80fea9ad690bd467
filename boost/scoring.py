"""Scores of the mixture, and of a perfect sampler on the same sizes."""

from typing import List, NamedTuple, Optional, Tuple

import numpy as np

from base import streams
from base.streams import Purpose
from evaluation import metrics
from evaluation.kde import KernelDensity
from evaluation.metrics import Metrics, Sizes, Spread
from input_fn.datasets import Dataset
from input_fn.gmm import GaussianMixture

DRAWS = 20
"""Draws behind a median: one draw's log_p jumps with the bandwidth that the coarse grid picks."""


class Scorer(NamedTuple):
    """What samples are scored against."""

    sizes: Sizes
    real: np.ndarray  # [sizes.real, d] float64 points of the data that no training saw
    truth: Optional[Tuple[np.ndarray, float, np.ndarray]]  # means, sigma and weights of the modes

    def score(self, drawn: np.ndarray) -> Tuple[Metrics, KernelDensity]:
        """Scores [sizes.of_model, *shape] samples in random order; see `metrics.score`."""
        return metrics.score(_flat(drawn), self.real, self.sizes, self.truth)


def scorer(dataset: Dataset, sizes: Sizes, validation: bool = False) -> Scorer:
    """The scorer of samples against a dataset, of which `sizes.real` points at least are held out.

    Args:
      dataset: what samples are compared with.
      sizes: of the evaluation.
      validation: takes other points than the evaluation does.
    """
    start = sizes.real if validation else 0
    truth = dataset.truth and (
        dataset.truth.means,
        dataset.truth.sigma,
        dataset.truth.mode_weights,
    )
    return Scorer(sizes, _flat(dataset.held_out[start : start + sizes.real]), truth)


def perfect_sampler(
    truth: Optional[GaussianMixture], held_out: np.ndarray, sizes: Sizes, data_seed: int
) -> Spread:
    """What samples of the data themselves score, over some draws.

    Where the density is known, every draw takes new points; for a file, points held out of
    training, divided anew for every draw.

    Args:
      truth: the data's density, where it is known.
      held_out: [H, *shape] points that no training sees.
      sizes: of the evaluation.
      data_seed: of the draws.
    """
    known = truth and (truth.means, truth.sigma, truth.mode_weights)
    draws: List[Metrics] = []
    for draw in range(DRAWS):
        rng = streams.generator(data_seed, Purpose.PERFECT_SAMPLER, draw)
        if truth:
            points = truth.sample(sizes.of_model + sizes.real, rng)
        else:
            points = held_out[rng.permutation(len(held_out))]
        real, drawn = _flat(points[-sizes.real :]), points[: -sizes.real]
        draws.append(Scorer(sizes, real, known).score(drawn)[0])
    return metrics.spread(draws)


def _flat(points: np.ndarray) -> np.ndarray:
    return points.reshape(len(points), -1).astype(np.float64)
