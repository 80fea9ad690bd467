"""Denoising diffusion (DDPM; Ho et al., arXiv 2006.11239): how noise comes, and how it goes.

The mathematics in NumPy, for standardised columns; `denoiser.py` learns to predict the noise.
"""

from typing import Any, Callable

import numpy as np

BETAS = np.linspace(1e-4, 0.02, 1000)
"""[steps] variance of the noise that each step adds, section 4 of the paper."""
KEPT = np.cumprod(1 - BETAS)
"""[steps] what is left after each step of the points' variance; the rest is noise (eq. 4)."""


def noised(points: Any, noise: Any, kept: Any) -> Any:
    """Points after as many steps as leave this of their variance, eq. 4: arrays or tensors.

    Args:
      points: [n, d] of the data.
      noise: [n, d] standard normal.
      kept: [n, 1] of `KEPT`.
    """
    return kept**0.5 * points + (1 - kept) ** 0.5 * noise


def sample(
    predict: Callable[[np.ndarray, int], np.ndarray],
    number: int,
    columns: int,
    rng: np.random.RandomState,
) -> np.ndarray:
    """[number, columns] points, from noise alone: Algorithm 2, with the posterior's variance.

    Args:
      predict: the noise in [n, d] points after a step, by the step's index in `BETAS`.
      number: of points.
      columns: of each.
      rng: draws the noise.
    """
    points = rng.standard_normal((number, columns))
    for step in range(len(BETAS) - 1, -1, -1):
        share = BETAS[step] / (1 - KEPT[step]) ** 0.5
        points = (points - share * predict(points, step)) / (1 - BETAS[step]) ** 0.5
        if step:
            variance = BETAS[step] * (1 - KEPT[step - 1]) / (1 - KEPT[step])  # eq. 7
            points = points + variance**0.5 * rng.standard_normal(points.shape)
    return points
