"""A user's own data: reading and checking .npy, .npz and .csv files.

Imports no TensorFlow. `.npy` files are memory-mapped.
"""

import os
from typing import Iterator

import numpy as np

from options import UsageError

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
    except ValueError as error:
        raise UsageError(f"--data_file={path}: {_one_line(error)}") from error


def _load_npz(path: str, key: str) -> np.ndarray:
    import zipfile
    import zlib

    try:
        with np.load(path, allow_pickle=False) as archive:
            names = archive.files
            if not key and len(names) != 1:
                listed = ", ".join(names)
                raise UsageError(
                    f"--data_file={path}: holds {len(names)} arrays; "
                    f"choose one by --data_key: {listed}"
                )
            if key and key not in names:
                listed = ", ".join(names)
                raise UsageError(f"--data_key={key}: not in {path}, which holds {listed}")
            return archive[key or names[0]]
    except (ValueError, zipfile.BadZipFile, zlib.error, AttributeError) as error:
        raise UsageError(
            f"--data_file={path}: is no .npz of numbers: {_one_line(error)}"
        ) from error


def _load_csv(path: str, _: str) -> np.ndarray:
    import pandas

    try:
        with open(path, encoding="utf-8-sig") as file:
            first = file.readline().strip()
        header = 0 if first and not all(_is_number(cell) for cell in first.split(",")) else None
        table = pandas.read_csv(path, header=header, encoding="utf-8-sig", skipinitialspace=True)
    except (ValueError, pandas.errors.ParserError) as error:
        raise UsageError(f"--data_file={path}: {_one_line(error)}") from error
    for position, name in enumerate(table.columns):
        if table[name].dtype.kind not in "iuf":
            numbers = pandas.to_numeric(table[name], errors="coerce")
            row = int(np.flatnonzero(numbers.isna())[0]) if numbers.isna().any() else 0
            line = row + 1 + (header is not None)
            text = str(table[name].iloc[row])[:40]
            raise UsageError(
                f"--data_file={path}: line {line}, column {position + 1}: {text!r} is not a number"
            )
    return table.to_numpy()


def _check(path: str, points: np.ndarray) -> None:
    if points.dtype.kind not in "iuf":
        raise UsageError(f"--data_file={path}: must hold real numbers, holds {points.dtype}")
    if points.ndim == 0 or points.size == 0:
        raise UsageError(f"--data_file={path}: is empty, shape {list(points.shape)}")
    largest = np.finfo(np.float32).max
    first, distinct = np.asarray(points[0]), False
    for number, chunk in enumerate(chunks(points)):
        flat = chunk.reshape(len(chunk), -1)
        good = (np.isfinite(flat) & (np.abs(np.nan_to_num(flat)) <= largest)).all(axis=1)
        if not good.all():
            row = number * ROWS_AT_A_TIME + int(np.argmin(good))
            raise UsageError(
                f"--data_file={path}: point {row} holds a number that is missing, infinite or "
                f"beyond float32; every value must be finite"
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
