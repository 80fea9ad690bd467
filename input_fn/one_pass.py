"""What is computed over all points in a pass, as a file larger than memory comes from disk.

Imports no TensorFlow.
"""

from typing import Iterable, Iterator, Optional, Sequence, Tuple

import numpy as np

from base.errors import UsageError

STEPS_A_DEVIATION = 4
"""Steps of float32 that a standard deviation must span."""
SMALLEST_DEVIATION = 1e-30
FEW = 1e-3
"""At most this share of the points, or a single one, are outliers."""
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


def check_precision(
    path: str,
    mean: np.ndarray,
    deviation: np.ndarray,
    names: Sequence[str],
    centred: bool,
) -> None:
    """Checks that the values of every coordinate that varies are told apart.

    Args:
      path: of the file, for the message.
      mean: of each coordinate.
      deviation: of each coordinate.
      names: of the coordinates; () where they have none.
      centred: whether they are centred in double precision before they become float32.

    Raises:
      UsageError: if they are not.
    """
    precision = np.float64 if centred else np.float32
    bad = np.flatnonzero((deviation > 0) & (deviation < _finest(mean, precision)))
    if len(bad):
        varies, around = deviation.flat[bad[0]], mean.flat[bad[0]]
        called = f"column '{names[bad[0]]}'" if names else f"coordinate {bad[0] + 1}"
        raise UsageError(
            f"--data_file={path}: {called} varies by {varies:.3g} around {around:.6g}, which "
            f"{precision.__name__} does not tell apart; subtract an offset, or rescale"
        )


def _finest(mean: np.ndarray, precision: type = np.float32) -> np.ndarray:
    """The smallest deviation that numbers of this precision show around a mean."""
    steps = np.finfo(precision).eps * np.abs(mean)
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


def hardly_seen(deviation: np.ndarray) -> Iterator[str]:
    """Says where networks that see points as they are do not learn them.

    Args:
      deviation: of each coordinate.
    """
    widest = int(np.argmax(deviation))
    spread = deviation.flat[widest]
    if spread > 0 and not 1 / UNSCALED_SPREAD <= spread <= UNSCALED_SPREAD:
        yield (
            f"coordinate {widest + 1} spreads by {spread:.3g}, and networks are made for 1 or "
            f"so; --standardise=yes gives them that"
        )
