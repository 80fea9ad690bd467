"""What is computed over all points in a pass, as a file larger than memory comes from disk.

Imports no TensorFlow.
"""

from typing import Iterable, Iterator, Optional, Tuple

import numpy as np

from base.errors import UsageError

STEPS_A_DEVIATION = 4
"""Steps of float32 that a standard deviation must span."""
SMALLEST_DEVIATION = 1e-30
FEW = 1e-3
"""At most this share of the points, or a single one, are outliers."""
APART = 1e3
"""Evaluated together, what spreads so many times less than something else is not seen."""
UNSCALED_SPREAD = 1e4
"""Networks that see points as they are do not learn what spreads so many times more or less."""


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
    bad = np.flatnonzero((deviation > 0) & (deviation < _finest(mean)))
    if len(bad):
        varies, around = deviation.flat[bad[0]], mean.flat[bad[0]]
        raise UsageError(
            f"--data_file={path}: coordinate {bad[0] + 1} varies by {varies:.3g} around "
            f"{around:.6g}, which float32 does not tell apart; subtract an offset, or rescale"
        )


def _finest(mean: np.ndarray) -> np.ndarray:
    """The smallest deviation that float32 shows around a mean."""
    steps = np.finfo(np.float32).eps * np.abs(mean)
    return STEPS_A_DEVIATION * np.maximum(steps, SMALLEST_DEVIATION)


def far_out(
    chunks: Iterable[np.ndarray], some: np.ndarray, mean: np.ndarray, deviation: np.ndarray
) -> Optional[Tuple[int, int, float]]:
    """The worst outlier that float32 cannot hold together with all other points.

    Once the points are standardised, the others then are one and the same number to it: what
    `check_precision` notices of a mean far from 0, but for a few points that make the deviation.

    Args:
      chunks: as `moments` takes them; read only where `some` tell of outliers.
      some: [n, *shape] float64 points drawn at random, which hardly has the few among them.
      mean: of all points.
      deviation: of all points.

    Returns:
      The number of the point, counted from 0, its coordinate, and what it is there; or None.
    """
    mean, deviation = mean.ravel(), deviation.ravel()
    low, middle, high = np.percentile(
        some.reshape(len(some), -1), [10, 50, 90], axis=0, interpolation="nearest"
    )
    one_number = (high > low) & (high - low < _finest(middle - mean))
    suspects = np.flatnonzero(one_number)
    if not len(suspects):
        return None
    mean, deviation, number = mean[suspects], deviation[suspects], 0
    near, sums, squares, worst = np.zeros((4, len(suspects)))
    rows = np.zeros(len(suspects), np.int64)
    for chunk in chunks:
        centred = chunk.reshape(len(chunk), -1)[:, suspects] - mean
        far = np.abs(centred) > deviation
        farthest = np.abs(centred).argmax(axis=0)
        values = centred[farthest, np.arange(len(suspects))]
        worse = np.abs(values) > np.abs(worst)
        worst, rows = np.where(worse, values, worst), np.where(worse, number + farthest, rows)
        centred[far] = 0
        near, sums = near + (~far).sum(axis=0), sums + centred.sum(axis=0)
        squares, number = squares + np.square(centred).sum(axis=0), number + len(chunk)
    around = sums / near
    varies = np.sqrt(np.maximum(squares / near - np.square(around), 0))
    few = number - near <= max(1, FEW * number)
    bad = np.flatnonzero(few & (varies < _finest(around)))
    if not len(bad):
        return None
    found = bad[0]
    return int(rows[found]), int(suspects[found]), float(mean[found] + worst[found])


def remarks(deviation: np.ndarray, unscaled: bool) -> Iterator[str]:
    """What the user should know of the coordinates, a line each.

    Args:
      deviation: of each.
      unscaled: whether networks will see them as they are.
    """
    spreads = np.sort(deviation[deviation > 0])
    constant, widest = deviation.size - len(spreads), int(np.argmax(deviation))
    if constant:
        yield f"{constant} of {deviation.size} coordinates are constant"
    if not len(spreads):
        return
    if spreads[-1] > APART * spreads[(len(spreads) - 1) // 2]:
        yield (
            f"coordinate {widest + 1} spreads more than {APART:.0f} times as wide as half of them: "
            f"C and log_p hardly see the others; rescale it"
        )
    if unscaled and not 1 / UNSCALED_SPREAD <= spreads[-1] <= UNSCALED_SPREAD:
        yield (
            f"coordinate {widest + 1} spreads by {spreads[-1]:.3g}, and networks are made for 1 or "
            f"so; --standardise=yes gives them that"
        )
