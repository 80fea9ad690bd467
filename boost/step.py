"""One boosting step of AdaGAN (arXiv 1701.02386), Algorithm 1."""

import time
from typing import Dict, NamedTuple, Optional, Union

from base import streams
from base.streams import Purpose
from boost import betas, weights
from boost.ahead import IndependentComponents
from boost.components import Component, Components
from boost.discriminators import Fitted, MixtureDiscriminators
from boost.meta_algorithms import MetaAlgorithm
from boost.mixture import Mixture
from boost.scoring import Scorer
from boost.weights import Reweighting
from evaluation.metrics import Scored


class Parts(NamedTuple):
    """What a boosting step works with."""

    meta_algorithm: MetaAlgorithm
    discriminators: MixtureDiscriminators
    components: Union[Components, IndependentComponents]
    scorer: Scorer
    seed: int  # of the run


class Step(NamedTuple):
    """What a boosting step made."""

    number: int  # 1, 2, ...
    beta: float  # mixture weight of the component
    reweighting: Reweighting  # of the training points
    fitted: Optional[Fitted]  # None where no mixture discriminator was trained
    component: Component
    mixture: Mixture  # with the component
    scored: Scored  # samples of that mixture
    seconds: Dict[str, float]  # by part


def boosting_step(number: int, mixture: Optional[Mixture], points: int, parts: Parts) -> Step:
    """Trains a component on what the mixture so far does not produce, and adds it: Algorithm 1.

    Args:
      number: of the step, t = 1, 2, ...
      mixture: so far, P_g; None before the first step.
      points: N, training points.
      parts: what trains, weighs and scores.

    Raises:
      Diverged: if a network's numbers went wrong from every initialisation.
    """
    meta_algorithm, clock, fitted = parts.meta_algorithm, Clock(), None
    reweighting = weights.uniform_weights(points)
    if mixture and meta_algorithm.reweights:
        # D tells the data from P_g; its ratios h = dP_g/dP_d = (1 - D) / D give the data weights.
        fitted = parts.discriminators.fit(
            number,
            meta_algorithm.reference(mixture),
            lambda ratios: meta_algorithm.reweight(number, ratios),
        )
        reweighting = fitted.reweighting
    clock.lap("discriminator")
    component = parts.components.train(number, reweighting.data_weights)
    clock.lap("training")
    # P_g becomes (1 - beta) P_g + beta Q.
    beta = meta_algorithm.beta(number, mixture, component.pool)
    grown = grow(mixture, component, beta)
    # On samples that no mixture discriminator sees.
    rng = streams.generator(parts.seed, Purpose.MIXTURE_FOR_EVALUATION, number)
    drawn = grown.for_evaluation(parts.scorer.sizes.of_model, rng)
    scored = parts.scorer.score(drawn)
    clock.lap("evaluation")
    return Step(
        number=number,
        beta=beta,
        reweighting=reweighting,
        fitted=fitted,
        component=component,
        mixture=grown,
        scored=scored,
        seconds=clock.seconds,
    )


def grow(mixture: Optional[Mixture], component: Component, beta: float) -> Mixture:
    """(1 - beta) P_g + beta Q.

    Args:
      mixture: P_g; None: there is none.
      component: Q.
      beta: the mixture weight of Q.
    """
    before = mixture or Mixture([], [])
    new_weights = betas.next_mixture_weights(before.weights, beta)
    return before.with_component(component.pool, new_weights)


class Clock:
    """Seconds by part of a step."""

    def __init__(self) -> None:
        """Starts."""
        self.seconds: Dict[str, float] = {}
        self._last = time.perf_counter()

    def lap(self, part: str) -> None:
        """Ends a part."""
        now = time.perf_counter()
        self.seconds[part] = now - self._last
        self._last = now
