"""The picture of one boosting step: data by weight, mixture, density ratio, level set."""

from typing import Any, Dict, NamedTuple, Sequence, Tuple, Union

import numpy as np
from matplotlib import cm, colors
from matplotlib.axes import Axes
from matplotlib.colorbar import Colorbar
from matplotlib.figure import Figure

from evaluation import coverage
from evaluation.kde import KernelDensity
from report import drawing
from report.drawing import Sheet
from report.views import GRID_SIDE, DataView, StepView

LOG_RATIO_SHOWN = 2.0
"""Density ratios are drawn from 10^-2 to 10^2."""
LOOKS: Dict[bool, Dict[str, Any]] = {
    True: {"area": 3, "color": "tab:blue", "label": "covered"},
    False: {"area": 5, "color": "tab:red", "label": "missed"},
}
"""Of data points, by whether they are in the level set."""
RATIO_LEVELS = np.linspace(-LOG_RATIO_SHOWN, LOG_RATIO_SHOWN, 17)


def draw_step(picture: StepView, path: str) -> None:
    """Draws one boosting step into a .png."""
    view = picture.view
    with drawing.style():
        if view.is_plane:
            figure: Union[Figure, Sheet] = _plane(picture)
        elif view.points.shape[1] == 1:
            figure = _line(picture)
        elif view.is_image:
            figure = _images(picture)
        else:
            figure = _pairs(picture)
        drawing.save(figure, path)


class Plane(NamedTuple):
    """What pictures of a plane share."""

    sheet: Sheet
    weights: Colorbar
    ratios: Colorbar  # not shown where there are none


_PLANES: Dict[Tuple, Plane] = {}
"""The last one, by its frame."""


def _plane_of(view: DataView) -> Plane:
    key = (view.names, *map(tuple, (view.low, view.high, view.rulers.ravel())))
    if key not in _PLANES:
        _PLANES.clear()
        _PLANES[key] = _new_plane(view)
    return _PLANES[key]


def _new_plane(view: DataView) -> Plane:
    figure = Figure(figsize=(10, 8.2))
    axes = figure.subplots(2, 2).ravel()
    room = 0.03 if view.names else 0.01  # for names, and ticks of many digits
    figure.subplots_adjust(
        left=0.05 + 2 * room,
        right=0.9,
        bottom=0.05 + room,
        top=0.95,
        wspace=0.25 + 7 * room,
        hspace=0.2 + 3 * room,
    )
    weights = figure.colorbar(
        cm.ScalarMappable(cmap="viridis_r"), ax=axes[0], label="weight times N", shrink=0.85
    )
    ratios = figure.colorbar(
        cm.ScalarMappable(colors.Normalize(-LOG_RATIO_SHOWN, LOG_RATIO_SHOWN), "RdBu_r"),
        ax=axes[2],
        boundaries=RATIO_LEVELS,
        label="log10 of mixture / data",
        shrink=0.85,
        ticks=[-2, -1, 0, 1, 2],
    )
    for axis in axes:
        axis.set(xlim=(view.low[0], view.high[0]), ylim=(view.low[1], view.high[1]))
        drawing.label_axis(axis.xaxis, view, 0)
        drawing.label_axis(axis.yaxis, view, 1)
    for look in LOOKS.values():
        drawing.dots(axes[3], np.zeros((0, 2)), **look)
    drawing.legend_outside(axes[3], "data")
    return Plane(Sheet(figure, axes, [weights.ax, ratios.ax]), weights, ratios)


