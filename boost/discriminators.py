"""Mixture discriminators: how one is trained, and what it says of every training point."""

import os
from typing import Callable, NamedTuple

import numpy as np

from base import streams
from base.streams import Purpose
from boost import ratio_checks, ratios, training
from boost.mixture import Mixture
from boost.ratio_checks import Calibration
from boost.settings import BoostSettings, pool_size
from boost.weights import Reweighting
from estimator.engine import Engine, Training
from evaluation import calibration
from evaluation.calibration import Unseen
from input_fn import datasets, weighted
from input_fn.datasets import Dataset, Units
from input_fn.fixed import FixedInput
from input_fn.weighted import Stream
from model_fn import mixture_discriminator
from model_fn.mixture_discriminator import MixtureDiscriminatorParams
from model_fn.settings import ModelSettings
from storage.workdir import Workdir

HIGHEST_DIMENSION = 2
"""Beyond, a kernel density estimate of the mixture says more of its bandwidth than of ratios."""


class Fresh(NamedTuple):
    """Samples of the mixture so far that its discriminator is not trained on."""

    generated: np.ndarray  # [n, *shape] as many as are held out of the data
    samples: np.ndarray  # [m, *shape] for its density; none where that would not be sound


class Fitted(NamedTuple):
    """What a mixture discriminator says of the data, and what that makes of their weights."""

    reweighting: Reweighting  # of the training points
    calibration: Calibration
    unseen: Unseen  # by the folds' mean
    probe_logits: np.ndarray  # [P] float32, of the probe, by the folds' mean
    checkpoint: str  # path prefix
    initialisations: int  # how many it took


