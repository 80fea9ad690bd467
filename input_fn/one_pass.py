"""What is computed over all points in one pass, as a file larger than memory comes from disk.

Imports no TensorFlow.
"""

from typing import Iterable, Tuple

import numpy as np

from options import UsageError

STEPS_A_DEVIATION = 4
"""Steps of float32 that a standard deviation must span."""
SMALLEST_DEVIATION = 1e-30


def moments(chunks: Iterable[np.ndarray]) -> Tuple[np.ndarray, np.ndarray]:
    """Mean and standard deviation of every coordinate.

    Chunk by chunk after Chan, Golub & LeVeque (1979), counted from the first point, so that what
    is constant has a deviation of exactly 0.

    Args:
      chunks: at least one of [n, *shape] float64, n >= 1; used up as room for the computation.

    Returns:
      Two [*shape] float64 arrays.
    """
    origin, number = None, 0
    mean = squares = np.zeros(())
    for chunk in chunks:
        origin = chunk[0].copy() if origin is None else origin
        chunk -= origin
        own_mean, total = chunk.mean(axis=0), number + len(chunk)
        chunk -= own_mean
        step = own_mean - mean
        squares = squares + np.square(chunk, out=chunk).sum(axis=0)
        squares = squares + np.square(step) * (number * len(chunk) / total)
        mean = mean + step * (len(chunk) / total)
        number = total
    return origin + mean, np.sqrt(squares / number)


def check_precision(path: str, mean: np.ndarray, deviation: np.ndarray) -> None:
    """Checks that float32 tells the values of every coordinate that varies apart.

    Raises:
      UsageError: if it does not: points are float32 outside the networks.
    """
    finest = np.maximum(np.finfo(np.float32).eps * np.abs(mean), SMALLEST_DEVIATION)
    bad = np.flatnonzero((deviation > 0) & (deviation < STEPS_A_DEVIATION * finest))
    if len(bad):
        varies, around = deviation.flat[bad[0]], mean.flat[bad[0]]
        raise UsageError(
            f"--data_file={path}: coordinate {bad[0] + 1} varies by {varies:.3g} around "
            f"{around:.6g}, which float32 does not tell apart; subtract an offset, or rescale"
        )
