"""What makes a mixture of GANs of single ones: AdaGAN, and what it is compared with.

AdaGAN (arXiv 1701.02386), Section 4.1, compares boosting with one GAN ("vanilla"), the best of T
independent ones, an ensemble of T independent ones, and TopKLast.
"""

from typing import Callable, Dict, Optional

import numpy as np

from boost import betas, weights
from boost.mixture import Mixture, Pool
from boost.scoring import Scorer
from boost.settings import BoostSettings
from boost.weights import Reweighting


class MetaAlgorithm:
    """An ensemble: independent components of equal weight; with one step, a single GAN.

    The others differ in what is said here.
    """

    reweights = False
    """Whether later components are trained on data reweighted by a mixture discriminator."""

    def reference(self, mixture: Mixture) -> Mixture:
        """The mixture that the discriminator tells the data from."""
        return mixture

    def reweight(self, step: int, ratios: np.ndarray) -> Reweighting:
        """Weights of the training points for a step's component.

        Args:
          step: 2, 3, ...
          ratios: [N] density ratios of the reference to the data.
        """
        return weights.uniform_weights(len(ratios))

    def beta(self, step: int, mixture: Optional[Mixture], newest: Pool) -> float:
        """The mixture weight of a step's component, which has just been trained.

        Args:
          step: 1, 2, ...
          mixture: so far; None before the first component.
          newest: samples of the component.
        """
        return betas.uniform_beta(step)


class Boosted(MetaAlgorithm):
    """AdaGAN: each component is trained on what the mixture so far does not produce."""

    reweights = True

    def __init__(self, settings: BoostSettings):
        """Args: the rules for data weights and mixture weights."""
        self._settings = settings

    def reweight(self, step: int, ratios: np.ndarray) -> Reweighting:
        """By `--weights_heur`, for the mixture weight that the component is going to have."""
        rule, topk = self._settings.weights_heur, self._settings.topk_constant
        return weights.reweight(ratios, self._beta(step), rule, topk)

    def beta(self, step: int, mixture: Optional[Mixture], newest: Pool) -> float:
        """By `--beta_heur`."""
        return self._beta(step)

    def _beta(self, step: int) -> float:
        return betas.next_beta(step, self._settings.beta_heur, self._settings.beta_constant)


class TopkLast(MetaAlgorithm):
    """Each component is trained on the points that the last one alone covers worst."""

    reweights = True

    def __init__(self, topk: float):
        """Args: share of the points that are kept."""
        self._topk = topk

    def reference(self, mixture: Mixture) -> Mixture:
        """The last component, with all the weight."""
        return mixture._replace(weights=[0.0] * (len(mixture.weights) - 1) + [1.0])

    def reweight(self, step: int, ratios: np.ndarray) -> Reweighting:
        """Equal weights on the share of the points with the smallest ratios."""
        return weights.topk_weights(ratios, self._topk)


class BestOf(MetaAlgorithm):
    """The best of several independent components, by C on points of its own."""

    def __init__(self, scorer: Scorer):
        """Args: what the components are compared by; not what the evaluation uses."""
        self._scorer = scorer

    def beta(self, step: int, mixture: Optional[Mixture], newest: Pool) -> float:
        """1 for a component that takes the place of the best so far, else 0."""
        if mixture is None:
            return 1.0
        best = mixture.pools[int(np.argmax(mixture.weights))]
        before, now = (self._coverage(pool) for pool in (best, newest))
        return float(now > before)

    def _coverage(self, pool: Pool) -> float:
        return self._scorer.score(pool.for_evaluation).metrics.coverage


def make(settings: BoostSettings, validation: Scorer) -> MetaAlgorithm:
    """The one that the settings name.

    Args:
      settings: of boosting.
      validation: scores components on points that the evaluation does not use.
    """
    made: Dict[str, Callable[[], MetaAlgorithm]] = {
        "boosted": lambda: Boosted(settings),
        "topk_last": lambda: TopkLast(settings.topk_constant),
        "best_of": lambda: BestOf(validation),
        "ensemble": MetaAlgorithm,
        "vanilla": MetaAlgorithm,
    }
    return made["ensemble" if settings.is_bagging else settings.meta_algorithm]()
