"""Datasets made of rows, and rows of columns of all kinds; tests only."""

import numpy as np

from input_fn import own_data
from input_fn.files import Loaded
from input_fn.settings import DataSettings


def of(rows, names=(), categories=None, **changed):
    """The dataset of some rows, as a file's."""
    loaded = Loaded(rows, "digest", None, names, categories or {}, ())
    moments = rows.mean(axis=0, dtype=float), rows.std(axis=0, dtype=float)
    settings = DataSettings(dataset="file", data_file="x.csv", **changed)
    if rows.ndim == 2:
        return own_data._table(settings, loaded, *moments, rows.astype(float))
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
