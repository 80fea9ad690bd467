"""Tables and images for benchmarks.own: of known clusters, of scikit-learn, of a file."""

from typing import Callable, Dict, NamedTuple, Optional

import numpy as np
import pandas
from sklearn.datasets import load_breast_cancer, load_digits


class Data(NamedTuple):
    """A table or images, and the cluster of each row where it has some."""

    rows: np.ndarray  # [N, d] or [N, height, width]
    clusters: Optional[np.ndarray]  # [N]


def plane(rng: np.random.RandomState) -> Data:
    """13 modes in the plane that differ in weight and width."""
    means = np.random.RandomState(3).uniform(-10, 10, (13, 2))
    sizes = np.random.RandomState(4).uniform(0.2, 1, 13)
    shares = np.maximum(np.random.RandomState(5).dirichlet(np.ones(13) * 1.5), 0.01)
    chosen = rng.choice(13, 8000, p=shares / shares.sum())
    return Data(means[chosen] + sizes[chosen, None] * rng.randn(8000, 2), chosen)


def clusters(rng: np.random.RandomState) -> Data:
    """7 clusters in 8 dimensions, the rarest .5 %."""
    means = np.random.RandomState(7).randn(7, 8) * 3
    chosen = rng.choice(7, 8000, p=[0.35, 0.25, 0.15, 0.12, 0.093, 0.032, 0.005])
    return Data(means[chosen] + 0.6 * rng.randn(8000, 8), chosen)


def cancer(rng: np.random.RandomState) -> Data:
    """scikit-learn's breast cancer: 569 rows, 30 columns."""
    rows = load_breast_cancer().data
    return Data(rows[rng.permutation(len(rows))], None)


def digits(rng: np.random.RandomState) -> Data:
    """scikit-learn's 1,797 digits of 8x8, as images."""
    found = load_digits()
    order = rng.permutation(len(found.images))
    return Data(found.images[order].astype(np.uint8), found.target[order])


def many(rng: np.random.RandomState) -> Data:
    """20 equal clusters in 20 dimensions."""
    means = np.random.RandomState(8).randn(20, 20) * 2
    chosen = rng.choice(20, 10_000)
    return Data(means[chosen] + 0.5 * rng.randn(10_000, 20), chosen)


def spirals(rng: np.random.RandomState) -> Data:
    """Two spirals in the plane."""
    turn, arm = 3 * np.pi * np.sqrt(rng.rand(8000)), rng.choice(2, 8000)
    angle = turn + np.pi * arm
    arms = np.stack([turn * np.cos(angle), turn * np.sin(angle)], axis=1)
    return Data(arms + 0.2 * rng.randn(8000, 2), arm)


def five(rng: np.random.RandomState) -> Data:
    """10 modes in 5 dimensions, made as the program makes its own in the plane."""
    means = np.random.RandomState(821).uniform(-15, 15, (10, 5))
    chosen = rng.choice(10, 64_000)
    return Data(means[chosen] + np.sqrt(0.05) * 2 * rng.randn(64_000, 5), chosen)


TABLES: Dict[str, Callable[[np.random.RandomState], Data]] = {
    "plane": plane,
    "clusters": clusters,
    "cancer": cancer,
    "digits": digits,
    "many": many,
    "spirals": spirals,
    "five": five,
}


def of_file(path: str, rng: np.random.RandomState) -> Data:
    """The columns of numbers of a .csv, but for those of one number, or with gaps."""
    numbers = pandas.read_csv(path).select_dtypes("number").dropna(axis=1)
    rows = numbers.loc[:, numbers.nunique() > 1].to_numpy(float)
    return Data(rows[rng.permutation(len(rows))], None)