class MixtureDiscriminators:
    """Makes and trains the mixture discriminators of one run.

    AdaGAN (arXiv 1701.02386), Section 3.5: D tells the data (1) from the mixture so far (0). With
    two folds each half of the training points is scored by the discriminator that was trained on
    the other half: one that scores its own training points and overfits calls them all real, and
    boosting dies silently.
    """

    def __init__(
        self,
        engine: Engine,
        workdir: Workdir,
        dataset: Dataset,
        units: Units,
        *,
        seed: int,
        boost: BoostSettings,
        models: ModelSettings,
        probe: np.ndarray,
    ):
        """Made once a run.

        Args:
          engine: that trains.
          workdir: of the run, in which each step has its directory.
          dataset: of the training points.
          units: of the networks.
          seed: of the run.
          boost: how many steps there are.
          models: of what kind the networks are.
          probe: [P, *shape] further points to score, for pictures; may be none.
        """
        self._engine, self._workdir, self._dataset = engine, workdir, dataset
        self._units, self._seed, self._models, self._probe = units, seed, models, probe
        self._steps, self._batch_size = boost.steps, boost.batch_size
        self._folds = models.mixture_discriminator.mixture_c_folds
        own = models.mixture_discriminator
        self.iterations = own.iterations_of(dataset.number, boost.batch_size)

    def fit(
        self, number: int, mixture: Mixture, reweight: Callable[[np.ndarray], Reweighting]
    ) -> Fitted:
        """Trains the mixture discriminator before a step; its ratios decide the data weights.

        Args:
          number: of the step, 2, 3, ...
          mixture: that data are told from.
          reweight: makes data weights of the density ratios [N] at the training points; what no
            component could be trained on counts as a discriminator gone wrong.

        Raises:
          Diverged: if the numbers went wrong from every initialisation.
        """
        dataset, fresh = self._dataset, self._fresh_samples(number, mixture)
        parts = [
            (dataset.number, dataset.train_points),
            dataset.held_out,
            self._probe,
            fresh.generated,
        ]
        first = Training(
            model_fn=mixture_discriminator.model_fn,
            model_dir=os.path.join(self._workdir.component(number), "mixture_discriminator"),
            params=self._params(number),
            stream=self._stream(number, mixture),
            iterations=self.iterations,
            predict_for=FixedInput("points", dataset.shape, parts),
        )
        fitted, initialisations = training.fit(
            self._engine,
            f"Mixture discriminator {number}/{self._steps}",
            first,
            lambda initialisation: self._params(number, initialisation),
            lambda trained: self._fitted(
                number, fresh, trained.predictions["logits"], reweight
            )._replace(checkpoint=trained.checkpoint),
        )
        return fitted._replace(initialisations=initialisations)

    def _fitted(
        self,
        number: int,
        fresh: Fresh,
        logits: np.ndarray,
        reweight: Callable[[np.ndarray], Reweighting],
    ) -> Fitted:
        """Logits [N + others, folds] to ratios to weights.

        Raises:
          Diverged: for ratios or weights that nothing can be trained on.
        """
        dataset, number_of_points = self._dataset, self._dataset.number
        ratio_checks.check_logits(logits, number_of_points)
        scorer = self._scoring_fold(number)
        scored = np.choose(scorer, logits[:number_of_points].T)
        trained_on = np.choose((scorer + 1) % self._folds, logits[:number_of_points].T)
        others = logits[number_of_points:].mean(axis=1)
        held_out, probe_logits, generated = np.split(
            others, [len(dataset.held_out), len(others) - len(fresh.generated)]
        )
        unseen = _unseen(held_out[: len(generated)], generated, dataset.held_out, fresh)
        density_ratios = ratios.density_ratios(scored)
        means = Calibration(
            scored_logit=float(scored.mean()),
            trained_on_logit=float(trained_on.mean()),
            unseen_logit=float((held_out if self._folds == 1 else scored).mean()),
            ratio=float(density_ratios.mean()),
            unseen_ratio=float(ratios.density_ratios(held_out).mean()),
            error=unseen.reliability().error,
        )
        reweighting = reweight(density_ratios)
        ratio_checks.check_weights(reweighting.data_weights, self._batch_size)
        ratio_checks.warn_of_overfit(means, self._folds)
        return Fitted(
            reweighting=reweighting,
            calibration=means,
            unseen=unseen,
            probe_logits=probe_logits,
            checkpoint="",
            initialisations=0,
        )

    def _stream(self, number: int, mixture: Mixture) -> Stream:
        """Minibatches: each fold's own half of the data, and samples of the mixture."""
        dataset, scorer = self._dataset, self._scoring_fold(number)
        index_type = datasets.index_type(dataset.number)
        members = [
            np.flatnonzero((scorer != fold) | (self._folds == 1)).astype(index_type)
            for fold in range(self._folds)
        ]
        rng = streams.generator(self._seed, Purpose.MIXTURE_FOR_DISCRIMINATOR, number)
        generated = mixture.for_discriminator(pool_size(dataset.number), rng)
        return weighted.discriminator_stream(
            dataset, members, generated, self._batch_size, self._seed, number
        )

    def _fresh_samples(self, number: int, mixture: Mixture) -> Fresh:
        """What the discriminator before a step is checked with."""
        dataset = self._dataset
        rng = streams.generator(self._seed, Purpose.MIXTURE_FOR_DISCRIMINATOR, number, 1)
        as_many = min(len(dataset.held_out), calibration.POINTS)
        generated = mixture.for_evaluation(as_many, rng)
        known = dataset.truth is not None and np.prod(dataset.shape) <= HIGHEST_DIMENSION
        samples = mixture.for_discriminator(calibration.KDE_SAMPLES if known else 0, rng)
        return Fresh(generated, samples)

    def _scoring_fold(self, number: int) -> np.ndarray:
        """[N] which fold scores each training point; with two, it was not trained on it."""
        rng = streams.generator(self._seed, Purpose.FOLDS, number)
        return (rng.permutation(self._dataset.number) % self._folds).astype(np.int8)

    def _params(self, number: int, initialisation: int = 1) -> MixtureDiscriminatorParams:
        """Of the model function before a step, its initial weights drawn."""
        models, shape = self._models, self._dataset.shape
        rng = streams.generator(self._seed, Purpose.DISCRIMINATOR_INIT, number, initialisation - 1)
        values = mixture_discriminator.initial_values(
            models.mixture_discriminator,
            models.network,
            models.gan.unrolled,
            shape,
            *self._units,
            rng,
        )
        return MixtureDiscriminatorParams(
            initial_values=values,
            discriminator=models.mixture_discriminator,
            network=models.network,
            optimizer=models.optimizer,
            shape=shape,
            unrolled=models.gan.unrolled,
            iterations=self.iterations,
            wrap_optimizers=self._engine.wrap_optimizers,
        )


def _unseen(
    real: np.ndarray, generated: np.ndarray, real_points: np.ndarray, fresh: Fresh
) -> Unseen:
    """Logits of both kinds of points, and the points themselves where densities are compared."""
    if not len(fresh.samples):
        return Unseen.nothing()._replace(real_logits=real, generated_logits=generated)
    compared = [part[: calibration.POINTS_COMPARED] for part in (real_points, fresh.generated)]
    flat = [part.reshape(len(part), -1) for part in (*compared, fresh.samples)]
    return Unseen(real, generated, np.stack(flat[:2]), flat[2])
