"""The discriminators that refine: between the data and the finished mixture, stronger ones."""

import dataclasses
from typing import List

import numpy as np

from base import streams
from base.streams import Purpose
from boost import refinement
from boost.components import Components
from boost.refinement import Fit
from boost.settings import REFINEMENT_UNITS
from estimator.engine import Training
from input_fn import datasets, weighted
from input_fn.fixed import FixedInput
from model_fn import mixture_discriminator
from model_fn.settings import (
    MixtureDiscriminatorSettings,
    NetworkSettings,
    OptimizerSettings,
    fitting_octaves,
)
from report.progress import Progress

ROUNDS = 2
"""At most."""
MOST_ITERATIONS = {"mlp": 12_000, "dcgan": 1_000}
"""By network: convolutions learn no more (8x8 digits: .68 nats with 1,000 and with 6,000)."""
FEWEST_ITERATIONS = 500
EPOCHS = 150
"""Over a fold's half of the data: with more, few points are learned by heart."""
BATCH = 256
LAYERS = 3
MOST_OCTAVES = 5
"""Of the discriminators where networks are fully connected: the octaves decide how sharp it is."""
OPTIMIZER = OptimizerSettings(optimizer="adam", adam_beta1=0.5, learning_rate_decay="linear")
DISCRIMINATOR = MixtureDiscriminatorSettings(learning_rate=0.001, mixture_c_folds=2)
POINTS = 64_000
"""Samples of the mixture that a round is trained on."""
CALIBRATING = 32_000
"""Further samples that calibrate it, and as many points of the data at most."""
SAMPLES = POINTS + CALIBRATING
STREAMS = 1_000_000
"""Beyond all boosting steps: the minibatches of round n are those of the component this + n."""


class RatioDiscriminators:
    """Trains the discriminator of each round, and scores points by it.

    Two folds: each half of the data is scored by the network that was trained on the other half,
    so that all points train one and all calibrate; new points get the mean of both logits.
    """

    def __init__(self, components: Components):
        """Args: what made the mixture; its engine trains these too."""
        self._engine, self._dataset = components.engine, components.dataset
        self._models, self._seed = components.models, components.seed
        self._units = datasets.moments(self._dataset)
        self.network = self._network()
        most = MOST_ITERATIONS[self.network.network]
        wanted = EPOCHS * self._dataset.number // (2 * BATCH)
        self.iterations = min(most, max(FEWEST_ITERATIONS, wanted))

    def _network(self) -> NetworkSettings:
        network, size = self._models.network, int(np.prod(self._dataset.shape))
        return dataclasses.replace(
            network,
            d_num_filters=REFINEMENT_UNITS if network.network == "mlp" else network.d_num_filters,
            d_num_layers=LAYERS,
            d_frequencies=fitting_octaves(size, MOST_OCTAVES),
            d_activation="leaky_relu",
            initialisation="he",
        )

    def train(self, number: int, model_dir: str, drawn: np.ndarray) -> Fit:
        """Trains the discriminator of a round, and calibrates it.

        Args:
          number: of the round, 1, 2, ...
          model_dir: where its checkpoint goes.
          drawn: [SAMPLES, *shape] samples of what it tells from the data.
        """
        dataset, halves = self._dataset, self._halves()
        stream = weighted.discriminator_stream(
            dataset, halves, drawn[:POINTS], BATCH, self._seed, STREAMS + number
        )
        asked = np.concatenate([_spread(half, CALIBRATING // 2) for half in halves])
        known = (len(asked), lambda rows: dataset.train_points(asked[rows]))
        with Progress(f"Refining discriminator {number}/{ROUNDS}", self.iterations) as progress:
            training = Training(
                model_fn=mixture_discriminator.model_fn,
                model_dir=model_dir,
                params=self._params(number),
                stream=stream,
                iterations=self.iterations,
                predict_for=FixedInput("points", dataset.shape, [known, drawn[POINTS:]]),
            )
            trained = self._engine.train(training, progress.report)
        logits = trained.predictions["logits"].astype(np.float64)
        of_data, of_samples = logits[: len(asked)], logits[len(asked) :]
        first = min(len(halves[0]), CALIBRATING // 2)
        unseen = np.append(of_data[:first, 1], of_data[first:, 0])
        return refinement.calibrate(unseen, of_samples.ravel())

    def logits(self, number: int, checkpoint: str, points: np.ndarray) -> np.ndarray:
        """[n] float64, not calibrated, of a round at points [n, *shape]."""
        asked = FixedInput("points", self._dataset.shape, [points])
        logits = self._engine.predict(
            mixture_discriminator.model_fn, checkpoint, self._params(number), asked
        )["logits"]
        return logits.astype(np.float64).mean(axis=1)

    def _halves(self) -> List[np.ndarray]:
        """Indices of the training points of either fold, in order: as files are read fastest."""
        rng = streams.generator(self._seed, Purpose.REFINEMENT_HALVES)
        order = rng.permutation(self._dataset.number)
        return [np.sort(half) for half in np.array_split(order, 2)]

    def _params(self, number: int) -> mixture_discriminator.MixtureDiscriminatorParams:
        """A discriminator on standardised points."""
        shape, unrolled = self._dataset.shape, self._models.gan.unrolled
        rng = streams.generator(self._seed, Purpose.REFINEMENT_INIT, number)
        return mixture_discriminator.MixtureDiscriminatorParams(
            initial_values=mixture_discriminator.initial_values(
                DISCRIMINATOR, self.network, unrolled, shape, *self._units, rng
            ),
            discriminator=DISCRIMINATOR,
            network=self.network,
            optimizer=OPTIMIZER,
            shape=shape,
            unrolled=unrolled,
            iterations=self.iterations,
            wrap_optimizers=self._engine.wrap_optimizers,
        )


def _spread(rows: np.ndarray, most: int) -> np.ndarray:
    """So many at most, evenly spread: a file may be in order of what is in it."""
    number = min(len(rows), most)
    return rows[np.arange(number) * len(rows) // number]
