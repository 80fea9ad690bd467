"""Density ratios of the mixture to the data, from the mixture discriminator's logits."""

import numpy as np

LARGEST_EXPONENT = 600.0
"""exp of it is still finite in float64, also summed over any number of points."""


def density_ratios(logits: np.ndarray) -> np.ndarray:
    """h_i = dP_g/dP_d(x_i), P_g the mixture so far.

    AdaGAN (arXiv 1701.02386), Section 3.5: the optimal discriminator D of real (1) against mixture
    (0) points has D = dP_d / (dP_d + dP_g), so h = (1 - D) / D = exp(-logit). Taken from the logit,
    because a rounded D loses every ratio beyond 1e-7.

    Args:
      logits: [N] float, of the probability of "real", finite.

    Returns:
      [N] float64, finite, >= 0.

    Raises:
      ValueError: names the first logit that is not finite.
    """
    logits = np.asarray(logits, np.float64)
    bad = np.flatnonzero(~np.isfinite(logits))
    if len(bad):
        raise ValueError(f"logits must be finite, got logits[{bad[0]}] = {logits[bad[0]]}")
    exponents = np.minimum(-logits, LARGEST_EXPONENT)
    return np.exp(exponents, out=exponents)


def effective_sample_size(data_weights: np.ndarray) -> float:
    """Kish's effective number of points, (sum w)^2 / sum w^2: N for equal weights, 1 for one point.

    Args:
      data_weights: [N] float64, >= 0, not all zero.
    """
    return float(np.sum(data_weights) ** 2 / np.sum(np.square(data_weights)))
