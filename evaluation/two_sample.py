"""Whether samples can be told from points of the data that no training saw, in any dimension.

Imports neither TensorFlow nor matplotlib, and scikit-learn only once something is judged.
"""

import math
from typing import NamedTuple, Optional, Tuple

import numpy as np
from scipy.spatial.distance import cdist

from evaluation import marginals

NEAREST = 5
"""Neighbours whose distance is the radius of a point's ball, as in Naeem et al."""
COMPONENTS = 50
"""Principal components that classifier and neighbours see where there are more columns."""
COMPONENTS_ROWS = 5000
"""Training points that they are fitted to, at most."""
FOLDS, ROUNDS, LEARNING_RATE, LEAVES, LEAST_IN_LEAF = 5, 40, 0.2, 15, 10
"""Of the classifier: of a dozen settings, about the most power that a quarter of a second buys."""
NUMBERS_AT_A_TIME = 1 << 20
"""Distances that are held at once."""


class TwoSample(NamedTuple):
    """Figures of samples against held-out points; nan where one has no meaning."""

    two_sample_auc: float  # of a classifier that tells them apart; 0.5: it cannot
    precision: float  # share of samples within the ball of a held-out point
    recall: float  # share of held-out points within the ball of a sample
    density: float  # precision that counts the balls, 1 for a perfect sampler
    nn_coverage: float  # share of held-out points whose ball holds a sample
    worst_column_ks: float  # largest Kolmogorov-Smirnov distance of a column
    worst_correlation: float  # largest |difference| of two columns' correlation coefficients
    copying: float  # distance to the nearest training point over held-out points', by medians


class Worst(NamedTuple):
    """The columns behind `worst_column_ks` and `worst_correlation`; -1 where there is none."""

    column: int
    first: int
    second: int
    apart: Tuple[float, ...] = ()  # by column, the distances that `worst_column_ks` is largest of


class TwoSampleJudge:
    """Judges samples; what does not depend on them is worked out once.

    Attributes:
      size: samples that `score` takes, as many as there are held-out points.
      nearest_held_out: [size] float64, each held-out point's distance to the nearest training one.
    """

    def __init__(
        self,
        training: np.ndarray,
        held_out: np.ndarray,
        is_table: bool,
        source: Optional[np.ndarray] = None,
    ):
        """Takes the data.

        Args:
          training: [n, d] float64 points that models are trained on, n >= 1.
          held_out: [h, d] float64 further ones, h >= 2.
          is_table: columns mean something one by one.
          source: [d] number of the user's column that each is of; one of its own unless given.
        """
        if len(held_out) < 2:
            raise ValueError(f"held_out has {len(held_out)} rows, at least 2 are needed")
        self.size = len(held_out)
        self._projection = _Projection(training)
        self._training = _Nearest(self._projection(training))
        self._held_out = self._projection(held_out)
        self._radii = _radii(self._held_out)
        self._columns, self._source = held_out if is_table else None, source
        self.nearest_held_out = self._training.distances(self._held_out)

    def score(self, samples: np.ndarray) -> Tuple[TwoSample, Worst]:
        """Scores [size, d] samples in any order; the same ones score the same each time."""
        if len(samples) != self.size:
            raise ValueError(f"samples has {len(samples)} rows, not {self.size}")
        worst, distance, difference = Worst(-1, -1, -1), math.nan, math.nan
        if self._columns is not None:
            apart = marginals.distances(self._columns, samples)
            first, second, difference = marginals.worst_pair(self._columns, samples, self._source)
            worst, distance = Worst(int(np.argmax(apart)), first, second, tuple(apart)), max(apart)
        seen = self._projection(samples)
        figures = TwoSample(
            classifier_auc(self._held_out, seen),
            *_neighbours(self._held_out, self._radii, seen),
            worst_column_ks=distance,
            worst_correlation=difference,
            copying=_ratio_of_medians(self._training.distances(seen), self.nearest_held_out),
        )
        return figures, worst

    def copying_of(self, rows: np.ndarray, others: np.ndarray) -> float:
        """What some held-out points' `copying` would be, were they samples.

        Args:
          rows: indices of the held-out points.
          others: indices of those that they are compared with.
        """
        return _ratio_of_medians(self.nearest_held_out[rows], self.nearest_held_out[others])


class _Projection:
    """On the first principal components of the training points, where there are many columns."""

    def __init__(self, training: np.ndarray):
        self._axes = None
        self._size = float(training.std()) or 1.0  # images may be in any unit
        if training.shape[1] > COMPONENTS:
            from sklearn.utils.extmath import randomized_svd

            rows = np.linspace(0, len(training) - 1, min(len(training), COMPONENTS_ROWS))
            points = training[rows.astype(int)] / self._size
            self._mean = points.mean(axis=0)
            number = min(COMPONENTS, len(points))
            self._axes = randomized_svd(points - self._mean, number, random_state=0)[2].T

    def __call__(self, points: np.ndarray) -> np.ndarray:
        """[n, at most COMPONENTS] of [n, d] points."""
        points = points / self._size
        if self._axes is None:
            return points
        # Equal points stay equal: a product's last digits depend on where a row stands.
        return np.round((points - self._mean) @ self._axes, 9)


