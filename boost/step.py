"""One boosting step of AdaGAN (arXiv 1701.02386), Algorithm 1."""

import itertools
import signal
import time
from collections import deque
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Dict, Generator, List, NamedTuple, Optional, Sequence, Tuple

import numpy as np

import endings
import streams
from boost import betas, logits, mixture, training, weights
from boost.logits import Verdict
from boost.mixture import Pool
from boost.run import Run
from boost.training import Task
from boost.weights import Reweighting
from endings import Diverged
from estimator.backend import TrainResult
from evaluation.kde import KernelDensity
from evaluation.metrics import Metrics
from evaluation.scene import points_shown
from input_fn import weighted
from input_fn.fixed import FixedInput
from input_fn.weighted import Stream
from model_fn import gan
from streams import Purpose

SAMPLES_SHOWN = 2500


class Step(NamedTuple):
    """What a boosting step made."""

    number: int  # 1, 2, ...
    beta: float
    reweighting: Reweighting
    verdict: Optional[Verdict]  # None where no mixture discriminator was trained
    checkpoint: str  # path prefix of the component's checkpoint
    initialisations: Dict[str, int]  # by network, how many it took; 0 for one that is not there
    iterations_per_second: float
    pool: Pool  # of the component
    metrics: Metrics
    density: KernelDensity
    samples: List[np.ndarray]  # of the mixture, by component, to look at
    seconds: Dict[str, float]


def run_step(
    run: Run,
    number: int,
    pools: Sequence[Pool],
    mixture_weights: Sequence[float],
    probe: np.ndarray,
    trained: Optional["Trained"] = None,
) -> Step:
    """Trains the next component on what the mixture so far does not produce, and adds it.

    Args:
      run: what all steps share.
      number: of the step, 1, 2, ...
      pools: samples of each component so far, as `component_pool` draws them.
      mixture_weights: of the components so far.
      probe: [P, *shape] points at which to know the density ratio, for pictures; may be empty.
      trained: the component, where it does not depend on the others and is there already.
    """
    clock = Clock()
    reweighting, verdict = weights.uniform_weights(run.dataset.number), None
    initialisations = {"component": 0, "mixture_discriminator": 0}
    if number > 1 and run.boost.reweights:
        beta = planned_beta(run, number)
        of_mixture = mixture_weights
        if run.boost.meta_algorithm == "topk_last":
            of_mixture = [0.0] * (number - 2) + [1.0]
        verdict, tried = logits.judge(run, number, beta, pools, of_mixture, probe)
        reweighting, initialisations["mixture_discriminator"] = verdict.reweighting, tried
    clock.lap("discriminator")
    result, initialisations["component"] = trained or train_component(run, number, reweighting)
    clock.lap("training")
    all_pools = [*pools, _pool(run, result.predictions["points"])]
    beta = next_beta(run, number, all_pools, mixture_weights)
    new_weights = betas.next_mixture_weights(list(mixture_weights), beta)
    metrics, density = evaluate(run, number, all_pools, new_weights)
    clock.lap("evaluation")
    return Step(
        number,
        beta,
        reweighting,
        verdict,
        result.checkpoint,
        initialisations,
        result.iterations_per_second,
        all_pools[-1],
        metrics,
        density,
        by_component(all_pools, new_weights),
        clock.seconds,
    )


Trained = Tuple[TrainResult, int]
"""A component, and how many initialisations it took."""


def train_component(run: Run, number: int, reweighting: Reweighting) -> Trained:
    """Trains a component on weighted data.

    Raises:
      Diverged: if the numbers went wrong from every initialisation.
    """
    task = Task(
        f"Component {number}/{run.boost.steps}",
        gan.model_fn,
        run.workdir.component(number),
        lambda initialisation: run.gan_params(number, initialisation),
        _stream(run, number, reweighting),
        run.iterations,
        pool_latent(run, number),
    )
    return training.fit(run.engine, task, _checked)


