"""Whether the verdict orders runs as judges do that the program never saw.

Three tables, five settings each: the run's own score, the AUC in its report, against a random
forest's AUC and a nearest neighbour's accuracy (0.5 is perfect) on fresh rows of each table.

    python -m benchmarks.judged
"""

import os
import sys
from typing import Callable, Dict, List, NamedTuple

import numpy as np
import pandas
from scipy.stats import spearmanr
from sklearn.ensemble import RandomForestClassifier
from sklearn.model_selection import cross_val_score
from sklearn.neighbors import KNeighborsClassifier
from sklearn.preprocessing import StandardScaler

from benchmarks import children

ROWS, FRESH = 4000, 2000
"""Rows to learn, and those that the judges see."""
SHORT = ("--flagfile=table.flags", "--steps=1")
SETTINGS: Dict[str, List[str]] = {
    "published": ["--device=cpu", "--dataset=file", "--steps=2"],
    "quality.flags": ["--device=cpu", "--dataset=file", "--flagfile=quality.flags", "--steps=2"],
    "table.flags, 300 iterations": [*SHORT, "--iterations=300"],
    "table.flags, 2000 iterations": [*SHORT, "--iterations=2000"],
    "table.flags": ["--flagfile=table.flags"],
}


class Judged(NamedTuple):
    """What a run's samples are worth."""

    own: float  # two_sample_auc of the run's last step
    forest: float  # AUC
    neighbour: float  # accuracy


def customers(number: int, rng: np.random.RandomState) -> pandas.DataFrame:
    """Columns of different units, three groups, one of them small."""
    group = rng.choice(3, number, p=[0.6, 0.35, 0.05])
    age = np.clip(rng.normal(38, 11, number) + 9 * group, 18, 90)
    income = np.array([3e4, 5e4, 9e4])[group] * np.exp(0.2 * rng.randn(number))
    score = np.clip(np.array([0.2, 0.5, 0.8])[group] + 0.1 * rng.randn(number), 0, 1)
    return pandas.DataFrame(
        {
            "income": income,
            "score": score,
            "age": age.astype(int),
            "visits": rng.poisson(2 + group),
            "hours": np.round(np.abs(8 + 2 * rng.randn(number)), 1),
        }
    )


def weather(number: int, rng: np.random.RandomState) -> pandas.DataFrame:
    """Smooth and correlated, with a season and a long tail."""
    day = rng.uniform(0, 365, number)
    warm = 10 - 12 * np.cos(2 * np.pi * day / 365) + 3 * rng.randn(number)
    rain = np.exp(0.8 * rng.randn(number) - 0.03 * warm)
    return pandas.DataFrame(
        {
            "day": day,
            "temperature": warm,
            "rain": rain,
            "pressure": 1013 - 2 * rain + 4 * rng.randn(number),
        }
    )


def clusters(number: int, rng: np.random.RandomState) -> pandas.DataFrame:
    """Seven clusters in eight dimensions."""
    means = np.random.RandomState(5).uniform(-4, 4, (7, 8))
    chosen = rng.choice(7, number, p=[0.3, 0.2, 0.15, 0.15, 0.1, 0.07, 0.03])
    points = means[chosen] + 0.5 * rng.randn(number, 8)
    return pandas.DataFrame(points * 10.0 ** np.arange(-3, 5), columns=list("abcdefgh"))


TABLES: Dict[str, Callable] = {"customers": customers, "weather": weather, "clusters": clusters}


def judge(real: pandas.DataFrame, samples: pandas.DataFrame, own: float) -> Judged:
    """What judges of other families say of samples beside fresh rows."""
    scaler = StandardScaler().fit(real)
    points = np.concatenate([scaler.transform(real), scaler.transform(samples)])
    labels = np.repeat([0, 1], [len(real), len(samples)])
    order = np.random.RandomState(0).permutation(len(points))
    points, labels = points[order], labels[order]
    forest = RandomForestClassifier(200, min_samples_leaf=3, random_state=0)
    neighbour = KNeighborsClassifier(1)
    return Judged(
        own,
        cross_val_score(forest, points, labels, cv=4, scoring="roc_auc").mean(),
        cross_val_score(neighbour, points, labels, cv=4).mean(),
    )


def _main(*flags: str) -> None:
    children.watch([sys.executable, os.path.join(children.ROOT, "main.py"), *flags])


def run(table: str, settings: List[str], directory: str) -> Judged:
    """Trains, samples and has the samples judged."""
    make = TABLES[table]
    data, workdir = os.path.join(directory, f"{table}.csv"), os.path.join(directory, "run")
    make(ROWS, np.random.RandomState(0)).to_csv(data, index=False)
    _main(*settings, f"--data_file={data}", f"--workdir={workdir}")
    samples = os.path.join(directory, "samples.csv")
    _main("--mode=sample", f"--workdir={workdir}", f"--num_samples={FRESH}", f"--output={samples}")
    own = pandas.read_csv(os.path.join(workdir, "metrics.csv"))["two_sample_auc"].iloc[-1]
    return judge(make(FRESH, np.random.RandomState(1)), pandas.read_csv(samples), own)


def main() -> None:
    """Prints each table's rows and their rank correlations."""
    for table in sys.argv[1:] or TABLES:
        found = []
        for name, settings in SETTINGS.items():
            with children.directory() as directory:
                found.append(run(table, settings, directory))
            print(f"{table:10} {name:30}", *(f"{value:.3f}" for value in found[-1]), flush=True)
        columns = np.array(found).T
        for other, values in zip(("forest", "neighbour"), columns[1:]):
            correlation = spearmanr(columns[0], values).correlation
            print(f"{table:10} rank correlation with the {other}: {correlation:.2f}")


if __name__ == "__main__":
    main()
