"""One boosting step of AdaGAN (arXiv 1701.02386), Algorithm 1."""

import time
from concurrent.futures import Future
from typing import Any, Dict, List, NamedTuple, Optional, Sequence

import numpy as np

import streams
from boost import betas, logits, mixture, weights
from boost.logits import Fresh, Verdict
from boost.mixture import Pool
from boost.run import Run
from boost.training import Task, Training
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


class Prepared(NamedTuple):
    """The trainings of a step, set up while the step before runs."""

    discriminator: Optional[Training]  # None where the data are not reweighted
    component: Training
    fresh: "Future[Fresh]"  # what the discriminator is checked with

    def cancel(self) -> None:
        """Ends them, if they were set up in vain."""
        for training in (self.discriminator, self.component):
            if training is not None:
                training.cancel()


def prepare(run: Run, number: int, probe: np.ndarray) -> Prepared:
    """Sets up the trainings of a step; see `Training`.

    Args:
      run: what all steps share.
      number: of the step, 1, 2, ...
      probe: [P, *shape] points at which to know the density ratio, for pictures; may be empty.
    """
    reweighted = number > 1 and run.boost.reweights
    discriminator = None
    fresh: Future[Fresh] = Future()
    if reweighted:
        task = logits.prepare(run, number, probe, planned_beta(run, number), fresh)
        discriminator = Training(run.engine, task)
    shapes = {
        "real": (run.boost.batch_size, *run.dataset.shape),
        "latent": (run.boost.batch_size, run.network.latent_space_dim),
    }
    task = Task(
        gan.model_fn,
        run.workdir.component(number),
        lambda initialisation: run.gan_params(number, initialisation),
        shapes,
        0,
        run.iterations,
        pool_latent(run, number),
        _checked,
        f"Component {number}/{run.boost.steps}",
    )
    component = Training(run.engine, task)
    if not reweighted:  # an ensemble's components train side by side
        component.begin(_stream(run, number, weights.uniform_weights(run.dataset.number)))
    return Prepared(discriminator, component, fresh)


def run_step(
    run: Run,
    number: int,
    prepared: Prepared,
    pools: Sequence[Pool],
    mixture_weights: Sequence[float],
) -> Step:
    """Trains the next component on what the mixture so far does not produce, and adds it.

    Args:
      run: what all steps share.
      number: of the step, 1, 2, ...
      prepared: its trainings.
      pools: samples of each component so far, as `component_pool` draws them.
      mixture_weights: of the components so far.
    """
    clock = Clock()
    discriminator, component, fresh = prepared
    verdict: Optional[Verdict] = None
    if discriminator:
        of_mixture = mixture_weights
        if run.boost.meta_algorithm == "topk_last":
            of_mixture = [0.0] * (number - 2) + [1.0]
        fresh.set_result(logits.fresh_samples(run, number, pools, of_mixture))
        discriminator.begin(logits.stream(run, number, pools, of_mixture))
        told: Verdict = discriminator.result()
        component.begin(_stream(run, number, told.reweighting))
        verdict = told
    clock.lap("discriminator")
    trained: TrainResult = component.result()
    clock.lap("training")
    all_pools = [*pools, _pool(run, trained.predictions["points"])]
    beta = next_beta(run, number, all_pools, mixture_weights)
    new_weights = betas.next_mixture_weights(list(mixture_weights), beta)
    metrics, density = evaluate(run, number, all_pools, new_weights)
    clock.lap("evaluation")
    return Step(
        number,
        beta,
        verdict.reweighting if verdict else weights.uniform_weights(run.dataset.number),
        verdict,
        trained.checkpoint,
        {
            "component": component.initialisations,
            "mixture_discriminator": discriminator.initialisations if discriminator else 0,
        },
        trained.iterations_per_second,
        all_pools[-1],
        metrics,
        density,
        by_component(all_pools, new_weights),
        clock.seconds,
    )


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
