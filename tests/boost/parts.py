"""A small run on the fake engine, taken apart."""

import numpy as np

from boost import scoring
from boost.components import Components
from boost.discriminators import MixtureDiscriminators
from boost.settings import BoostSettings
from evaluation import metrics
from evaluation.metrics import Sizes
from input_fn import datasets, sources
from input_fn.settings import DataSettings
from model_fn.settings import (
    GanSettings,
    MixtureDiscriminatorSettings,
    ModelSettings,
    NetworkSettings,
    OptimizerSettings,
)
from storage.workdir import Workdir

SIZES = Sizes(200, 100, 100, 200)
PROBE = np.zeros((3, 2), np.float32)


class Parts:
    """Of a run of 640 points of three modes, or on a file."""

    def __init__(self, engine, directory, folds=1, data_file="", **boost):
        self.engine, self.workdir = engine, Workdir(str(directory))
        self.boost = BoostSettings(**{"steps": 3, "epochs": 2, "batch_size": 32, **boost})
        given = DataSettings(toy_dataset_size=640, gmm_modes_num=3)
        if data_file:
            given = DataSettings(dataset="file", data_file=str(data_file))
        self.dataset = sources.load(given, SIZES.of_data, 32)
        self.sizes = metrics.scaled_sizes(SIZES, len(self.dataset.held_out))
        self.models = ModelSettings(
            network=NetworkSettings(latent_space_dim=0 if data_file else 5).fitted(
                self.dataset.shape
            ),
            optimizer=OptimizerSettings(),
            gan=GanSettings(),
            mixture_discriminator=MixtureDiscriminatorSettings(mixture_c_folds=folds),
        )
        self.scorer = scoring.scorer(self.dataset, self.sizes)
        shared = dict(seed=7, boost=self.boost, models=self.models)
        given = (engine, self.workdir, self.dataset, datasets.units(self.dataset, "no"))
        self.components = Components(*given, evaluated=self.sizes.of_model, **shared)
        probe = np.zeros((3, *self.dataset.shape), np.float32)
        self.discriminators = MixtureDiscriminators(*given, probe=probe, **shared)
