"""Regions of the data, and who failed at which: what components were asked for, and what they made.

Imports neither TensorFlow nor matplotlib, and scikit-learn only once regions are looked for.
"""

import warnings
from typing import List, NamedTuple, Optional, Sequence

import numpy as np
from scipy.spatial.distance import cdist

MOST, POINTS_EACH = 10, 30
"""Regions at most, and points for each of them."""
COLUMNS, COMPONENTS = 50, 20
"""Of more columns, regions are looked for in so many leading principal components."""
ROUNDS, TOLERANCE = 30, 1e-3
"""Of k-means, and the movement of the centres at which it ends."""
LARGE, LITTLE = 0.1, 0.1
"""A share of the weights that asks for a region, and the part of it that counts as not made."""
LACKED = 0.2
"""The mixture lacks a region of which it has at most this part of the data's share."""
RAISED = 1.2
"""Weights ask for more of a region from so many times its size on."""
EXPECTED = 5.0
"""Samples to be expected in a region; of fewer it is chance that there are none."""
NOT_MADE, OVERLOOKED, MORE_STEPS = "not made", "overlooked", "more steps"
"""Why the mixture lacks a region: the GAN's fault, the mixture discriminator's, or nobody's yet."""


class Regions(NamedTuple):
    """Parts of space, each what lies nearest to its centre; the one of most data first."""

    centres: np.ndarray  # [k, p]
    origin: np.ndarray  # [d] taken off points
    axes: Optional[np.ndarray]  # [d, p] that points are then projected on; None: p = d

    def nearest(self, points: np.ndarray) -> np.ndarray:
        """[n] number of the region that each of [n, d] points lies in."""
        return cdist(_seen(points - self.origin, self.axes), self.centres).argmin(1)

    def shares(self, points: np.ndarray, weights: Optional[np.ndarray] = None) -> np.ndarray:
        """[k] shares of [n, d] points, of [n] weights; nan where all of these are nothing."""
        sums = np.bincount(self.nearest(points), weights, len(self.centres)).astype(float)
        return sums / (sums.sum() or np.nan)


class ByRegion(NamedTuple):
    """Shares of the regions: of the data, of what each component got and gave, of the mixture."""

    sizes: np.ndarray  # [k] of the data
    asked: np.ndarray  # [components, k] of the weights of a component's data
    made: np.ndarray  # [components, k] of its samples
    counts: np.ndarray  # [components] of these samples
    mixture: np.ndarray  # [k] of the mixture's samples
    mixture_count: int  # of these

    @property
    def ratio(self) -> np.ndarray:
        """[k] the mixture's share over the data's; nan where there are no data."""
        return self.mixture / np.where(self.sizes > 0, self.sizes, np.nan)

    def not_made(self) -> np.ndarray:
        """[components, k] whether a component was asked for a region and did not make it."""
        with np.errstate(invalid="ignore"):  # of what is not known nothing is said
            enough = self.asked * self.counts[:, None] >= EXPECTED
            return enough & (self.asked >= LARGE) & (self.made < LITTLE * self.asked)

    def lacked(self) -> List[str]:
        """[k] why the mixture lacks a region; "" where it has it, or none of that can be told.

        What a component after the first was asked for more of, and did not make, is the GAN's
        fault. What none was asked for more of, the mixture discriminator overlooked (ensembles have
        none). The rest was asked for, but never for so much that a GAN has to see it.
        """
        if np.isnan(self.asked).any():
            return [""] * len(self.sizes)
        enough = self.sizes * self.mixture_count >= EXPECTED
        lacking = enough & (self.mixture < LACKED * self.sizes)
        raised = self.asked[1:] >= RAISED * self.sizes
        failed, reweighted = self.not_made(), not np.allclose(self.asked, self.sizes)
        found = []
        for region, lacks in enumerate(lacking):
            more, failures = raised[:, region], failed[:, region]
            if not lacks or not (reweighted or failures.any()):
                found.append("")
            elif reweighted and not more.any():
                found.append(OVERLOOKED)
            elif not reweighted or (more & failures[1:]).any():
                found.append(NOT_MADE)
            else:
                found.append(MORE_STEPS)
        return found


def of_modes(points: np.ndarray, means: np.ndarray) -> Regions:
    """The modes of a known mixture, [k, d] means, by how many of [n, d] points are nearest."""
    origin = np.zeros(points.shape[1])
    counts = Regions(means, origin, None).shares(points)
    return Regions(means[np.argsort(-counts, kind="stable")], origin, None)


def find(points: np.ndarray) -> Regions:
    """Clusters of [n, d] points, n >= 1, by scikit-learn's k-means: the same ones each time."""
    from sklearn.cluster import KMeans
    from sklearn.exceptions import ConvergenceWarning
    from sklearn.utils.extmath import randomized_svd
    from threadpoolctl import threadpool_limits

    origin, axes = points.mean(axis=0), None
    seen = points - origin
    number = max(1, min(MOST, len(points) // POINTS_EACH))
    kmeans = KMeans(number, n_init=1, max_iter=ROUNDS, tol=TOLERANCE, random_state=0)
    with threadpool_limits(1), warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)  # of fewer different points
        if points.shape[1] > COLUMNS:
            axes = randomized_svd(seen, min(COMPONENTS, len(points)), random_state=0)[2].T
            axes = axes / (points.std() or 1.0)  # images may be in any unit
        kmeans.fit(_seen(seen, axes))
    counts = np.bincount(kmeans.labels_, minlength=number)
    order = np.argsort(-counts, kind="stable")[: np.count_nonzero(counts)]
    return Regions(kmeans.cluster_centers_[order], origin, axes)


def _seen(points: np.ndarray, axes: Optional[np.ndarray]) -> np.ndarray:
    """[n, p] of [n, d] points without their origin, on axes if there are any."""
    # Equal points stay equal: a product's last digits depend on where a row stands.
    return points if axes is None else np.round(points @ axes, 9)


def compare(
    regions: Regions,
    points: np.ndarray,
    weights: Sequence[np.ndarray],
    samples: Sequence[np.ndarray],
    mixture: np.ndarray,
) -> ByRegion:
    """What each component was asked for, and what it made.

    Args:
      regions: of the data.
      points: [n, d] of the data.
      weights: [n] of these points, in any unit, for each component.
      samples: [any, d] of each component.
      mixture: [m, d] samples of the mixture of them.
    """
    return ByRegion(
        sizes=regions.shares(points),
        asked=np.stack([regions.shares(points, each) for each in weights]),
        made=np.stack([regions.shares(each) for each in samples]),
        counts=np.array([len(each) for each in samples]),
        mixture=regions.shares(mixture),
        mixture_count=len(mixture),
    )


def means(regions: Regions, points: np.ndarray) -> np.ndarray:
    """[k, d] mean of the [n, d] points in each region; nan where there are none."""
    nearest = regions.nearest(points)
    inside = nearest == np.arange(len(regions.centres))[:, None]
    return (inside @ points) / np.where(inside.any(1), inside.sum(1), np.nan)[:, None]


def telling(region_means: np.ndarray, points: np.ndarray, number: int) -> np.ndarray:
    """[k, number] columns in which each region's mean is furthest from that of [n, d] points.

    In standard deviations of the column, the furthest first.
    """
    spread = points.std(axis=0)
    away = np.abs(region_means - points.mean(axis=0)) / np.where(spread > 0, spread, np.inf)
    return np.argsort(-np.nan_to_num(away), axis=1, kind="stable")[:, :number]
