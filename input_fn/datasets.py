"""Datasets by name: training points, points held out of training, and the truth where known.

Imports no TensorFlow.
"""

from typing import Iterator, NamedTuple, Optional, Tuple, Union

import numpy as np

from base import machine, streams
from base.errors import UsageError
from base.streams import Purpose
from input_fn import files, gmm, one_pass, read_ahead
from input_fn.gmm import GaussianMixture
from input_fn.held import HeldFile
from input_fn.settings import DataSettings

FEWEST_POINTS = 15
"""Of a data file: with fewer, none would be held out for each part of the evaluation."""
CACHED_SHARE = 0.5
"""Of the memory there is: a mapped file that is larger will not stay in the system's cache."""
HELD_OUT_SHARE = 0.2
"""At most this share of a data file is held out of training for the evaluation."""


class Dataset(NamedTuple):
    """Points to learn, in the user's own units."""

    points: np.ndarray  # [all points, *shape], of the file's type, possibly memory-mapped
    train_rows: Optional[np.ndarray]  # [N] rows of `points` to train on; None: all
    held_out: np.ndarray  # [H, *shape] float32 points that no training sees
    truth: Optional[GaussianMixture]  # the true density, where it is known
    remarks: Tuple[str, ...] = ()  # what the user should know of the points, a line each
    on_disk: bool = False  # `points` are a mapped file in C's order that memory cannot cache
    moments: Optional[Tuple[np.ndarray, np.ndarray]] = None  # see `moments`, where known already
    digest: str = ""  # see `fingerprint`, where known already
    file: Optional[HeldFile] = None  # that `points` map

    @property
    def number(self) -> int:
        """N, the number of training points."""
        return len(self.points) if self.train_rows is None else len(self.train_rows)

    @property
    def shape(self) -> Tuple[int, ...]:
        """Shape of one point."""
        return self.points.shape[1:]

    def train_points(self, indices: Union[np.ndarray, slice]) -> np.ndarray:
        """Training points by index in [0, N), any shape of indices: float32 [*indices, *shape]."""
        rows = indices if self.train_rows is None else self.train_rows[indices]
        scattered = isinstance(indices, np.ndarray)
        return np.asarray(self._scattered(rows) if scattered else self.read(rows), np.float32)

    def fingerprint(self) -> str:
        """SHA-256 of all points, their shape and type, to notice other data."""
        return self.digest or files.digest(self.points)

    def with_held_out(self, rows: np.ndarray) -> "Dataset":
        """The same points with some rows of them held out of training."""
        every = np.arange(len(self.points), dtype=index_type(len(self.points)))
        held_out = np.asarray(self._scattered(rows), np.float32)
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


def load(settings: DataSettings, held_out: int, batch_size: int) -> Dataset:
    """Makes or reads the dataset.

    Args:
      settings: which.
      held_out: points that the evaluation would like to have beside the training points; of a
        file at most a fifth.
      batch_size: training needs at least so many points.

    Raises:
      UsageError: names the flag or file and what is wrong with it.
    """
    if settings.dataset == "file":
        dataset = _from_file(settings, held_out)
    else:
        dataset = _from_gmm(settings, held_out)
    if batch_size > dataset.number:
        raise UsageError(
            f"--batch_size={batch_size}: larger than the data, "
            f"which have {dataset.number} training points"
        )
    return dataset


def index_type(number: int) -> np.dtype:
    """The smallest type of integers that holds the indices of so many points."""
    return np.min_scalar_type(number)


def _from_gmm(settings: DataSettings, held_out: int) -> Dataset:
    if settings.dataset == "ring":
        truth = gmm.ring(settings.unbalanced)
    elif settings.dataset == "grid":
        truth = gmm.grid(settings.unbalanced)
    elif settings.dataset == "gmm":
        truth = gmm.random_gmm(
            settings.gmm_modes_num,
            settings.toy_dataset_dim,
            settings.gmm_max_val,
            settings.data_seed,
        )
    else:
        truth = gmm.circle_gmm(settings.gmm_modes_num, settings.gmm_max_val)
    rng = streams.generator(settings.data_seed, Purpose.DATA_POINTS)
    points = truth.sample(settings.toy_dataset_size, rng)
    rng = streams.generator(settings.data_seed, Purpose.HELD_OUT_POINTS)
    held_out_points = truth.sample(held_out, rng)
    rng = streams.generator(settings.data_seed, Purpose.DATA_POINTS)
    modes = truth.draw_modes(settings.toy_dataset_size, rng)
    empty = len(truth.means) - len(np.unique(modes))
    remark = (
        f"{empty} of {len(truth.means)} modes have no training point; raise "
        f"--toy_dataset_size={settings.toy_dataset_size}"
    )
    remarks = (remark,) if empty else ()
    return Dataset(points, None, held_out_points, truth, remarks, digest=files.digest(points))


