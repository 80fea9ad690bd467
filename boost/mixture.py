"""The mixture of components: fresh samples through their checkpoints, and pools of samples."""

from typing import Callable, List, NamedTuple, Sequence

import numpy as np

from input_fn.weighted import draw_latent

NEGLIGIBLE = 1e-15
"""The probability that is not provided for that a component is asked for more than is kept."""


class Pool(NamedTuple):
    """Independent samples of a component, drawn once."""

    for_discriminator: np.ndarray  # [n, *shape]
    for_evaluation: np.ndarray  # [m, *shape], that no mixture discriminator sees

    def beginning(self, whole: "Pool", mixture_weight: float) -> "Pool":
        """What `take` may still ask for, now that the component's weight can only fall.

        So the pools of any number of components together hold little more than one of them.

        Args:
          whole: a pool of all samples that a component had.
          mixture_weight: of this pool's component.
        """
        kept = []
        for points, size in zip(self, map(len, whole)):
            mean, nats = size * mixture_weight, -np.log(NEGLIGIBLE)
            # Bernstein's inequality for the binomial count.
            variance = mean * (1.0 - mixture_weight)
            more = nats / 3 + np.sqrt(nats**2 / 9 + 2 * nats * variance)
            kept.append(points[: int(np.ceil(mean + more))].copy())
        return Pool(*kept)


class Mixture(NamedTuple):
    """The mixture so far, P = sum_k alpha_k P_k: samples and weights of its components."""

    pools: List[Pool]
    weights: List[float]  # alpha, sums to 1

    def with_component(self, pool: Pool, weights: Sequence[float]) -> "Mixture":
        """The mixture with a component more, of these weights."""
        return Mixture([*self.pools, pool], list(weights))

    def for_discriminator(self, number: int, rng: np.random.Generator) -> np.ndarray:
        """Independent samples [number, *shape] that mixture discriminators may see."""
        return take([pool.for_discriminator for pool in self.pools], self.weights, number, rng)

    def for_evaluation(self, number: int, rng: np.random.Generator) -> np.ndarray:
        """Independent samples [number, *shape] that no mixture discriminator sees."""
        return take([pool.for_evaluation for pool in self.pools], self.weights, number, rng)

    def without_spares(self) -> "Mixture":
        """The same, of the older components only the samples that later steps may ask for."""
        *older, newest = self.pools
        kept = [pool.beginning(newest, weight) for pool, weight in zip(older, self.weights)]
        return Mixture([*kept, newest], self.weights)


def take(
    pools: Sequence[np.ndarray],
    mixture_weights: Sequence[float],
    number: int,
    rng: np.random.Generator,
) -> np.ndarray:
    """Independent samples of the mixture out of pools of samples of its components.

    AdaGAN (arXiv 1701.02386), Section 3: P = sum_k alpha_k P_k. How many points each component
    gives is multinomial; they are different samples of its pool, in random order.

    Args:
      pools: for each component independent samples [n, *shape], as many as may be asked for.
      mixture_weights: alpha, sums to 1.
      number: of samples to take.
      rng: decides the counts and the order.

    Returns:
      [number, *shape].

    Raises:
      RuntimeError: if a pool has too few.
    """
    counts = rng.multinomial(number, mixture_weights)
    if any(count > len(pool) for pool, count in zip(pools, counts)):
        raise RuntimeError(f"pools of {[len(pool) for pool in pools]} samples, {counts} wanted")
    taken = np.concatenate([pool[:count] for pool, count in zip(pools, counts)])
    return taken[rng.permutation(number)]


class Draw(NamedTuple):
    """The inputs of fresh samples of a mixture, in their random order."""

    components: np.ndarray  # [n] int64, 0 for the first component
    latent: np.ndarray  # [n, z] float32


def draw(
    mixture_weights: Sequence[float],
    number: int,
    latent_dim: int,
    latent_distribution: str,
    rng: np.random.Generator,
) -> Draw:
    """Draws which component each sample comes from, and its latent noise.

    Args:
      mixture_weights: alpha, sums to 1.
      number: of samples, >= 1.
      latent_dim: z.
      latent_distribution: "normal" or "uniform".
      rng: decides everything.
    """
    counts = rng.multinomial(number, mixture_weights)
    components = np.repeat(np.arange(len(counts)), counts)[rng.permutation(number)]
    return Draw(components, draw_latent((number, latent_dim), latent_distribution, rng))


def sample(generate: Sequence[Callable[[np.ndarray], np.ndarray]], drawn: Draw) -> np.ndarray:
    """Fresh independent samples of the mixture, through its components' checkpoints.

    Args:
      generate: for each component what maps latent noise [n, z] to points [n, *shape].
      drawn: n inputs.

    Returns:
      [n, *shape] float32.
    """
    points = None
    for component, generate_component in enumerate(generate):
        own = drawn.components == component
        if own.any():
            made = generate_component(drawn.latent[own])
            if points is None:
                points = np.empty((len(own), *made.shape[1:]), np.float32)
            points[own] = made
    return points
