"""The keyed random streams of a run; a leaf that every room may import.

Every random number of a run is drawn on the host from a counter-based generator whose key says
what it is for. So a run is reproducible, a resumed run goes on in the very same stream, and every
device sees the same batches.
"""

import enum

import numpy as np

BLOCK = 1000
"""Training iterations that share one generator: making a generator costs about 50 us."""


class Purpose(enum.IntEnum):
    """What a stream is for. The numbers are part of every key: never change or reuse one."""

    DATA_POINTS = 1
    HELD_OUT_POINTS = 2
    COMPONENT_INIT = 3
    COMPONENT_INDICES = 4
    COMPONENT_LATENT = 5
    COMPONENT_SAMPLES = 6
    DISCRIMINATOR_INIT = 7
    DISCRIMINATOR_REAL = 8
    DISCRIMINATOR_FAKE = 9
    FOLDS = 10
    MIXTURE_FOR_DISCRIMINATOR = 11
    MIXTURE_FOR_EVALUATION = 12
    PERFECT_SAMPLER = 13
    SAMPLE = 14
    EVALUATE = 15
    PLOTS = 16
    REFINEMENT_HALVES = 17
    REFINEMENT_INIT = 18
    REFINEMENT_TRAINING = 19
    REFINEMENT_CAP = 20
    COMPONENT_SPREAD = 21


def generator(
    seed: int, purpose: Purpose, component: int = 0, block: int = 0
) -> np.random.Generator:
    """The generator of one stream.

    Args:
      seed: of the run (`--seed`) or of the data (`--data_seed`), >= 0.
      purpose: what the numbers are for.
      component: the boosting step (1, 2, ...) or draw that they belong to.
      block: training iterations `[block * BLOCK, (block + 1) * BLOCK)`.
    """
    key = np.random.SeedSequence((seed, int(purpose), component, block))
    return np.random.Generator(np.random.Philox(key))
