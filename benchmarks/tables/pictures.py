"""A table's pictures: the bands of its figures, and samples where points are images."""

import glob
import os
from typing import Dict, List, Sequence, Tuple

import numpy as np
from matplotlib.figure import Figure

SHOWN = 20
"""Images in a row."""


def bands(
    path: str, columns: Sequence[str], rows: List[Tuple[str, Dict[str, List[float]]]]
) -> None:
    """Draws a table, one panel a column: each row's median and 5-95 % band."""
    figure = Figure(figsize=(1.9 * len(columns) + 2.2, 0.45 * len(rows) + 1.4))
    axes = figure.subplots(1, len(columns), sharey=True, squeeze=False)[0]
    places = np.arange(len(rows))[::-1]
    for axis, column in zip(axes, columns):
        bands = [np.percentile(values[column] or [np.nan], [50, 5, 95]) for _, values in rows]
        middle, low, high = np.array(bands).T
        axis.errorbar(middle, places, xerr=[middle - low, high - middle], fmt="o", capsize=3)
        if column == "log_p" and np.nanmin(low) < -50:
            axis.set_xscale("symlog")
        axis.set_title(column, fontsize=9)
        axis.grid(alpha=0.3)
        axis.tick_params(labelsize=7)
    axes[0].set_yticks(places)
    axes[0].set_yticklabels([title for title, _ in rows], fontsize=8)
    figure.tight_layout()
    figure.savefig(path, dpi=140)


def keep(run: str, path: str) -> None:
    """Keeps the first samples that the judge of a run saw.

    Args:
      run: work directory.
      path: .npy to write.
    """
    os.makedirs(os.path.dirname(path), exist_ok=True)
    for samples in glob.glob(f"{glob.escape(run)}.*.npy"):
        np.save(path, np.load(samples, mmap_mode="r")[:SHOWN])


def samples(path: str, directory: str, cells: Dict[str, str], seed: int) -> None:
    """Draws images of the data, and of each cell's run of one seed.

    Args:
      path: of the picture.
      directory: holds data.npy, images in [-1, 1].
      cells: the directory of each cell's kept runs by its title.
      seed: of the runs.
    """
    files = {"Data": os.path.join(directory, "data.npy")}
    files.update({title: os.path.join(kept, f"{seed}.npy") for title, kept in cells.items()})
    there = {title: file for title, file in files.items() if os.path.exists(file)}
    figure = Figure(figsize=(12, 0.75 * len(there)))
    axes = figure.subplots(len(there), 1, squeeze=False)[:, 0]
    for axis, (title, file) in zip(axes, there.items()):
        points = np.load(file, mmap_mode="r")
        rows = np.linspace(0, len(points) - 1, SHOWN).astype(int)
        axis.imshow(np.concatenate(np.clip(points[rows] / 2.0 + 0.5, 0, 1), axis=1), cmap="gray")
        axis.set(xticks=[], yticks=[])
        axis.set_ylabel(title, rotation=0, ha="right", va="center", fontsize=8)
    figure.tight_layout(pad=0.3)
    figure.savefig(path, dpi=140)
