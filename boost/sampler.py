"""Fresh samples of a trained or half-trained mixture."""

import numpy as np

from base import streams
from base.streams import Purpose
from boost import mixture
from boost.components import Components
from boost.mixture import Draw
from storage.state import State


class Sampler:
    """Samples a committed mixture through its components' checkpoints."""

    def __init__(self, components: Components, state: State):
        """Made for one state.

        Args:
          components: of the run that made them.
          state: its committed steps, at least one.
        """
        self._mixture_weights, self._network = state.mixture_weights, components.models.network
        checkpoints = [components.workdir.join(record.checkpoint) for record in state.steps]
        self.generators = components.generators(checkpoints)

    def sample(self, number: int, seed: int, purpose: Purpose) -> np.ndarray:
        """Independent samples.

        Args:
          number: of samples.
          seed: of the draw.
          purpose: of the draw.

        Returns:
          [number, *shape] float32, in random order; the same for the same seed.
        """
        return self.points(self.draw(number, streams.generator(seed, purpose)))

    def draw(self, number: int, rng: np.random.Generator) -> Draw:
        """The inputs of so many samples."""
        network = self._network
        return mixture.draw(
            self._mixture_weights,
            number,
            network.latent_space_dim,
            network.latent_space_distr,
            rng,
        )

    def points(self, drawn: Draw) -> np.ndarray:
        """[n, *shape] float32, what the components make of n inputs."""
        return mixture.sample(self.generators, drawn)