def _plane(picture: StepView) -> Sheet:
    view, samples, probe_logits = picture.view, picture.samples, picture.probe_logits
    plane = _plane_of(view)
    data, mixture, ratio, level = plane.sheet.blank()
    plane.ratios.ax.set_visible(len(probe_logits) > 0)
    weighted = drawing.scatter_weighted(data, view.points, picture.relative_weights)
    plane.weights.update_normal(weighted)
    data.set_title(f"data by weight for component {picture.step}")

    for index, (points, color) in enumerate(zip(samples, drawing.component_colors(len(samples)))):
        drawing.dots(mixture, points, 3, color=color, alpha=0.7, label=str(index + 1))
    mixture.set_title(f"mixture of {len(samples)} by component")
    drawing.legend_outside(mixture, "component")

    if len(probe_logits):
        side = int(np.sqrt(len(probe_logits)))
        log_ratio = np.clip(
            -probe_logits.reshape(side, side) / np.log(10), -LOG_RATIO_SHOWN, LOG_RATIO_SHOWN
        )
        ratio.contourf(*view.grid(side), log_ratio, RATIO_LEVELS, cmap="RdBu_r")
        if log_ratio.min() < 0 < log_ratio.max():
            ratio.contour(*view.grid(side), log_ratio, [0.0], colors="k", linewidths=0.7)
        drawing.dots(ratio, view.points[::4], 2, color="k", alpha=0.4)
        ratio.set_title("density ratio before this step, data on it")
    else:
        drawing.dots(ratio, view.points, 3, color="0.6")
        ratio.set_title("no density ratio: the data are not reweighted")

    _level_set(level, view, picture.density)
    for axis in (data, mixture, ratio, level):
        drawing.mark_modes(axis, view)
    return plane.sheet


def _level_set(axis: Axes, view: DataView, density: KernelDensity) -> None:
    x, y = view.grid(GRID_SIDE)
    heights = density.log_density_on_grid(x, y)
    threshold = coverage.level(density, drawing.NEGLIGIBLE)
    top = max(heights.max(), threshold + 1e-3)
    if heights.min() < threshold < heights.max():
        axis.contourf(x, y, heights, np.linspace(threshold, top, 9), cmap="Greens")
        axis.contour(x, y, heights, [threshold], colors="darkgreen", linewidths=0.8, linestyles="-")
    shown = view.points[::4]
    covered = density.log_density(shown, drawing.NEGLIGIBLE) > threshold
    for whether, look in LOOKS.items():
        drawing.dots(axis, shown[covered == whether], **look)
    axis.set_title(f"95 % level set of the mixture, {covered.mean():.3f} of these points in it")


def _line(picture: StepView) -> Figure:
    view, samples, density = picture.view, picture.samples, picture.density
    figure = Figure(figsize=(8, 5))
    top, bottom = figure.subplots(2, 1, sharex=True, gridspec_kw={"height_ratios": [2, 1]})
    x = np.linspace(view.low[0], view.high[0], 800)
    bins = np.linspace(view.low[0], view.high[0], 120)
    top.hist(view.points[:, 0], bins, density=True, color="0.8", label="data")
    everything = np.concatenate(samples)[:, 0]
    width = bins[1] - bins[0]
    below = np.zeros(len(bins) - 1)
    for points, color in zip(samples, drawing.component_colors(len(samples))):
        heights = np.histogram(points[:, 0], bins)[0] / (len(everything) * width)
        top.bar(bins[:-1], heights, width, below, align="edge", color=color, alpha=0.55, lw=0)
        below = below + heights
    top.plot(x, np.exp(density.log_density(x[:, None])), color="tab:blue", label="mixture (KDE)")
    if len(view.means):
        density_at_x = np.exp(view.true_log_density(x[:, None]))
        top.plot(x, density_at_x, "k--", lw=1, label="truth")
    top.set(title=f"mixture of {len(samples)}, samples stacked by component", ylabel="density")
    top.legend(fontsize=7)
    bottom.scatter(view.points[:, 0], picture.relative_weights, s=3, c="tab:red", lw=0)
    bottom.set(title=f"weights for component {picture.step}", ylabel="weight times N")
    bottom.set_xlim(view.low[0], view.high[0])
    drawing.label_axis(bottom.xaxis, view, 0)
    return figure


