"""Datasets made of rows, and rows of columns of all kinds; tests only."""

import numpy as np

from input_fn import fitting, gaps, own_data
from input_fn.files import Loaded
from input_fn.gaps import Gaps
from input_fn.settings import DataSettings


def of(rows, names=(), categories=None, **changed):
    """The dataset of some rows, as a file's."""
    seen = Gaps()
    if rows.ndim == 2:
        seen.see(rows)
    loaded = Loaded(rows, "digest", None, names, categories or {}, (), seen.found())
    settings = DataSettings(dataset="file", data_file="x.csv", **changed)
    if rows.ndim == 2:
        whole = gaps.spread(next(fitting.chunks(loaded)), loaded.gaps)
        return own_data._table(settings, loaded, whole.mean(axis=0), whole.std(axis=0), whole)
    moments = rows.mean(axis=0, dtype=float), rows.std(axis=0, dtype=float)
    return own_data._images(settings, loaded, *moments)


def mixed(number=600):
    """A column of each kind."""
    rng = np.random.RandomState(0)
    return np.stack(
        [
            rng.normal(40_000, 9_000, number),
            rng.randint(0, 7, number).astype(float),
            np.full(number, 1e-7),
            1.6e9 + rng.randint(0, 10**6, number),
            rng.choice([1.0, 2.5, 10.0], number),
            np.round(rng.rand(number), 2),
            rng.choice(3, number, p=[0.7, 0.28, 0.02]).astype(float),
        ],
        axis=1,
    )


def with_gaps(number=600):
    """The same, and numbers are missing from each column but the texts, from one all of them."""
    rows, rng = mixed(number), np.random.RandomState(1)
    lacking = rng.rand(number, 6) < [0.2, 0.5, 0.3, 0.9, 0.2, 0.0]
    lacking[7, 5] = True  # one alone
    rows[:, :6][lacking] = np.nan
    return np.concatenate([rows, np.full((number, 1), np.nan)], axis=1)


NAMES = ("income", "visits", "constant", "time", "size", "share", "kind")
KINDS = {6: ("a", "b", "c")}


def long_tails(number=3000):
    rng = np.random.RandomState(0)
    return np.stack(
        [
            np.exp(1.5 * rng.randn(number)),
            rng.randn(number),
            np.round(rng.exponential(40, number)),
            np.where(rng.rand(number) < 0.3, 0, rng.lognormal(size=number)),
        ],
        axis=1,
    )
