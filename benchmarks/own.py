"""Tables of one's own, by the preset: what a classifier tells of samples and rows unseen by all.

python -m benchmarks.own [plane clusters cancer | PATH.csv ...] [--seed=1] [FLAGS of main.py]
"""

import os
import sys
from typing import Callable, Dict, List, NamedTuple, Optional

import numpy as np
import pandas
from sklearn.datasets import load_breast_cancer
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.model_selection import cross_val_score
from sklearn.neighbors import KNeighborsClassifier
from threadpoolctl import threadpool_limits

from benchmarks import children
from benchmarks.tables.judges import neighbours

UNSEEN, MOST_UNSEEN = 0.2, 2500
"""Share of the rows that the program never sees, and how many at most."""


class Data(NamedTuple):
    """A table, and the cluster of each row where it has some."""

    rows: np.ndarray  # [N, d]
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


TABLES: Dict[str, Callable[[np.random.RandomState], Data]] = {
    "plane": plane,
    "clusters": clusters,
    "cancer": cancer,
}


def of_file(path: str, rng: np.random.RandomState) -> Data:
    """The columns of numbers of a .csv."""
    rows = pandas.read_csv(path).select_dtypes("number").to_numpy(float)
    return Data(rows[rng.permutation(len(rows))], None)


def auc(real: np.ndarray, samples: np.ndarray) -> float:
    """Of gradient boosting, cross-validated."""
    points, labels = np.concatenate([real, samples]), np.repeat([0, 1], [len(real), len(samples)])
    order = np.random.RandomState(0).permutation(len(points))
    trees = HistGradientBoostingClassifier(max_iter=100, min_samples_leaf=10)
    with threadpool_limits(1):
        scores = cross_val_score(trees, points[order], labels[order], cv=5, scoring="roc_auc")
    return float(scores.mean())


def run(data: Data, flags: List[str], directory: str) -> Dict[str, float]:
    """Trains by the preset on all but the unseen rows, and judges samples by those."""
    unseen = min(MOST_UNSEEN, int(UNSEEN * len(data.rows)))
    real, known = data.rows[:unseen], data.rows[unseen:]
    paths = {name: os.path.join(directory, name) for name in ("run", "x.npy", "new.npy")}
    np.save(paths["x.npy"], known)
    main = [sys.executable, os.path.join(children.ROOT, "main.py")]
    workdir = f"--workdir={paths['run']}"
    preset = ["--flagfile=table.flags", f"--data_file={paths['x.npy']}"]
    seconds = children.watch([*main, *preset, workdir, *flags]).seconds
    drawn = [f"--num_samples={max(2000, unseen)}", f"--output={paths['new.npy']}"]
    children.watch([*main, "--mode=sample", workdir, *drawn])
    samples = np.load(paths["new.npy"])
    mean, deviation = known.mean(axis=0), known.std(axis=0)
    near = neighbours((real - mean) / deviation, (samples[:unseen] - mean) / deviation)
    found = {"auc": auc(real, samples[:unseen]), "recall": near["recall"], "seconds": seconds}
    if data.clusters is not None:
        shares = np.bincount(data.clusters) / len(data.clusters)
        told = KNeighborsClassifier(1).fit(known, data.clusters[unseen:]).predict(samples)
        ratios = np.bincount(told, minlength=len(shares)) / len(samples) / shares
        found.update(rarest=ratios[shares.argmin()], least=ratios.min())
    return found


def main() -> None:
    """Prints a line a table."""
    flags = [argument for argument in sys.argv[1:] if argument.startswith("--")]
    seed = next((int(flag[7:]) for flag in flags if flag.startswith("--seed=")), 0)
    for name in [argument for argument in sys.argv[1:] if argument not in flags] or TABLES:
        rng = np.random.RandomState(seed)
        data = TABLES[name](rng) if name in TABLES else of_file(name, rng)
        with children.directory() as directory:
            found = run(data, flags, directory)
        print(f"{name:12}", *(f"{key}={value:.3f}" for key, value in found.items()), flush=True)


if __name__ == "__main__":
    main()
