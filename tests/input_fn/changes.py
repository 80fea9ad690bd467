"""Ways to read a dataset, and what may happen to its file between two readings."""

import os

import numpy as np

from base import machine
from input_fn import datasets, sources, weighted
from input_fn.settings import DataSettings

POINTS = np.random.RandomState(0).randn(300, 2, 2)


def load(path, **more):
    return sources.load(DataSettings(dataset="file", data_file=str(path), **more), 20, 10)


def saved(path, points):
    np.save(str(path), points)
    return path


WAYS = {
    "scattered": lambda data: data.train_points(np.array([[0, 200], [7, 3]])),
    "in order": lambda data: data.train_points(slice(0, 200)),
    "moments": lambda data: datasets.moments(data._replace(moments=None)),
    "minibatches": lambda data: next(
        weighted.component_stream(data, np.full(280, 1 / 280), 8, 3, "normal", 1, 1).chunks(0, 9, 9)
    ),
}


def cut(path):
    os.truncate(path, 4096)


def cut_to_nothing(path):
    os.truncate(path, 0)


def write(path):
    """A number in the middle."""
    with open(path, "r+b") as file:
        file.seek(5000)
        file.write(b"\0")


def append(path):
    with open(path, "ab") as file:
        file.write(b"x")


def write_anew(path):
    np.save(path, np.concatenate([POINTS] * 10) + 1)


CHANGES = (cut, cut_to_nothing, write, append, write_anew)


def report(path, available):
    """What each way says after each change; in a process that a signal may end."""
    machine.available_memory = lambda: available
    return [_told(path, change, way) for change in CHANGES for way in WAYS]


def _told(path, change, way):
    # Last written to long ago: two changes within a tick of the clock look like one.
    os.utime(saved(path, np.concatenate([POINTS] * 10)), (1e9, 1e9))
    data = load(path)._replace(train_rows=np.arange(280) * 10)
    WAYS[way](data)
    change(path)
    try:
        WAYS[way](data)
    except OSError as error:
        return f"{change.__name__}: {way}: {error.filename}: {error.strerror}"
    return f"{change.__name__}: {way}: nothing"