def classifier_auc(real: np.ndarray, samples: np.ndarray) -> float:
    """AUC of gradient-boosted trees that tell real points from samples, by cross-validation.

    Lopez-Paz and Oquab (arXiv 1610.06545) with AUC for accuracy. Below 0.5 by more than noise where
    samples are the real points themselves, as a point's twin then taught the contrary. Two normal
    distributions delta deviations apart: at most Phi(delta / sqrt(2)).

    Args:
      real: [n, d].
      samples: [n, d].
    """
    from sklearn.ensemble import HistGradientBoostingClassifier
    from sklearn.metrics import roc_auc_score
    from sklearn.model_selection import StratifiedKFold
    from threadpoolctl import threadpool_limits

    points = np.concatenate([real, samples])
    labels = np.repeat([1, 0], [len(real), len(samples)])
    trees = HistGradientBoostingClassifier(
        max_iter=ROUNDS,
        learning_rate=LEARNING_RATE,
        max_leaf_nodes=LEAVES,
        min_samples_leaf=min(LEAST_IN_LEAF, 1 + len(points) // 20),
        early_stopping=False,
        random_state=0,
    )
    folds = StratifiedKFold(min(FOLDS, len(real)), shuffle=True, random_state=0)
    areas = []
    # OpenMP's threads wait for each other without rest: beside other work, two take far longer.
    with threadpool_limits(1, "openmp"):
        for learnt, left_out in folds.split(points, labels):
            logits = trees.fit(points[learnt], labels[learnt]).decision_function(points[left_out])
            areas.append(roc_auc_score(labels[left_out], logits))
    return float(np.mean(areas))


def _radii(points: np.ndarray) -> np.ndarray:
    """[n] distance from each of [n, d] points to its NEAREST-th neighbour, or the last of fewer.

    A little less, so that points on a grid that are as far off lie outside whatever the rounding.
    """
    nearest = min(NEAREST, len(points) - 1)  # at 0 is the point itself
    return (1 - 1e-9) * np.partition(cdist(points, points), nearest, axis=1)[:, nearest]


def _neighbours(
    real: np.ndarray, radii: np.ndarray, samples: np.ndarray
) -> Tuple[float, float, float, float]:
    """Precision, recall (Kynkäänniemi et al., arXiv 1904.06991), density and coverage.

    The latter two are Naeem et al.'s (arXiv 2002.09797), whose package `prdc` has the same figures
    where no radius is 0. Of discrete data many points are equal: a ball of radius 0 holds what
    equals its centre, else a perfect sampler's precision would be 0. Its density stays about 1, as
    a ball that holds more than NEAREST of the real points counts for less.

    Args:
      real: [n, d].
      radii: [n] of the balls around them.
      samples: [m, d], m >= 2.
    """
    distances = cdist(real, samples)
    equal = distances == 0
    in_real = (distances < radii[:, None]) | equal
    in_samples = (distances < _radii(samples)) | equal
    held = np.full(len(real), min(NEAREST, len(real) - 1), float)
    empty = radii == 0
    held[empty] = (cdist(real[empty], real) == 0).sum(axis=1)
    return (
        float(in_real.any(axis=0).mean()),
        float(in_samples.any(axis=1).mean()),
        float((in_real.sum(axis=1) / held).sum() / len(samples)),
        float(in_real.any(axis=1).mean()),
    )


class _Nearest:
    """Finds the nearest of some reference points."""

    def __init__(self, reference: np.ndarray):
        self._reference = reference  # [m, d]
        squares = np.square(reference).sum(axis=1)
        self._factors = np.concatenate([-2 * reference.T, squares[None]])  # [d + 1, m]

    def distances(self, points: np.ndarray) -> np.ndarray:
        """[n] distance from each of [n, d] points to the nearest reference point."""
        found = np.empty(len(points), int)
        extended = np.concatenate([points, np.ones((len(points), 1))], axis=1)
        rows = max(1, NUMBERS_AT_A_TIME // len(self._reference))
        for start in range(0, len(points), rows):
            part = slice(start, start + rows)
            # |point - reference|^2 - |point|^2 as one product
            found[part] = (extended[part] @ self._factors).argmin(axis=1)
        # By differences: the difference of squares is not 0 for equal points.
        return np.linalg.norm(points - self._reference[found], axis=1)


def _ratio_of_medians(distances: np.ndarray, usual: np.ndarray) -> float:
    """Nan where the usual distance is 0, as of discrete data, or there is none."""
    if not len(distances) or not len(usual) or not np.median(usual) > 0:
        return math.nan
    return float(np.median(distances) / np.median(usual))
