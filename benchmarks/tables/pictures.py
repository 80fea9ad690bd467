"""A table's pictures: the bands of its figures, and samples where points are images."""

import glob
import os
import re
from typing import Dict, List, Sequence, Tuple

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from base import durable
from base.errors import UsageError

PANELS = 6
"""Beside each other."""
SHOWN = 20
"""Images in a row."""


def bands(
    path: str,
    columns: Sequence[str],
    rows: List[Tuple[str, Dict[str, List[float]]]],
    published: Sequence[Tuple[str, Dict[str, str]]],
) -> None:
    """Draws a table, one panel a column: each row's median and 5-95 % band, others' figures below.

    Args:
      path: of the picture.
      columns: names of the figures.
      rows: by title, one figure a seed.
      published: by source, as text; see `number_and_band`.
    """
    lines = -(-len(columns) // PANELS)
    number = len(rows) + len(published)
    figure = Figure(figsize=(1.9 * min(len(columns), PANELS) + 2.4, lines * (0.3 * number + 0.9)))
    axes = figure.subplots(lines, min(len(columns), PANELS), sharey=True, squeeze=False).ravel()
    for axis, column in zip(axes, columns):
        ours = [np.percentile(values[column] or [np.nan], [50, 5, 95]) for _, values in rows]
        theirs = [number_and_band(text.get(column, "")) for _, text in published]
        _panel(axis, np.array(ours), np.arange(number)[: len(rows)], "o")
        _panel(axis, np.array(theirs).reshape(-1, 3), np.arange(number)[len(rows) :], "x")
        if column == "log_p" and np.nanmin([each[1] for each in (*ours, *theirs)]) < -50:
            axis.set_xscale("symlog")
        else:
            axis.locator_params(axis="x", nbins=4)
        axis.set_title(column, fontsize=9)
    axes[0].invert_yaxis()
    axes[0].set_yticks(np.arange(number))
    axes[0].set_yticklabels([title for title, _ in (*rows, *published)], fontsize=8)
    for axis in axes[len(columns) :]:
        axis.axis("off")
    figure.tight_layout()
    _save(figure, path)


def number_and_band(text: str) -> Tuple[float, float, float]:
    """A figure and its band out of "6.3±0.5", "0.59 [0.35; 0.77]", "8" or nothing."""
    found = [float(number) for number in re.findall(r"-?\d+(?:\.\d+)?", text)]
    if not found:
        return np.nan, np.nan, np.nan
    if "±" in text:
        return found[0], found[0] - found[1], found[0] + found[1]
    return (found[0], found[1], found[2]) if "[" in text else (found[0], found[0], found[0])


def _panel(axis: Axes, bands_of_rows: np.ndarray, places: np.ndarray, marker: str) -> None:
    known = ~np.isnan(bands_of_rows[:, 0])
    places, (middle, low, high) = places[known], bands_of_rows[known].T
    color = "tab:blue" if marker == "o" else "tab:gray"
    axis.errorbar(
        middle, places, xerr=[middle - low, high - middle], fmt=marker, ms=4, capsize=3, color=color
    )
    axis.grid(alpha=0.3)
    axis.tick_params(labelsize=7)


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
