"""A table with a column of each kind, and what its rows may hold."""

import csv

import numpy as np

NAMES = ("visits", "town", "unit", "price", "height")
TOWNS = ("Bonn", "Köln, Rhein", "Ulm")
COORDINATES = ("visits", *(f"town={town}" for town in TOWNS), "price", "height")
"""What networks see: constants are left out, each text has a coordinate."""


def columns_of(number=400, seed=0):
    """The columns by name."""
    rng = np.random.RandomState(seed)
    return {
        "visits": rng.randint(0, 40, number),
        "town": rng.choice(TOWNS, number, p=[0.5, 0.3, 0.2]),
        "unit": np.full(number, 7),
        "price": np.round(rng.normal(20, 4, number), 2),
        "height": rng.normal(1e6, 1, number),
    }


def write(path, number=400, seed=0, names=NAMES):
    """Writes it as .csv."""
    columns = columns_of(number, seed)
    with open(str(path), "w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(names)
        writer.writerows(zip(*(columns[name].tolist() for name in NAMES)))


def read(path):
    """Header and rows of a .csv file, as texts."""
    with open(str(path), encoding="utf-8", newline="") as file:
        header, *rows = csv.reader(file)
    return header, rows
