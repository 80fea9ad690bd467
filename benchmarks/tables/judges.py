"""What samples are worth beyond main.py's own figures: by precision and recall, and by labels.

A judge knows real points. It sees samples as main.py writes them, and nothing else of a run.
"""

import contextlib
import io
from typing import Callable, Dict, NamedTuple, Tuple

import numpy as np
from prdc import compute_prdc
from scipy.spatial.distance import cdist, jensenshannon
from sklearn.decomposition import PCA
from sklearn.model_selection import train_test_split
from sklearn.pipeline import make_pipeline
from sklearn.svm import SVC

from input_fn import sources
from input_fn.gmm import GaussianMixture
from input_fn.settings import DataSettings

NEAREST = 5
"""Neighbours whose distance is the radius of a point's ball, as in Naeem et al."""
REFERENCE = 2500
"""Points of the data, and as many samples, for precision and recall: all pairs are compared."""
COMPONENTS = 50
"""Principal components that the classifier and the nearest neighbours see."""
CONFIDENT = 0.9
"""Probability of the label from which on a classifier is sure."""
WELL_CAPTURED, MANY = 50, 10_000
"""Samples near a mode that capture it, out of so many, where modes differ in weight (RLS-GAN)."""
LEAST = 0.1
"""Of its share in the data, what a captured mode has among the samples, where modes are few."""


class Judge(NamedTuple):
    """Judges the samples of all runs of a table."""

    figures: Callable[[np.ndarray], Dict[str, float]]  # of samples [n, *shape], by name
    samples: int  # to be drawn of each run
    perfect: Dict[str, float]  # what real points score that the judge has not seen; may be empty
    remark: str  # on the judge, for the reader of the table


def neighbours(reference: np.ndarray, samples: np.ndarray) -> Dict[str, float]:
    """Precision and recall, density and coverage, by the package of the latter two's authors.

    Precision: share of samples within the ball of a real point; recall: share of real points within
    the ball of a sample (Kynkäänniemi et al., arXiv 1904.06991). Density: precision that counts the
    balls, its mean is 1 for a perfect sampler; nn_coverage: share of real points whose ball holds a
    sample (Naeem et al., arXiv 2002.09797), not AdaGAN's C.

    Args:
      reference: [n, k] features of real points.
      samples: [n, k] of samples.
    """
    with contextlib.redirect_stdout(io.StringIO()):  # the package says the sizes on every call
        found = compute_prdc(reference, samples, NEAREST)
    found["nn_coverage"] = found.pop("coverage")
    return {name: float(value) for name, value in found.items()}


def by_labels(labels: np.ndarray, shares: np.ndarray, least: float) -> Dict[str, float]:
    """What the labels of samples tell of the modes.

    Args:
      labels: [n] integers.
      shares: [modes] of the data, > 0.
      least: a mode is captured by a sample at least, and this share of its share in the data.

    Returns:
      modes: how many are captured. js: Jensen-Shannon divergence of the labels' shares from the
      data's, in nats, at most log 2. kl: of the samples from the data (PacGAN's). rarest: share of
      the data's rarest mode among the samples, over its share in the data.
    """
    counts = np.bincount(labels, minlength=len(shares))
    found = counts / len(labels)
    some, rare = found > 0, shares.argmin()
    return {
        "modes": float(np.sum(some & (found >= least * shares))),
        "js": float(jensenshannon(found, shares) ** 2),
        "kl": float(np.sum(found[some] * np.log(found[some] / shares[some]))),
        "rarest": float(found[rare] / shares[rare]),
    }