def trained_ahead(run: Run, first: int) -> Generator[Optional[Trained], None, None]:
    """For each step from a number on its component, where none depends on those before; or None.

    Two are trained at a time where the engine can: one component's loop keeps one core busy. Where
    this ends early, those that are being trained save what they have and end, as by a signal.
    """
    if run.boost.reweights:
        yield from itertools.repeat(None, run.boost.steps)
        return
    at_once = 2 if run.engine.trains_side_by_side else 1
    uniform = weights.uniform_weights(run.dataset.number)
    numbers = iter(range(first, run.boost.steps + 1))
    with ThreadPoolExecutor(at_once) as threads:
        running = deque(
            threads.submit(train_component, run, number, uniform)
            for number in itertools.islice(numbers, at_once)
        )
        try:
            while running:
                trained = running.popleft().result()
                running.extend(
                    threads.submit(train_component, run, number, uniform)
                    for number in itertools.islice(numbers, 1)
                )
                yield trained
        finally:
            if running:
                endings.ask(signal.SIGTERM)


def _checked(trained: TrainResult) -> TrainResult:
    """A component whose samples are points.

    Raises:
      Diverged: if they are not.
    """
    if not np.isfinite(trained.predictions["points"]).all():
        raise Diverged(
            "its samples are not finite; lower --g_learning_rate, --d_learning_rate or --init_std"
        )
    return trained


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


def planned_beta(run: Run, number: int) -> float:
    """Weight of a step's component by its number; only boosting may choose another than 1/t."""
    boosted = run.boost.meta_algorithm == "boosted" and not run.boost.is_bagging
    heur = run.boost.beta_heur if boosted else "uniform"
    return betas.next_beta(number, heur, run.boost.beta_constant)


def next_beta(
    run: Run, number: int, pools: Sequence[Pool], mixture_weights: Sequence[float]
) -> float:
    """Weight of a step's component, the last of the pools.

    The best of several takes the place of the mixture so far, or has no part in it.
    """
    if run.boost.meta_algorithm != "best_of" or number == 1:
        return planned_beta(run, number)
    best = pools[int(np.argmax(mixture_weights))]
    scores = [run.validation.score(p.for_evaluation)[0].coverage for p in (best, pools[-1])]
    return float(scores[1] > scores[0])


def _stream(run: Run, number: int, reweighting: Reweighting) -> Stream:
    return weighted.component_stream(
        run.dataset,
        reweighting.data_weights,
        run.boost.batch_size,
        run.network.latent_space_dim,
        run.network.latent_space_distr,
        run.seed,
        number,
    )


def pool_latent(run: Run, number: int) -> FixedInput:
    """Latent noise of a component's pool: for the mixture discriminator, then for evaluation."""
    rng = streams.generator(run.seed, Purpose.COMPONENT_SAMPLES, number)
    shape = (run.pool + run.yardstick.sizes.of_model, run.network.latent_space_dim)
    return mixture.latent_input(weighted.draw_latent(shape, run.network.latent_space_distr, rng))


def component_pool(run: Run, number: int, checkpoint: str) -> Pool:
    """A committed component's pool, drawn again: the very samples of its step."""
    params = run.gan_params(number)
    predicted = run.engine.predict(gan.model_fn, checkpoint, params, pool_latent(run, number))
    return _pool(run, predicted["points"])


def _pool(run: Run, points: np.ndarray) -> Pool:
    return Pool(points[: run.pool], points[run.pool :])


def evaluate(run: Run, number: int, pools: Sequence[Pool], mixture_weights: Sequence[float]) -> Any:
    """Metrics of the mixture on samples that its discriminators never see, and their KDE."""
    rng = streams.generator(run.seed, Purpose.MIXTURE_FOR_EVALUATION, number)
    unseen = [pool.for_evaluation for pool in pools]
    drawn = mixture.take(unseen, mixture_weights, run.yardstick.sizes.of_model, rng)
    return run.yardstick.score(drawn)


def by_component(pools: Sequence[Pool], mixture_weights: Sequence[float]) -> List[np.ndarray]:
    """Samples of the mixture to look at, [n, prod(shape)] by component, n as it weighs."""
    points = [pool.for_discriminator for pool in pools]
    number = points_shown(SAMPLES_SHOWN, points[0].shape[1:])
    return [
        own[: int(round(number * weight))].reshape(-1, int(np.prod(own.shape[1:])))
        for own, weight in zip(points, mixture_weights)
    ]
