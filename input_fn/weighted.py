"""Training streams: minibatches drawn by weight, keyed by iteration.

A stream yields the same minibatches whatever the chunk size and wherever it starts, because its
generators are keyed by block of iterations and read in the order of the iterations.
"""

from typing import Callable, Dict, Iterator, List, NamedTuple, Sequence, Tuple

import numpy as np

from base import streams
from base.errors import UsageError
from base.streams import BLOCK, Purpose
from input_fn import datasets
from input_fn.datasets import Dataset

Batches = Dict[str, np.ndarray]
"""Arrays [iterations, ...] of float32 by feature name."""

LARGEST_TABLE = 1 << 22
SLICES_AT_A_TIME = 1 << 18
STEPS_UPWARDS = 6
"""From the guide's index, before the whole CDF is searched: they stay in the same cache lines."""


class Stream(NamedTuple):
    """Endless minibatches with random access by iteration."""

    draw: Callable[[int, Iterator[int]], Iterator[Batches]]
    """`draw(block, counts)`: the block's iterations from its start, so many at a time."""
    shapes: Dict[str, Tuple[int, ...]]
    """Shape of one iteration's array by feature name."""
    batch_axis: int = 0
    """Axis of these shapes that runs over the points of a minibatch."""

    @property
    def bytes_an_iteration(self) -> int:
        """Memory that one iteration's arrays take."""
        return sum(4 * int(np.prod(shape)) for shape in self.shapes.values())

    def part(self, rank: int, size: int) -> "Stream":
        """One worker's part of every minibatch: together the workers see what one alone sees.

        Raises:
          UsageError: if the minibatch does not divide.
        """
        axis = self.batch_axis
        batch = next(iter(self.shapes.values()))[axis]
        if batch % size:
            raise UsageError(f"--batch_size={batch}: must divide among {size} workers")
        own = slice(rank * batch // size, (rank + 1) * batch // size)
        before = (slice(None),) * (axis + 1)  # iterations come first in an array

        def draw(block: int, counts: Iterator[int]) -> Iterator[Batches]:
            for batches in self.draw(block, counts):
                yield {name: array[(*before, own)] for name, array in batches.items()}

        shapes = {
            name: (*shape[:axis], batch // size, *shape[axis + 1 :])
            for name, shape in self.shapes.items()
        }
        return Stream(draw, shapes, axis)

    def chunks(self, start: int, stop: int, size: int) -> Iterator[Batches]:
        """Iterations [start, stop), at most `size` at a time and never across a block."""
        iteration = start
        while iteration < stop:
            block, offset = divmod(iteration, BLOCK)
            end = min(stop - block * BLOCK, BLOCK)
            counts = [min(size, end - first) for first in range(offset, end, size)]
            skipped = [min(size, offset - first) for first in range(0, offset, size)]
            drawn = self.draw(block, iter(skipped + counts))
            for _ in skipped:
                next(drawn)
            yield from drawn
            iteration = block * BLOCK + end


class WeightedIndices:
    """Draws indices by weight: inverse CDF through a guide table.

    The guide table (Chen & Asau 1974) holds, for each of its equal slices of [0, 1), the index that
    the slice's lower end maps to. Most draws are done by one look, others by some steps upwards;
    the rest search the CDF.
    """

    def __init__(self, weights: np.ndarray):
        """Prepares the table.

        Args:
          weights: [N] float64, >= 0, not all zero.
        """
        positive = np.flatnonzero(weights).astype(datasets.index_type(len(weights)))
        self._indices = positive if len(positive) < len(weights) else None
        self._cdf = np.cumsum(weights if self._indices is None else weights[positive])
        self._cdf /= self._cdf[-1]
        self._slices = int(min(4 * len(self._cdf), LARGEST_TABLE))
        self._guide = np.empty(self._slices, np.int32)
        for start in range(0, self._slices, SLICES_AT_A_TIME):
            part = self._guide[start : start + SLICES_AT_A_TIME]
            ends = np.arange(start, start + len(part)) / self._slices
            part[:] = np.searchsorted(self._cdf, ends, side="right")

    def draw(self, shape: Sequence[int], rng: np.random.Generator) -> np.ndarray:
        """Independent draws with replacement: indices in [0, N)."""
        uniform = rng.random(size=int(np.prod(shape)))
        found = self._guide[(uniform * self._slices).astype(np.int64)]
        later = np.flatnonzero(self._cdf[found] <= uniform)
        for _ in range(STEPS_UPWARDS):
            found[later] += 1
            later = later[self._cdf[found[later]] <= uniform[later]]
        found[later] = np.searchsorted(self._cdf, uniform[later], side="right")
        return (found if self._indices is None else self._indices[found]).reshape(shape)


def draw_latent(shape: Sequence[int], distribution: str, rng: np.random.Generator) -> np.ndarray:
    """Latent noise, float32: standard normal, or uniform on [-1, 1]."""
    if distribution == "normal":
        return rng.standard_normal(shape, dtype=np.float32)
    return 2.0 * rng.random(shape, dtype=np.float32) - 1.0


def component_stream(
    dataset: Dataset,
    data_weights: np.ndarray,
    batch_size: int,
    latent_dim: int,
    latent_distribution: str,
    seed: int,
    component: int,
) -> Stream:
    """Minibatches of a component: "real" points by their weights, and "latent" noise.

    AdaGAN (arXiv 1701.02386), Algorithm 1: the component is trained on the reweighted data; here
    each minibatch is drawn from it independently, with replacement.

    Args:
      dataset: of the training points.
      data_weights: [N] float64, >= 0, sum to 1.
      batch_size: points an iteration.
      latent_dim: dimension of the noise.
      latent_distribution: "normal" or "uniform".
      seed: of the run.
      component: boosting step, 1, 2, ...
    """
    indices = WeightedIndices(data_weights)

    def draw(block: int, counts: Iterator[int]) -> Iterator[Batches]:
        index_rng = streams.generator(seed, Purpose.COMPONENT_INDICES, component, block)
        latent_rng = streams.generator(seed, Purpose.COMPONENT_LATENT, component, block)
        spread_rng = streams.generator(seed, Purpose.COMPONENT_SPREAD, component, block)
        for count in counts:
            real = dataset.train_points(indices.draw([count, batch_size], index_rng))
            if dataset.columns:
                real = dataset.columns.dequantise(real, spread_rng)
            latent = draw_latent([count, batch_size, latent_dim], latent_distribution, latent_rng)
            yield {"real": real, "latent": latent}

    shapes = {"real": (batch_size, *dataset.shape), "latent": (batch_size, latent_dim)}
    return Stream(draw, shapes)


def discriminator_stream(
    dataset: Dataset,
    members: List[np.ndarray],
    generated: np.ndarray,
    batch_size: int,
    seed: int,
    component: int,
) -> Stream:
    """Minibatches of the mixture discriminator: as many points of the data as of the mixture.

    Args:
      dataset: of the training points.
      members: for each fold the indices of the training points that it may see.
      generated: [P, *shape] points of the mixture so far.
      batch_size: of each kind, an iteration and fold.
      seed: of the run.
      component: boosting step that the ratios are for, 2, 3, ...
    """
    folds = len(members)

    def draw(block: int, counts: Iterator[int]) -> Iterator[Batches]:
        real_rng = streams.generator(seed, Purpose.DISCRIMINATOR_REAL, component, block)
        generated_rng = streams.generator(seed, Purpose.DISCRIMINATOR_FAKE, component, block)
        for count in counts:
            uniform = real_rng.random([count, batch_size, folds])
            chosen = [
                member[(uniform[:, :, fold] * len(member)).astype(np.int64)]
                for fold, member in enumerate(members)
            ]
            rows = (generated_rng.random([count, folds, batch_size]) * len(generated)).astype(
                np.int64
            )
            yield {
                "real": dataset.train_points(np.stack(chosen, axis=1)),
                "generated": generated[rows],
            }

    shape = (folds, batch_size, *dataset.shape)
    return Stream(draw, {"real": shape, "generated": shape}, batch_axis=1)
