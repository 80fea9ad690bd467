"""What the modes write outside a run: whether it may be written, and points as files."""

import importlib.util
import os
from typing import Tuple

import numpy as np

import durable
from options import UsageError

UNFINISHED_EXPORT = "unfinished_export"
"""Marks a directory as what a killed export left."""


def check_export(directory: str, form: str, overwrite: bool) -> None:
    """Checks, before any work, that an export can be written; makes the directory above it.

    Args:
      directory: of the export.
      form: ckpt, saved_model, frozen or onnx.
      overwrite: whether an earlier export may be replaced.

    Raises:
      UsageError: names the flag and what stands in the way.
    """
    flag = f"--export_dir={directory}"
    if os.path.exists(directory) and not overwrite:
        raise UsageError(f"{flag}: is there already; use --overwrite to replace it")
    if os.path.exists(directory) and not os.path.isfile(os.path.join(directory, "expected.npy")):
        raise UsageError(f"{flag}: holds no export; --overwrite replaces only an earlier export")
    unfinished(directory)
    if form == "onnx" and importlib.util.find_spec("tf2onnx") is None:
        raise UsageError("--format=onnx: needs tf2onnx; pip install -r requirements-export.txt")
    try:
        os.makedirs(os.path.dirname(os.path.abspath(directory)), exist_ok=True)
    except OSError as error:
        raise UsageError(f"{flag}: {error.strerror}") from error


def unfinished(export_dir: str) -> str:
    """Where an export is written before it is renamed into place.

    Raises:
      UsageError: if something else is there.
    """
    path = export_dir.rstrip("/") + ".tmp"
    inside = os.listdir(path) if os.path.isdir(path) else []
    if os.path.isfile(path) or (inside and UNFINISHED_EXPORT not in inside):
        raise UsageError(
            f"--export_dir={export_dir}: {path} is in the way; move it, or choose another directory"
        )
    return path


def check_file(path: str, mode: str, kinds: Tuple[str, ...]) -> None:
    """Checks, before any work, that `--output` can be written.

    Args:
      path: of the file.
      mode: that writes it.
      kinds: endings that it writes.

    Raises:
      UsageError: names the flag and what would be right.
    """
    if not path.lower().endswith(kinds):
        raise UsageError(
            f"--output={path}: --mode={mode} needs a file that ends in {' or '.join(kinds)}"
        )
    if os.path.isdir(path):
        raise UsageError(f"--output={path}: is a directory; needs the path of a file")
    directory = os.path.dirname(path) or "."
    if not os.path.isdir(directory) or not os.access(directory, os.W_OK):
        raise UsageError(f"--output={path}: {directory} is no directory that can be written")


def write_points(path: str, points: np.ndarray) -> None:
    """Writes points, all or nothing.

    Args:
      path: .npy, or .csv with one flat point a row.
      points: [n, *shape].

    Raises:
      OSError: names the file; what was there is still there.
    """
    temporary = path + ".tmp"
    try:
        with durable.naming(temporary):
            _write(temporary, points, path.lower().endswith(".csv"))
            os.replace(temporary, path)
    finally:
        if os.path.isfile(temporary):
            os.remove(temporary)


def _write(path: str, points: np.ndarray, as_table: bool) -> None:
    if as_table:
        import pandas

        flat = points.reshape(len(points), -1)
        names = [f"x{column}" for column in range(flat.shape[1])]
        pandas.DataFrame(flat, columns=names).to_csv(path, index=False)
    else:
        with open(path, "wb") as file:
            np.save(file, points)
