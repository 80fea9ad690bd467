"""The components of a mixture: how one is made, trained and sampled."""

from typing import Callable, NamedTuple, Sequence

import numpy as np

from base import streams
from base.errors import Diverged
from base.streams import Purpose
from boost import training
from boost.mixture import Pool
from boost.settings import BoostSettings, pool_size
from estimator.engine import Engine, Training, TrainResult
from input_fn import weighted
from input_fn.datasets import Dataset, Units
from input_fn.fixed import FixedInput
from model_fn import gan
from model_fn.gan import GanParams
from model_fn.settings import ModelSettings
from storage.workdir import Workdir


class Component(NamedTuple):
    """A trained GAN."""

    checkpoint: str  # path prefix
    initialisations: int  # how many it took
    iterations_per_second: float  # of its training loop
    pool: Pool  # of its samples


class Components:
    """Makes, trains and samples the components of one run."""

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
        evaluated: int,
    ):
        """Made once a run.

        Args:
          engine: that trains and predicts.
          workdir: of the run, in which each component has its directory.
          dataset: of the training points.
          units: of the networks.
          seed: of the run.
          boost: how many components, and how long each trains.
          models: of what kind the networks are.
          evaluated: samples of a mixture that an evaluation takes.
        """
        self.engine, self.workdir, self.dataset = engine, workdir, dataset
        self.seed, self.models = seed, models
        self.steps, self.batch_size = boost.steps, boost.batch_size
        self.iterations = boost.iterations_of(dataset.number)
        self.pool_sizes = (pool_size(dataset.number), evaluated)
        self.units = units

    def train(self, number: int, data_weights: np.ndarray) -> Component:
        """Trains a component on weighted data.

        Args:
          number: of the component, 1, 2, ...
          data_weights: [N] float64, >= 0, sum to 1.

        Raises:
          Diverged: if the numbers went wrong from every initialisation.
        """
        network = self.models.network
        stream = weighted.component_stream(
            self.dataset,
            data_weights,
            self.batch_size,
            network.latent_space_dim,
            network.latent_space_distr,
            self.seed,
            number,
        )
        first = Training(
            model_fn=gan.model_fn,
            model_dir=self.workdir.component(number),
            params=self.params(number),
            stream=stream,
            iterations=self.iterations,
            predict_for=self._pool_latent(number),
        )
        trained, initialisations = training.fit(
            self.engine,
            f"Component {number}/{self.steps}",
            first,
            lambda initialisation: self.params(number, initialisation),
            _checked,
        )
        return Component(
            checkpoint=trained.checkpoint,
            initialisations=initialisations,
            iterations_per_second=trained.iterations_per_second,
            pool=self._pool(self._finished(trained.predictions["points"])),
        )

    def pool(self, number: int, checkpoint: str) -> Pool:
        """A committed component's pool, drawn again: the very samples of its step.

        Args:
          number: of the component, 1, 2, ...
          checkpoint: its path prefix.
        """
        return self._pool(self._points(number, checkpoint, self._pool_latent(number)))

    def generator(self, number: int, checkpoint: str) -> Callable[[np.ndarray], np.ndarray]:
        """What maps latent noise [n, z] to points [n, *shape] through a component's checkpoint.

        Args:
          number: of the component, 1, 2, ...
          checkpoint: its path prefix.
        """
        return lambda latent: self._points(number, checkpoint, _latent_input(latent))

    def generators(self, checkpoints: Sequence[str]) -> Sequence[Callable]:
        """As `generator`, of the first components, from their checkpoints."""
        return [self.generator(number, path) for number, path in enumerate(checkpoints, 1)]

    def params(self, number: int, initialisation: int = 1) -> GanParams:
        """Parameters of a component's model function, its initial weights drawn.

        Args:
          number: of the component, 1, 2, ...
          initialisation: 1, or 2 where numbers went wrong from the first.
        """
        models, shape = self.models, self.dataset.shape
        rng = streams.generator(self.seed, Purpose.COMPONENT_INIT, number, initialisation - 1)
        values = gan.initial_values(models.gan, models.network, shape, *self.units, rng)
        return GanParams(
            initial_values=values,
            gan=models.gan,
            network=models.network,
            optimizer=models.optimizer,
            shape=shape,
            iterations=self.iterations,
            in_graph_loop=self.engine.in_graph_loop,
            wrap_optimizers=self.engine.wrap_optimizers,
        )

    def _points(self, number: int, checkpoint: str, latent: FixedInput) -> np.ndarray:
        params = self.params(number)
        return self._finished(
            self.engine.predict(gan.model_fn, checkpoint, params, latent)["points"]
        )

    def _finished(self, points: np.ndarray) -> np.ndarray:
        """Samples as they come out: where the data lie on a grid, they do."""
        columns = self.dataset.columns
        return columns.finish(points) if columns else points

    def _pool_latent(self, number: int) -> FixedInput:
        """Latent noise of a component's pool: first the part for the mixture discriminator."""
        network = self.models.network
        rng = streams.generator(self.seed, Purpose.COMPONENT_SAMPLES, number)
        shape = (sum(self.pool_sizes), network.latent_space_dim)
        return _latent_input(weighted.draw_latent(shape, network.latent_space_distr, rng))

    def _pool(self, points: np.ndarray) -> Pool:
        first, _ = self.pool_sizes
        return Pool(points[:first], points[first:])


def _latent_input(latent: np.ndarray) -> FixedInput:
    return FixedInput("latent", latent.shape[1:], [latent])


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
