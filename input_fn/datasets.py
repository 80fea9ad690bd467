"""Training points, points held out of training, and the truth where it is known.

Imports no TensorFlow.
"""

from typing import Iterator, NamedTuple, Optional, Tuple, Union

import numpy as np

from input_fn import files, one_pass, read_ahead
from input_fn.columns import Columns
from input_fn.gmm import GaussianMixture
from input_fn.held import HeldFile


class Dataset(NamedTuple):
    """Points to learn, as networks and scores see them."""

    points: np.ndarray  # [all points, *shape]; or rows of a file, of its own type, maybe mapped
    train_rows: Optional[np.ndarray]  # [N] rows of `points` to train on; None: all
    held_out: np.ndarray  # [H, *shape] float32 points that no training sees
    truth: Optional[GaussianMixture]  # the true density, where it is known
    remarks: Tuple[str, ...] = ()  # what the user should know of the points, a line each
    on_disk: bool = False  # `points` are a mapped file in C's order that memory cannot cache
    moments: Optional[Tuple[np.ndarray, np.ndarray]] = None  # see `moments`, where known already
    digest: str = ""  # see `fingerprint`, where known already
    file: Optional[HeldFile] = None  # that `points` map
    columns: Optional[Columns] = None  # of the file that the points come from
    as_rows: bool = False  # whether `points` still are rows, to be encoded when they are read

    @property
    def number(self) -> int:
        """N, the number of training points."""
        return len(self.points) if self.train_rows is None else len(self.train_rows)

    @property
    def shape(self) -> Tuple[int, ...]:
        """Shape of one point."""
        return self.columns.point_shape if self.columns else self.points.shape[1:]

    def train_points(self, indices: Union[np.ndarray, slice]) -> np.ndarray:
        """Training points by index in [0, N), any shape of indices: float32 [*indices, *shape]."""
        rows = indices if self.train_rows is None else self.train_rows[indices]
        scattered = isinstance(indices, np.ndarray)
        return self._as_points(self._scattered(rows) if scattered else self.read(rows))

    def fingerprint(self) -> str:
        """SHA-256 of all points, their shape and type, to notice other data."""
        return self.digest or files.digest(self.points)

    def with_held_out(self, rows: np.ndarray) -> "Dataset":
        """The same points with some rows of them held out of training."""
        every = np.arange(len(self.points), dtype=index_type(len(self.points)))
        held_out = self._as_points(self._scattered(rows))
        return self._replace(train_rows=np.delete(every, rows), held_out=held_out)

    def read(self, rows: Union[np.ndarray, slice]) -> np.ndarray:
        """Rows of `points`.

        Raises:
          OSError: if the file that they map has changed since it was loaded.
        """
        with files.unchanged(self.file):
            return np.array(self.points[rows])  # a slice alone would be read later

    def _scattered(self, rows: np.ndarray) -> np.ndarray:
        """Rows of `points` from anywhere."""
        if not (self.on_disk and self.file):
            return self.read(rows)
        with files.unchanged(self.file):
            return read_ahead.read_rows(self.points, rows, self.file)

    def _as_points(self, rows: np.ndarray) -> np.ndarray:
        if self.as_rows and self.columns:
            return self.columns.encode(rows)
        return np.asarray(rows, np.float32)


def remembered(columns: Columns) -> Dataset:
    """The data of a run as far as sampling needs them; it has no points."""
    shape = columns.point_shape
    nothing = np.zeros((0, *shape), np.float32)
    known = np.zeros(shape), np.ones(shape)  # trained networks bring their own
    return Dataset(nothing, None, nothing, None, columns=columns, moments=known)


def index_type(number: int) -> np.dtype:
    """The smallest type of integers that holds the indices of so many points."""
    return np.min_scalar_type(number)


class Units(NamedTuple):
    """The networks' units are (points - shift) / scale."""

    shift: np.ndarray  # [*shape] float64
    scale: np.ndarray  # [*shape] float64, > 0


def units(dataset: Dataset, standardise: str) -> Units:
    """The units that the networks see points in.

    GMM points are taken as they are, as published; a user's own are standardised by their mean and
    deviation, unless `--standardise` says otherwise. Those of a table are already, so that there
    "no" undoes it.

    Args:
      dataset: of the points.
      standardise: "yes", "no" or "auto".
    """
    columns = dataset.columns
    if standardise == "yes" or (standardise == "auto" and columns is not None):
        return moments(dataset)
    if columns is not None and columns.is_table:
        return Units(-columns.shift / columns.scale, 1 / columns.scale)
    return Units(np.zeros(dataset.shape), np.ones(dataset.shape))


def moments(dataset: Dataset) -> Units:
    """Mean and standard deviation of every coordinate over the training points.

    Returns:
      The deviation of a constant coordinate is given as 1.
    """
    return Units(*(dataset.moments or with_units(*one_pass.moments(_train_chunks(dataset)))))


def with_units(mean: np.ndarray, deviation: np.ndarray) -> Tuple[np.ndarray, np.ndarray]:
    """Moments by which can be divided: the deviation of what is constant as 1."""
    return mean, np.where(deviation > 0, deviation, 1.0)


def _train_chunks(dataset: Dataset) -> Iterator[np.ndarray]:
    """The training points as float64, in arrays of their own, some at a time."""
    points = files.rows_at_a_time(dataset.shape)
    for start in range(0, dataset.number, points):
        yield dataset.train_points(slice(start, start + points)).astype(np.float64)