def _from_file(settings: DataSettings, held_out: int) -> Dataset:
    path, unscaled = settings.data_file, settings.standardise == "no"
    points, digest, file = files.load(path, settings.data_key, unscaled)
    if len(points) < FEWEST_POINTS:
        raise UsageError(f"--data_file={path}: has {len(points)} points; needs {FEWEST_POINTS}")
    # Twice for a moment, and a mark: a file of bytes is mapped, and smaller than its rows' numbers.
    indices = (2 * index_type(len(points)).itemsize + 1) * len(points)
    if indices > machine.available_memory():
        raise UsageError(
            f"--data_file={path}: has {len(points)} points; their numbers alone take "
            f"{indices / 2**30:.1f} GiB, more memory than there is"
        )
    too_large = file is not None and _exceeds_cache(points)
    in_one_piece = points.flags.c_contiguous
    held_out = min(held_out, int(HELD_OUT_SHARE * len(points)))
    rng = streams.generator(settings.data_seed, Purpose.HELD_OUT_POINTS)
    held_out_rows = rng.choice(len(points), size=held_out, replace=False)
    on_disk = too_large and in_one_piece
    whole = Dataset(points, None, points[:0], None, on_disk=on_disk, digest=digest, file=file)
    with files.told(path):  # what happens to the file while it is read
        dataset = whole.with_held_out(held_out_rows)
        mean, deviation = one_pass.moments(_train_chunks(dataset))
        one_pass.check_precision(path, mean, deviation)
        if not unscaled:
            _check_outliers(path, dataset, mean, deviation)
    remarks = list(one_pass.remarks(deviation, unscaled))
    if too_large:
        order = "" if in_one_piece else ", slowly, because its array is in Fortran's order, not C's"
        remarks.append(
            f"{points.nbytes / 2**30:.1f} GiB: memory does not hold them, minibatches are read "
            f"from disk{order}"
        )
    return dataset._replace(remarks=tuple(remarks), moments=_with_units(mean, deviation))


def _check_outliers(path: str, dataset: Dataset, mean: np.ndarray, deviation: np.ndarray) -> None:
    """Checks that no few points are so far out that standardising makes one of all the others."""
    found = one_pass.far_out(
        _train_chunks(dataset), dataset.held_out.astype(np.float64), mean, deviation
    )
    if found is None:
        return
    row, coordinate, value = found
    at = row if dataset.train_rows is None else int(dataset.train_rows[row])
    raise UsageError(
        f"--data_file={path}: row {at + 1} of the data is so far out at coordinate "
        f"{coordinate + 1}, {value:.6g}, that float32 does not tell the others apart once they are "
        f"standardised; leave it out, or rescale the coordinate, by a logarithm say"
    )


def _exceeds_cache(points: np.ndarray) -> bool:
    return points.nbytes > CACHED_SHARE * machine.available_memory()


class Units(NamedTuple):
    """The networks' units are (points - shift) / scale."""

    shift: np.ndarray  # [*shape] float64
    scale: np.ndarray  # [*shape] float64, > 0


def units(dataset: Dataset, standardise: str) -> Units:
    """The units that the networks see points in.

    GMM points are taken as they are, as published; a user's own are standardised by their mean and
    deviation inside the model, unless `--standardise` says otherwise.

    Args:
      dataset: of the points.
      standardise: "yes", "no" or "auto".
    """
    if standardise == "yes" or (standardise == "auto" and dataset.truth is None):
        return moments(dataset)
    return Units(np.zeros(dataset.shape), np.ones(dataset.shape))


def moments(dataset: Dataset) -> Units:
    """Mean and standard deviation of every coordinate over the training points.

    Returns:
      The deviation of a constant coordinate is given as 1.
    """
    return Units(*(dataset.moments or _with_units(*one_pass.moments(_train_chunks(dataset)))))


def _with_units(mean: np.ndarray, deviation: np.ndarray) -> Tuple[np.ndarray, np.ndarray]:
    return mean, np.where(deviation > 0, deviation, 1.0)


def _train_chunks(dataset: Dataset) -> Iterator[np.ndarray]:
    """The training points as float64, in arrays of their own, some rows at a time."""
    rows = files.rows_at_a_time(dataset.shape)
    for start in range(0, dataset.number, rows):
        chosen = slice(start, start + rows)
        given = chosen if dataset.train_rows is None else dataset.train_rows[chosen]
        yield dataset.read(given).astype(np.float64)