def _pairs(picture: StepView) -> Figure:
    """The first principal components of the data, each against each."""
    view, samples = picture.view, picture.samples
    centre = view.points.mean(axis=0)
    axes_count = min(3, *view.points.shape)
    _, spread, directions = np.linalg.svd(view.points - centre, full_matrices=False)
    directions = directions[:axes_count].T
    explained = np.square(spread[:axes_count]) / np.square(spread).sum()
    real = (view.points - centre) @ directions
    generated = [(points - centre) @ directions for points in samples]
    figure = Figure(figsize=(10, 8.4))
    room = {"left": 0.07, "right": 0.98, "bottom": 0.1, "top": 0.91, "hspace": 0.42, "wspace": 0.3}
    grid = figure.subplots(axes_count, axes_count, gridspec_kw=room)
    low, high = real.min(axis=0), real.max(axis=0)
    pad = 0.1 * (high - low) + 1e-9
    for row, column in np.ndindex(axes_count, axes_count):
        axis, pair = grid[row][column], [column, row]
        axis.set_xlim(low[column] - pad[column], high[column] + pad[column])
        drawing.name_pair(axis, row, column, axes_count, _loadings(view.names, directions[:, row]))
        if row == column:
            _marginal(axis, real[:, row], np.concatenate(generated)[:, row])
            axis.set_title(f"principal component {row + 1}: {100 * explained[row]:.0f} %")
            continue
        axis.set_ylim(low[row] - pad[row], high[row] + pad[row])
        if row < column:
            drawn = drawing.scatter_weighted(axis, real[:, pair], picture.relative_weights)
        else:
            for points, colour in zip(generated, drawing.component_colors(len(samples))):
                drawing.dots(axis, points[:, pair], 3, color=colour)
    grid[0][0].legend(fontsize=7)
    figure.colorbar(drawn, ax=grid, label="weight times N", shrink=0.6)
    below = f"mixture of {len(samples)} by component below"
    figure.suptitle(f"step {picture.step}: data by weight above the diagonal, {below}")
    return figure


def _marginal(axis: Axes, real: np.ndarray, generated: np.ndarray) -> None:
    """Histograms of data and mixture along one direction, within the axis' limits."""
    bins = np.linspace(*axis.get_xlim(), 60)
    axis.hist(real, bins, density=True, color="0.75", label="data")
    # A density over all samples, of which the frame may hold none.
    each = np.full(len(generated), 1 / (len(generated) * (bins[1] - bins[0])))
    axis.hist(generated, bins, weights=each, histtype="step", color="k", label="mixture")


def _loadings(names: Sequence[str], direction: np.ndarray) -> str:
    """The columns that a direction is made of, the largest first; "" where they have no names."""
    if not names:
        return ""
    largest = np.argsort(-np.abs(direction), kind="stable")[:3]
    return "\n".join(f"{direction[number]:+.2f} {names[number]}" for number in largest)


def _images(picture: StepView) -> Figure:
    view, samples = picture.view, picture.samples
    columns = 12
    heaviest = np.argsort(-picture.relative_weights, kind="stable")[:columns]
    rows = [
        ("data", view.points[np.linspace(0, len(view.points) - 1, columns).astype(int)]),
        ("largest weight", view.points[heaviest]),
    ]
    last_components = list(enumerate(samples))[-10:]
    rows += [(f"component {index + 1}", points[:columns]) for index, points in last_components]
    figure = Figure(figsize=(columns * 0.62, len(rows) * 0.66 + 0.5))
    grid = figure.subplots(len(rows), columns, squeeze=False)
    limits = np.percentile(view.points, [0, 100])
    for line, (name, points) in zip(grid, rows):
        for axis in line:
            axis.axis("off")
        for axis, point in zip(line, points):
            drawing.show_image(axis, point.reshape(view.shape), limits)
        line[0].text(
            -0.15, 0.5, name, transform=line[0].transAxes, ha="right", va="center", fontsize=7
        )
    grid[0][0].set_title(
        f"step {picture.step}: data, data of the largest weight, and samples by component",
        loc="left",
    )
    return figure
