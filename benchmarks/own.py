"""Tables of one's own, by the preset: what a classifier tells of samples and rows unseen by all.

python -m benchmarks.own [plane clusters cancer digits many spirals five | PATH.csv ...] [--seeds=5]
    [--ways=preset,refined,published,long,mixture,density,ctgan,tvae,diffusion] [--output=DIR]
    [FLAGS of main.py]

The last three ways take an environment of their own, which `make peers` sets up.
"""

import argparse
import itertools
import os
import sys
import time
from typing import Any, Dict, Iterator, List, Optional, Sequence, Tuple

import numpy as np
import pandas
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.mixture import GaussianMixture
from sklearn.model_selection import GridSearchCV, cross_val_score
from sklearn.neighbors import KernelDensity, KNeighborsClassifier
from threadpoolctl import threadpool_limits

from base.errors import UsageError
from benchmarks import children, peers
from benchmarks.own_tables import TABLES, Data, of_file
from benchmarks.tables.judges import neighbours

UNSEEN, MOST_UNSEEN = 0.2, 2500
"""Share of the rows that no way sees, and how many at most."""
SAMPLED = 10_000
"""Samples of each way: of a cluster of .5 % about 50, whose share is then known to a seventh."""
MOST_DECIMALS = 6
"""Of a column whose samples are rounded."""
PRESETS: Dict[str, Sequence[str]] = {
    "preset": (),
    "published": ("--device=cpu", "--dataset=file"),
    "long": ("--steps=1",),
}
"""Flags by way: the preset, the program's defaults, and one GAN as long as all three together."""
WAYS = (*PRESETS, "refined", "mixture", "density", *peers.WAYS)
LONG = {"table.flags": "--iterations=30000", "image.flags": "--iterations=9000"}
Made = Iterator[Tuple[str, float, np.ndarray]]
"""Ways, their seconds, and what they sampled."""


def auc(real: np.ndarray, samples: np.ndarray) -> float:
    """Of gradient boosting, cross-validated."""
    points, labels = np.concatenate([real, samples]), np.repeat([0, 1], [len(real), len(samples)])
    order = np.random.RandomState(0).permutation(len(points))
    trees = HistGradientBoostingClassifier(max_iter=100, min_samples_leaf=10)
    with threadpool_limits(1):
        scores = cross_val_score(trees, points[order], labels[order], cv=5, scoring="roc_auc")
    return float(scores.mean())


def judge(data: Data, samples: np.ndarray) -> Dict[str, float]:
    """Samples by the unseen rows: the classifier, recall, and clusters' shares over the true ones.

    Args:
      data: of which the first `unseen` rows were not seen.
      samples: [n, d] as many at least.
    """
    unseen = number_unseen(data)
    flat, samples = (each.reshape(len(each), -1) for each in (data.rows, samples))
    real, known = flat[:unseen].astype(float), flat[unseen:]
    mean, deviation = known.mean(axis=0), np.maximum(known.std(axis=0), 1e-9)
    near = neighbours((real - mean) / deviation, (samples[:unseen] - mean) / deviation)
    found = {"auc": auc(real, samples[:unseen]), "recall": near["recall"]}
    if data.clusters is not None:
        shares = np.bincount(data.clusters) / len(data.clusters)
        told = KNeighborsClassifier(1).fit(known, data.clusters[unseen:]).predict(samples)
        ratios = np.bincount(told, minlength=len(shares)) / len(samples) / shares
        found.update(rarest=ratios[shares.argmin()], least=ratios.min())
    return found


def number_unseen(data: Data) -> int:
    """Rows that no way sees."""
    return min(MOST_UNSEEN, int(UNSEEN * len(data.rows)))


def by_program(known: np.ndarray, number: int, ways: List[str], flags: List[str]) -> Made:
    """What main.py makes of rows, by its own ways of those asked for."""
    with children.directory() as directory:
        path = os.path.join(directory, "x.npy")
        np.save(path, known)
        main = [sys.executable, os.path.join(children.ROOT, "main.py")]
        drawn = [f"--num_samples={number}", f"--output={os.path.join(directory, 'new.npy')}"]
        preset = "table.flags" if known.ndim == 2 else "image.flags"
        for way in [way for way in PRESETS if way in ways]:
            workdir = f"--workdir={os.path.join(directory, way)}"
            own = [*PRESETS[way], f"--data_file={path}"]
            if way != "published":
                own = [f"--flagfile={preset}", *own, *([LONG[preset]] if way == "long" else [])]
            seconds = children.watch([*main, *own, workdir, *flags]).seconds
            children.watch([*main, "--mode=sample", workdir, *drawn])
            yield way, seconds, np.load(os.path.join(directory, "new.npy"))
            if way == "preset" and "refined" in ways:
                refine = [f"--data_file={path}", "--refine", *drawn]
                more = children.watch([*main, "--mode=sample", workdir, *refine]).seconds
                yield "refined", seconds + more, np.load(os.path.join(directory, "new.npy"))


