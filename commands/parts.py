"""What a run's settings and data make: its components, its mixture discriminators, its loop.

Loads TensorFlow, so that commands import it when all input is known to be good.
"""

import logging
from typing import Tuple, Union

from base import version
from boost import meta_algorithms, scoring, views
from boost.components import Components
from boost.discriminators import MixtureDiscriminators
from boost.loop import Loop
from boost.refiner import Refiner
from boost.sampler import Sampler
from boost.scoring import Scorer
from boost.step import Parts
from commands.settings import Settings
from estimator.engine import Engine
from input_fn import datasets
from input_fn.datasets import Dataset
from model_fn.settings import ModelSettings
from storage.state import State
from storage.workdir import Workdir

log = logging.getLogger("adagan")


def make_components(
    settings: Settings, dataset: Dataset, evaluated: int, engine: Engine, workdir: Workdir
) -> Components:
    """What makes, trains and samples the components of a run.

    Args:
      settings: of the run.
      dataset: of its points.
      evaluated: samples of a mixture that an evaluation takes.
      engine: that trains and predicts.
      workdir: of the run.
    """
    return Components(
        engine,
        workdir,
        dataset,
        datasets.units(dataset, settings.data.standardise),
        seed=settings.run.seed,
        boost=settings.boost,
        models=_models_of(settings, dataset),
        evaluated=evaluated,
    )


def make_loop(
    settings: Settings, dataset: Dataset, scorer: Scorer, engine: Engine, workdir: Workdir
) -> Tuple[Loop, Tuple[int, int]]:
    """What runs the boosting steps, and the iterations of its two kinds of training."""
    components = make_components(settings, dataset, scorer.sizes.of_model, engine, workdir)
    view = views.data_view(dataset, scorer)
    discriminators = MixtureDiscriminators(
        engine,
        workdir,
        dataset,
        components.units,
        seed=settings.run.seed,
        boost=settings.boost,
        models=_models_of(settings, dataset),
        probe=view.probe(),
    )
    validation = scoring.scorer(dataset, scorer.sizes, validation=True)
    parts = Parts(
        meta_algorithm=meta_algorithms.make(settings.boost, validation),
        discriminators=discriminators,
        components=components,
        scorer=scorer,
        seed=settings.run.seed,
    )
    made = Loop(
        workdir,
        dataset,
        components,
        parts,
        view=view,
        settings_fingerprint=settings.fingerprint(),
        program=version.digest(),
    )
    return made, (components.iterations, discriminators.iterations)


def make_source(components: Components, state: State, refine: bool) -> Union[Sampler, Refiner]:
    """What draws samples of a run's mixture, refined ones if told to."""
    return make_refiner(components, state) if refine else Sampler(components, state)


def make_refiner(components: Components, state: State) -> Refiner:
    """What draws refined samples; trained the first time."""
    refiner = Refiner(components, state)
    log.info("Refining accepts %.1f %% of the samples", 100 * refiner.refinement.acceptance)
    return refiner


def _models_of(settings: Settings, dataset: Dataset) -> ModelSettings:
    """Of what kind a run's networks are."""
    return ModelSettings(
        network=settings.network.fitted(dataset.shape),
        optimizer=settings.optimizer,
        gan=settings.gan,
        mixture_discriminator=settings.mixture_discriminator,
    )
