"""Samples of a table's runs where points are images: kept, and drawn."""

import glob
import os
from typing import Dict

import numpy as np
from matplotlib.figure import Figure

from base import durable
from base.errors import UsageError

PANELS = 6
"""Beside each other."""
SHOWN = 20
"""Images in a row."""


def keep(run: str, path: str) -> None:
    """Keeps the first samples that the judge of a run saw.

    Args:
      run: work directory.
      path: .npy to write.
    """
    durable.make_directories(os.path.dirname(path))
    for samples in glob.glob(f"{glob.escape(run)}.*.npy"):
        with durable.replacing(path) as file:
            np.save(file, np.load(samples, mmap_mode="r")[:SHOWN])


def read(path: str) -> np.ndarray:
    """Points that were kept, memory-mapped.

    Raises:
      UsageError: names the file, if it is not what was written.
    """
    try:
        durable.open_regular(path).close()
        points = np.load(path, mmap_mode="r")
        if points.dtype.kind != "f" or points.ndim < 2 or not len(points):
            raise ValueError("holds no points")
        return points
    except (OSError, ValueError, EOFError) as error:
        why = error.strerror if isinstance(error, OSError) and error.strerror else error
        raise UsageError(
            f"{path}: is not what a table leaves ({why}); remove it, and the .json beside it if "
            "there is one of its name, and the same command makes it again"
        ) from error


def samples(path: str, files: Dict[str, str]) -> None:
    """Draws images, a row a file.

    Args:
      path: of the picture.
      files: images in [-1, 1] by their title; what is not there is left out.

    Raises:
      UsageError: names a file that holds something else.
    """
    rows = {title: read(file) for title, file in files.items() if os.path.exists(file)}
    figure = Figure(figsize=(12, 0.75 * len(rows)))
    axes = figure.subplots(len(rows), 1, squeeze=False)[:, 0]
    for axis, (title, points) in zip(axes, rows.items()):
        shown = points[np.linspace(0, len(points) - 1, SHOWN).astype(int)]
        axis.imshow(np.concatenate(np.clip(shown / 2.0 + 0.5, 0, 1), axis=1), cmap="gray")
        axis.set(xticks=[], yticks=[])
        axis.set_ylabel(title, rotation=0, ha="right", va="center", fontsize=8)
    figure.tight_layout(pad=0.3)
    _save(figure, path)


def _save(figure: Figure, path: str) -> None:
    with durable.replacing(path) as file:
        figure.savefig(file, dpi=140, format="png")