def by_library(known: np.ndarray, number: int, ways: List[str]) -> Made:
    """scikit-learn's Gaussian mixture and kernel density, their sizes chosen by validation."""
    mean, deviation = known.mean(axis=0), np.maximum(known.std(axis=0), 1e-9)
    points, start = (known - mean) / deviation, time.monotonic()
    if "mixture" in ways:
        sizes = {"n_components": [1, 2, 4, 7, 13, 20, 30]}
        with threadpool_limits(1):
            found = GridSearchCV(GaussianMixture(random_state=0), sizes, cv=3).fit(points)
        samples = found.best_estimator_.sample(number)[0]
        order = np.random.RandomState(0).permutation(number)
        made = _as_the_data(samples[order] * deviation + mean, known)
        yield "mixture", time.monotonic() - start, made
    start = time.monotonic()
    if "density" in ways:
        widths = {"bandwidth": np.logspace(-2, 0, 9)}
        found = GridSearchCV(KernelDensity(), widths, cv=3).fit(points[:4000])
        fitted = KernelDensity(bandwidth=found.best_params_["bandwidth"]).fit(points)
        samples = fitted.sample(number, random_state=0)
        made = _as_the_data(samples * deviation + mean, known)
        yield "density", time.monotonic() - start, made


def by_peers(known: np.ndarray, number: int, ways: List[str], seed: int) -> Made:
    """Other models of tables, those of them that are asked for; see `peers`."""
    for way in [way for way in peers.WAYS if way in ways]:
        seconds, samples = peers.run(way, known, number, seed)
        yield way, seconds, _as_the_data(samples, known)


def _as_the_data(samples: np.ndarray, known: np.ndarray) -> np.ndarray:
    """With the decimals and range of columns that have few: else these alone would tell them."""
    columns = [_decimals(column) for column in known.T]
    made = np.array(samples, float)
    for column, (decimals, values) in enumerate(zip(columns, known.T)):
        if decimals is not None:
            inside = np.clip(made[:, column], values.min(), values.max())
            made[:, column] = np.round(inside, decimals)
    return made


def _decimals(values: np.ndarray) -> Optional[int]:
    """Of numbers written with six at most; else None."""
    fitting = (n for n in range(MOST_DECIMALS + 1) if (np.round(values, n) == values).all())
    return next(fitting, None)


def ways_of(text: str) -> List[str]:
    """What --ways asks for."""
    ways = text.split(",")
    if not set(ways) <= set(WAYS):
        raise argparse.ArgumentTypeError(f"{text}: must be some of {', '.join(WAYS)}")
    if "refined" in ways and "preset" not in ways:
        raise argparse.ArgumentTypeError(f"{text}: refined needs preset, whose run it refines")
    return ways


def judged(name: str, seed: int, ways: List[str], flags: List[str]) -> Iterator[Dict[str, Any]]:
    """A line a way: of a table by its name or file, whose rows and trainings are the seed's."""
    rng = np.random.RandomState(seed)
    data = TABLES[name](rng) if name in TABLES else of_file(name, rng)
    known = data.rows[number_unseen(data) :]
    flat = known.reshape(len(known), -1)
    made = (
        by_program(known, SAMPLED, ways, [*flags, f"--seed={seed}"]),
        by_library(flat, SAMPLED, ways),
        by_peers(flat, SAMPLED, ways, seed),
    )
    for way, seconds, samples in itertools.chain(*made):
        short = os.path.splitext(os.path.basename(name))[0]
        line = {"table": short, "way": way, "seed": seed}
        yield {**line, **judge(data, samples), "seconds": seconds}


def main(arguments: Optional[Sequence[str]] = None) -> None:
    """Prints a line a table, way and seed; writes medians over seeds with --output.

    Status 2 where a way's environment has not been made.

    Args:
      arguments: those of the command line by default.
    """
    # Abbreviations would take main.py's --seed for --seeds.
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0], allow_abbrev=False)
    parser.add_argument("tables", nargs="*", default=list(TABLES))
    parser.add_argument("--seeds", type=int, default=1)
    parser.add_argument("--first_seed", type=int, default=1)
    parser.add_argument("--ways", type=ways_of, default="preset,refined")
    parser.add_argument("--output", default="")
    given, flags = parser.parse_known_args(arguments)
    ways, lines = given.ways, []
    try:
        peers.check(ways)
    except UsageError as error:
        print(f"error: {error}", file=sys.stderr)
        sys.exit(2)
    for name in given.tables:
        for seed in range(given.first_seed, given.first_seed + given.seeds):
            for line in judged(name, seed, ways, flags):
                lines.append(line)
                print(
                    *(f"{k}={v:.3f}" if isinstance(v, float) else v for k, v in line.items()),
                    flush=True,
                )
                if given.output:  # at once, for a line may take an hour
                    write(pandas.DataFrame(lines), given.output)


def write(lines: pandas.DataFrame, directory: str) -> None:
    """own.csv, every line; own.md, medians over the seeds, in both the seconds at the end."""
    lines = lines[[*lines.columns.drop("seconds"), "seconds"]]  # tables differ in their figures
    lines.to_csv(os.path.join(directory, "own.csv"), index=False, float_format="%.3f")
    groups = lines.groupby(["table", "way"], sort=False)
    medians = groups.median().drop(columns="seed")
    with open(os.path.join(directory, "own.md"), "w") as file:
        file.write("Medians over seeds; written by benchmarks.own.\n\n")
        columns = ["table", "way", "seeds", *medians.columns]
        rows = [columns, ["---"] * len(columns)]
        for names, values in medians.iterrows():
            told = ["" if np.isnan(value) else f"{value:.3f}" for value in values[:-1]]
            rows.append([*names, str(len(groups.get_group(names))), *told, f"{values[-1]:.0f}"])
        file.writelines(f"| {' | '.join(row)} |\n" for row in rows)


if __name__ == "__main__":
    main()
