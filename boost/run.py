"""What all steps of a run share: settings, data, engine, and the models' parameters."""

from typing import Any, NamedTuple

import numpy as np

import streams
import version
from boost import scoring
from boost.scoring import Yardstick
from boost.settings import BoostSettings, pool_size
from boost.workdir import Workdir
from input_fn import datasets
from input_fn.datasets import Dataset
from model_fn import dcgan
from model_fn import gan as gan_model
from model_fn import mixture_discriminator as discriminator_model
from model_fn.settings import (
    GanSettings,
    MixtureDiscriminatorSettings,
    NetworkSettings,
    OptimizerSettings,
)
from options import UsageError
from streams import Purpose


class Run(NamedTuple):
    """One run of AdaGAN."""

    seed: int
    boost: BoostSettings
    network: NetworkSettings
    optimizer: OptimizerSettings
    gan: GanSettings
    mixture_discriminator: MixtureDiscriminatorSettings
    dataset: Dataset
    shift: np.ndarray  # [*shape], the networks' units are (points - shift) / scale
    scale: np.ndarray  # [*shape]
    yardstick: Yardstick  # of the evaluation
    validation: Yardstick  # of choices between components
    engine: Any
    workdir: Workdir
    fingerprint: str  # of the settings
    program: str  # which version of it this is

    @property
    def epoch(self) -> int:
        """Iterations an epoch."""
        return self.dataset.number // self.boost.batch_size

    @property
    def iterations(self) -> int:
        """Training iterations of a component."""
        return self.boost.epochs * self.epoch

    @property
    def discriminator_iterations(self) -> int:
        """Training iterations of a mixture discriminator."""
        return self.mixture_discriminator.mixture_c_epoch_num * self.epoch

    @property
    def pool(self) -> int:
        """See `boost.settings.pool_size`."""
        return pool_size(self.dataset.number)

    def gan_params(self, component: int, initialisation: int = 1) -> gan_model.GanParams:
        """Parameters of a component's model function, its initial weights drawn."""
        purpose = Purpose.COMPONENT_INIT
        rng = streams.generator(self.seed, purpose, component, initialisation - 1)
        values = gan_model.initial_values(
            self.gan, self.network, self.dataset.shape, self.shift, self.scale, rng
        )
        return gan_model.GanParams(
            self.gan,
            self.network,
            self.optimizer,
            self.dataset.shape,
            values,
            self.iterations,
            self.engine.in_graph_loop,
            self.engine.wrap_optimizers,
        )

    def discriminator_params(
        self, component: int, initialisation: int = 1
    ) -> discriminator_model.MixtureDiscriminatorParams:
        """Parameters of the mixture discriminator before a component, initial weights drawn."""
        purpose = Purpose.DISCRIMINATOR_INIT
        rng = streams.generator(self.seed, purpose, component, initialisation - 1)
        values = discriminator_model.initial_values(
            self.mixture_discriminator,
            self.network,
            self.gan.unrolled,
            self.dataset.shape,
            self.shift,
            self.scale,
            rng,
        )
        return discriminator_model.MixtureDiscriminatorParams(
            self.mixture_discriminator,
            self.network,
            self.optimizer,
            self.dataset.shape,
            self.gan.unrolled,
            values,
            self.discriminator_iterations,
            self.engine.wrap_optimizers,
        )


def make(
    settings: Any, dataset: Dataset, yardstick: Yardstick, engine: Any, workdir: Workdir
) -> Run:
    """A run from all its settings.

    GMM points are taken as they are, as published; a user's own are standardised by their mean and
    deviation inside the model, unless `--standardise` says otherwise.

    Raises:
      UsageError: if the networks do not take such points.
    """
    if settings.network.network == "dcgan":
        try:
            dcgan.image_size(dataset.shape)
        except ValueError as error:
            raise UsageError(f"--network=dcgan: {error}") from error
    standardise = settings.data.standardise
    if standardise == "yes" or (standardise == "auto" and dataset.truth is None):
        shift, scale = datasets.moments(dataset)
    else:
        shift, scale = np.zeros(dataset.shape), np.ones(dataset.shape)
    return Run(
        settings.run.seed,
        settings.boost,
        settings.network,
        settings.optimizer,
        settings.gan,
        settings.mixture_discriminator,
        dataset,
        shift,
        scale,
        yardstick,
        scoring.yardstick(dataset, yardstick.sizes, validation=True),
        engine,
        workdir,
        settings.fingerprint(),
        version.digest(),
    )