class Classifier:
    """Labels points by a support vector machine on their principal components.

    An image of several channels is several points, each labelled by itself: their labels are the
    digits of its own, so that three stacked digits make one of a thousand modes.
    """

    def __init__(self, points: np.ndarray, labels: np.ndarray):
        """Trains on [n, *shape] points and their labels [n], 0 to classes - 1."""
        components = PCA(min(COMPONENTS, len(points), points[0].size), random_state=0)
        machine = SVC(C=10.0, class_weight="balanced", probability=True, random_state=0)
        self._shape, self._classes = points.shape[1:], int(labels.max()) + 1
        self._pipeline = make_pipeline(components, machine).fit(_flat(points), labels)

    def features(self, points: np.ndarray) -> np.ndarray:
        """[n, k] principal components of points; of an image's channels, one after the other."""
        return self._pipeline[0].transform(self._apart(points)).reshape(len(points), -1)

    def label(self, points: np.ndarray) -> np.ndarray:
        """[n, 2] labels of points, and 1 where it is sure of them (of all channels)."""
        probabilities = self._pipeline.predict_proba(self._apart(points))
        digits = probabilities.argmax(axis=1).reshape(len(points), -1)
        sure = (probabilities.max(axis=1) > CONFIDENT).reshape(len(points), -1).all(axis=1)
        return np.stack([joined(digits, self._classes), sure], axis=1).astype(int)

    def _apart(self, points: np.ndarray) -> np.ndarray:
        """[points x channels, d]: each channel of an image flat, as a point of its own."""
        if points.shape[1:] != self._shape:
            points = np.moveaxis(points, -1, 1).reshape(-1, *self._shape)
        return _flat(points)


def joined(digits: np.ndarray, base: int) -> np.ndarray:
    """[n] the numbers whose digits to a base are [n, digits]."""
    return digits @ base ** np.arange(digits.shape[1])[::-1]


def _flat(points: np.ndarray) -> np.ndarray:
    return points.reshape(len(points), -1).astype(np.float32)


class Labelled(NamedTuple):
    """Real points with the mode that each belongs to."""

    points: np.ndarray  # [n, *shape]
    labels: np.ndarray  # [n], 0 to modes - 1


def of_labelled(
    classifier: Classifier,
    seen: Labelled,
    unseen: Labelled,
    shares: np.ndarray,
    samples: int,
    least: float,
) -> Judge:
    """A judge by labels and neighbours.

    Args:
      classifier: trained on what is in `seen`.
      seen: what samples are compared with.
      unseen: points that score as a perfect sampler would.
      shares: [modes] of the data.
      samples: to judge a run by.
      least: as in `by_labels`.
    """
    reference = classifier.features(seen.points[:REFERENCE])

    def figures(points: np.ndarray) -> Dict[str, float]:
        labels, sure = classifier.label(points).T
        found = by_labels(labels, shares, least)
        number = min(len(points), len(reference))
        near = neighbours(reference[:number], classifier.features(points[:number]))
        return {**found, "confident": float(sure.mean()), **near}

    right = classifier.label(unseen.points)[:, 0] == unseen.labels
    remark = (
        f"Modes are labels by a support vector machine on {COMPONENTS} principal components (or as "
        f"many as there are), trained on half of the real points; of the other half it labels "
        f"{right.mean():.1%} right. It is confident from a probability of {CONFIDENT} on. "
        f"Precision, recall, density and nn_coverage compare the same components of up to "
        f"{REFERENCE:,} points with {NEAREST} neighbours. {samples:,} samples a run. Real points "
        f"that the judge has not seen stand in the first row."
    )
    return Judge(figures, samples, figures(unseen.points), remark)


def halves(data: Labelled) -> Tuple[Labelled, Labelled]:
    """Two random halves with the same shares of the modes, the same halves each time."""
    parts = train_test_split(*data, test_size=0.5, random_state=0, stratify=data.labels)
    return Labelled(*parts[::2]), Labelled(*parts[1::2])


def of_toy(settings: DataSettings) -> Judge:
    """A judge of samples of a toy dataset, by neighbours in the plane."""
    reference = sources.load(settings, 2 * REFERENCE, 1).held_out

    def figures(points: np.ndarray) -> Dict[str, float]:
        return neighbours(reference[:REFERENCE], points)

    return Judge(figures, REFERENCE, figures(reference[REFERENCE:]), "")


def of_unbalanced(truth: GaussianMixture) -> Judge:
    """A judge of samples of modes that differ in weight (Schreurs et al., arXiv 2104.02373).

    Its `modes` have `WELL_CAPTURED` samples within three deviations; `within` is the share of
    samples that lie so near to any.
    """

    def figures(points: np.ndarray) -> Dict[str, float]:
        distances = cdist(points, truth.means)
        near = distances.min(axis=1) < 3.0 * truth.sigma
        counts = np.bincount(distances.argmin(axis=1)[near], minlength=len(truth.means))
        return {"modes": float(np.sum(counts >= WELL_CAPTURED)), "within": float(near.mean())}

    rng = np.random.default_rng(0)
    return Judge(figures, MANY, figures(truth.sample(MANY, rng)), "")
