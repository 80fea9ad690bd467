"""A user's own data: reading and checking .npy, .npz and .csv files.

Imports no TensorFlow. `.npy` files are memory-mapped.
"""

import csv
import os
import tokenize
import zipfile
import zlib
from typing import Iterator, List

import numpy as np

from options import UsageError

LARGEST = 1e30
"""Beyond it, products in float32 overflow."""
ROWS_AT_A_TIME = 65536
"""Rows that are looked at together, so that a memory-mapped file is never held whole."""


def load(path: str, key: str) -> np.ndarray:
    """The points of a file, checked.

    Args:
      path: a .npy, .npz or .csv file of numbers, one point a row.
      key: the array's name in an .npz that holds several, else "".

    Returns:
      [N, *shape] of the file's own numeric type; memory-mapped for .npy.

    Raises:
      UsageError: names the file, what is wrong with it and where.
    """
    readers = {".npy": _load_npy, ".npz": _load_npz, ".csv": _load_csv}
    extension = os.path.splitext(path)[1].lower()
    if extension not in readers:
        raise UsageError(f"--data_file={path}: must end in .npy, .npz or .csv")
    if key and extension != ".npz":
        raise UsageError(f"--data_key={key}: only an .npz file has keys, --data_file={path}")
    try:
        points = readers[extension](path, key)
    except OSError as error:
        raise UsageError(f"--data_file={path}: {error.strerror or error}") from error
    if points.ndim == 1:
        points = points.reshape(-1, 1)
    _check(path, points)
    return points


def chunks(points: np.ndarray) -> Iterator[np.ndarray]:
    """The points as float64, some rows at a time."""
    for start in range(0, len(points), ROWS_AT_A_TIME):
        yield np.asarray(points[start : start + ROWS_AT_A_TIME], np.float64)


def _load_npy(path: str, _: str) -> np.ndarray:
    with open(path, "rb") as file:
        if not file.read(6) == b"\x93NUMPY":
            raise UsageError(f"--data_file={path}: is not a .npy file")
    try:
        return np.load(path, mmap_mode="r", allow_pickle=False)
    except (ValueError, SyntaxError, tokenize.TokenError) as error:
        raise UsageError(f"--data_file={path}: is no array: {_one_line(error)}") from error


def _load_npz(path: str, key: str) -> np.ndarray:
    if not zipfile.is_zipfile(path):
        open(path, "rb").close()  # a file that cannot be read is told as such
        raise UsageError(f"--data_file={path}: is not an .npz file")
    try:
        with np.load(path, allow_pickle=False) as archive:
            names = archive.files
            listed = ", ".join(names) or "none"
            if not key and len(names) != 1:
                raise UsageError(
                    f"--data_file={path}: must hold one array, or --data_key must choose one; "
                    f"it holds {listed}"
                )
            if key and key not in names:
                raise UsageError(f"--data_key={key}: not in {path}, which holds {listed}")
            points = archive[key or names[0]]
    except (ValueError, SyntaxError, tokenize.TokenError, zipfile.BadZipFile, zlib.error) as error:
        raise UsageError(f"--data_file={path}: is no array: {_one_line(error)}") from error
    if not isinstance(points, np.ndarray):
        raise UsageError(f"--data_file={path}: {key or names[0]} is no array")
    return points


def _load_csv(path: str, _: str) -> np.ndarray:
    import pandas

    try:
        with open(path, encoding="utf-8-sig", newline="") as file:
            first: List[str] = next(csv.reader(file, skipinitialspace=True), [])
        # A header has no number in it; a first row with some is data, and its text is told below.
        header = bool(first) and not any(_is_number(cell) for cell in first)
        table = pandas.read_csv(
            path, header=None, skiprows=int(header), encoding="utf-8-sig", skipinitialspace=True
        )
    except (ValueError, csv.Error) as error:
        raise UsageError(
            f"--data_file={path}: is no table of numbers: {_one_line(error)}"
        ) from error
    if header and len(first) != table.shape[1]:
        raise UsageError(
            f"--data_file={path}: the header names {len(first)} columns, the rows have "
            f"{table.shape[1]}; they must agree"
        )
    for column in table.columns:
        if table[column].dtype.kind not in "iuf":
            numbers = pandas.to_numeric(table[column], errors="coerce")
            row = int(np.flatnonzero(numbers.isna())[0]) if numbers.isna().any() else 0
            text = str(table[column].iloc[row])[:40]
            raise UsageError(
                f"--data_file={path}: row {row + 1} of the data, column {column + 1}: {text!r} is "
                f"not a number that fits"
            )
    return table.to_numpy()


def _check(path: str, points: np.ndarray) -> None:
    if points.dtype.kind not in "iuf":
        raise UsageError(f"--data_file={path}: must hold real numbers, holds {points.dtype}")
    if points.ndim == 0 or points.size == 0:
        raise UsageError(f"--data_file={path}: has no points, shape {list(points.shape)}")
    first, distinct = np.asarray(points[0]), False
    for number, chunk in enumerate(chunks(points)):
        flat = chunk.reshape(len(chunk), -1)
        good = (np.isfinite(flat) & (np.abs(np.nan_to_num(flat)) <= LARGEST)).all(axis=1)
        if not good.all():
            row = number * ROWS_AT_A_TIME + int(np.argmin(good))
            raise UsageError(
                f"--data_file={path}: row {row + 1} of the data holds a number that is missing or "
                f"infinite, or lies outside [-1e30, 1e30]"
            )
        distinct = distinct or bool((chunk != first).any())
    if not distinct:
        raise UsageError(f"--data_file={path}: all {len(points)} points are the same")


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def _one_line(error: Exception) -> str:
    return " ".join(str(error).split())[:200]
