"""The picture of the README: modes that one GAN misses, and the steps that find them.

python -m benchmarks.front_page [WORKDIR]

Runs the published experiment as cpu.flags says it, or reads a run of it, and writes
docs/missed_modes.png: data by weight, and the mixture by component, at steps 1, 3 and 10.
"""

import os
import sys
from typing import List, Optional

import numpy as np
import pandas
from matplotlib import colors
from matplotlib.axes import Axes
from matplotlib.collections import PathCollection
from matplotlib.figure import Figure
from PIL import Image
from scipy.spatial.distance import cdist

from benchmarks import children
from evaluation.modes import RADIUS
from report import drawing
from report.views import StepView

STEPS = (1, 3, 10)
PATH = os.path.join(children.ROOT, "docs", "missed_modes.png")


def missed(picture: StepView) -> np.ndarray:
    """[m, 2] means of the modes that none of the samples shown lies near."""
    view = picture.view
    distances = cdist(np.concatenate(picture.samples), view.means)
    near = distances.min(axis=1) <= RADIUS * view.sigma
    return np.delete(view.means, np.unique(distances.argmin(axis=1)[near]), axis=0)


def draw(workdir: str, path: str) -> None:
    """Draws it from a run of at least as many steps.

    Args:
      workdir: of the run.
      path: of the .png.
    """
    table = pandas.read_csv(os.path.join(workdir, "metrics.csv"), index_col="step")
    with drawing.style():
        figure = Figure(figsize=(11, 6.6))
        grid = figure.subplots(2, len(STEPS), sharex=True, sharey=True)
        figure.subplots_adjust(0.04, 0.04, 0.9, 0.96, 0.08, 0.16)
        weighted = []
        for step, (data, mixture) in zip(STEPS, grid.T):
            picture = _picture(workdir, step)
            before = _picture(workdir, step - 1) if step > 1 else None
            weighted.append(_data(data, picture, before))
            _mixture(mixture, picture, table.loc[step])
        norm = colors.Normalize(0, max(drawn.norm.vmax for drawn in weighted))
        for drawn in weighted:
            drawn.set_norm(norm)
        bar = figure.add_axes((0.915, 0.6, 0.012, 0.3))
        figure.colorbar(weighted[-1], cax=bar, label="weight of a point times N")
        drawing.legend_outside(grid[1][-1], "component")
        drawing.save(figure, path)
    Image.open(path).save(path, "PNG", optimize=True)


def _picture(workdir: str, step: int) -> StepView:
    return StepView.load(os.path.join(workdir, "components", f"{step:02d}", "picture.npz"))


def _data(axis: Axes, picture: StepView, before: Optional[StepView]) -> PathCollection:
    view = picture.view
    axis.set(xlim=(view.low[0], view.high[0]), ylim=(view.low[1], view.high[1]))
    drawn = drawing.scatter_weighted(axis, view.points, picture.relative_weights)
    axis.set_title(
        f"step {picture.step}: data by weight" if before else "step 1: all points weigh the same"
    )
    if before:
        _ring(axis, missed(before))
    return drawn


def _mixture(axis: Axes, picture: StepView, figures: pandas.Series) -> None:
    samples, gone = picture.samples, missed(picture)
    for index, (points, color) in enumerate(zip(samples, drawing.component_colors(len(samples)))):
        drawing.dots(axis, points, 3, color=color, alpha=0.7, label=str(index + 1))
    drawing.mark_modes(axis, picture.view)
    _ring(axis, gone)
    modes = len(picture.view.means)
    mixture = "one GAN" if len(samples) == 1 else f"mixture of {len(samples)}"
    axis.set_title(
        f"{mixture}: {modes - len(gone)} of {modes} modes, log_p = {figures['log_p']:.1f}"
    )


def _ring(axis: Axes, means: np.ndarray) -> None:
    axis.plot(*means.T, "o", ms=22, mew=1.8, mec="tab:red", mfc="none")


def main(arguments: List[str]) -> None:
    """Draws the run that is named, or one of its own."""
    if arguments:
        draw(arguments[0], PATH)
        return
    with children.directory() as directory:
        run = os.path.join(directory, "run")
        command = [sys.executable, "main.py", "--flagfile=cpu.flags", f"--workdir={run}"]
        children.watch(command)
        draw(run, PATH)


if __name__ == "__main__":
    main(sys.argv[1:])
