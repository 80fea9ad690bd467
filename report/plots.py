"""Pictures of a run. The only module that imports matplotlib; none of it needs a display."""

import contextlib
import functools
from typing import Any, List, Sequence, Tuple, Union

import numpy as np
from matplotlib import cm, colors
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.style import context
from PIL import Image
from scipy.special import logsumexp

from base import durable
from evaluation import coverage
from evaluation.kde import KernelDensity
from evaluation.metrics import Metrics, Spread
from report.scene import GRID_SIDE, Picture, Scene

LOG_RATIO_SHOWN = 2.0
"""Density ratios are drawn from 10^-2 to 10^2."""
RATIO_LEVELS = np.linspace(-LOG_RATIO_SHOWN, LOG_RATIO_SHOWN, 17)
NEGLIGIBLE = -40.0
"""Log of a kernel, over the largest at a point, that changes no digit of a density."""
STYLE = {
    "font.size": 9,
    "axes.titlesize": 10,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": False,
    "legend.frameon": False,
    "figure.dpi": 140,
}


def style() -> contextlib.AbstractContextManager:
    """Within it, pictures look as they should, whatever a user's matplotlibrc says."""
    return context(["default", STYLE])


class Sheet:
    """A figure whose frame is drawn once; then pictures that share the frame, one after another.

    Axes with their ticks and labels are most of the work of a picture.
    """

    def __init__(self, figure: Figure, axes: Sequence[Axes], changing: Sequence[Artist]):
        """Args: the empty figure; its axes for pictures to draw on; what of it is no frame."""
        self.figure, self._axes = figure, axes
        self._canvas = FigureCanvasAgg(figure)
        # Spines lie over what is drawn in their axes.
        spines = [axis.spines[side] for axis in axes for side in ("left", "bottom")]
        changing = [*changing, *spines]
        for artist in changing:
            artist.set_visible(False)
        self._canvas.draw()
        self._frame = self._canvas.copy_from_bbox(figure.bbox)
        figure.patch.set_visible(False)
        for axis in figure.axes:
            whole = axis not in axes
            for artist in [axis] if whole else [axis.patch, axis.xaxis, axis.yaxis]:
                artist.set_visible(False)
        for artist in changing:
            artist.set_visible(True)

    def blank(self) -> Sequence[Axes]:
        """The axes without what the last picture drew on them."""
        for axis in self._axes:
            for artist in [*axis.lines, *axis.patches, *axis.collections, *axis.texts]:
                artist.remove()
            axis.containers.clear()
            axis.legend_ = None
            axis.relim()
        return self._axes

    def pixels(self) -> np.ndarray:
        """What is drawn, [height, width, 4] uint8."""
        self._canvas.restore_region(self._frame)
        self.figure.draw(self._canvas.get_renderer())
        return np.asarray(self._canvas.buffer_rgba())


def draw_step(picture: Picture, path: str) -> None:
    """Draws one boosting step into a .png."""
    scene = picture.scene
    with style():
        if scene.is_plane:
            figure: Union[Figure, Sheet] = _plane(picture)
        elif scene.points.shape[1] == 1:
            figure = _line(picture)
        elif scene.is_image:
            figure = _images(picture)
        else:
            figure = _pairs(picture)
        save(figure, path)


def draw_metrics(
    path: str, by_step: Sequence[Metrics], perfect: Spread, number_of_modes: int
) -> None:
    """The figures over the steps, each with the band in which a perfect sampler scores."""
    panels = [("log_p", "log p (nats)"), ("coverage", "coverage C")]
    if number_of_modes:
        panels += [("high_quality", "high quality"), ("reverse_kl", "reverse KL (nats)")]
    with style():
        figure = Figure(figsize=(3.2 * len(panels), 2.9))
        axes = figure.subplots(1, len(panels), squeeze=False)[0]
        figure.subplots_adjust(left=0.16 / len(panels), right=0.99, bottom=0.17, top=0.89)
        steps = np.arange(1, len(by_step) + 1)
        for axis, (name, title) in zip(axes, panels):
            values = np.array([getattr(metrics, name) for metrics in by_step])
            low, high = getattr(perfect.low, name), getattr(perfect.high, name)
            axis.axhspan(low, high, color="tab:green", alpha=0.25, lw=0, label="perfect sampler")
            axis.plot(steps, values, "o-", color="tab:blue", ms=4, label="mixture")
            axis.set(title=title, xlabel="boosting step")
            axis.xaxis.get_major_locator().set_params(integer=True)
            if name == "log_p":
                keep_outliers_from_hiding_the_rest(axis, values, perfect)
            if name == "high_quality":
                captured = [metrics.modes / number_of_modes for metrics in by_step]
                axis.plot(steps, captured, "s--", color="tab:orange", ms=4, label="modes")
                axis.set(title=f"high quality, share of {number_of_modes} modes", ylim=(0, 1.05))
                axis.legend(handles=axis.lines[1:], fontsize=7)
        axes[0].legend(fontsize=7)
        save(figure, path)


def draw_weights(
    path: str,
    betas: Sequence[float],
    effective_shares: Sequence[float],
    zero_shares: Sequence[float],
) -> None:
    """How the mixture is made up after each step, and how far the data were reweighted for it."""
    steps = np.arange(1, len(betas) + 1)
    with style():
        figure = Figure(figsize=(8, 2.9))
        left, right = figure.subplots(1, 2)
        figure.subplots_adjust(left=0.06, right=0.98, bottom=0.17, top=0.89)
        stack_weights(left, betas)
        left.set(title="mixture weights of the components", xlabel="boosting step", ylim=(0, 1))
        right.plot(steps, effective_shares, "o-", ms=4, label="effective share of the points")
        right.plot(steps, zero_shares, "s--", ms=4, color="tab:red", label="share of weight 0")
        right.set(
            title="weights of the training points", xlabel="boosting step", ylim=(-0.03, 1.05)
        )
        right.legend(fontsize=7)
        for axis in (left, right):
            axis.xaxis.get_major_locator().set_params(integer=True)
        save(figure, path)


def stack_weights(axis: Axes, betas: Sequence[float]) -> None:
    """Bars of the components' mixture weights after each step, from the weights of joining."""
    steps = np.arange(1, len(betas) + 1)
    bottom = np.zeros(len(betas))
    for component, color in enumerate(component_colors(len(betas))):
        rest = np.cumprod(1 - np.array(betas[component + 1 :]))
        height = betas[component] * np.append(1.0, rest)
        axis.bar(steps[component:], height, 0.85, bottom[component:], color=color)
        bottom[component:] += height


def component_colors(number: int) -> List[Tuple[float, ...]]:
    """A colour for each component, the same in every picture of ten components or fewer."""
    if number <= 10:
        return [colors.to_rgba(f"C{index}") for index in range(number)]
    return [cm.turbo(index / (number - 1)) for index in range(number)]


@functools.lru_cache(maxsize=2)
def _plane_sheet(low: Tuple[float, float], high: Tuple[float, float], reweighted: bool) -> Tuple:
    """The sheet of pictures of a plane between two corners, and the colour bar of the weights."""
    figure = Figure(figsize=(10, 8.2))
    axes = figure.subplots(2, 2).ravel()
    figure.subplots_adjust(left=0.05, right=0.9, bottom=0.05, top=0.95, wspace=0.25)
    weights = figure.colorbar(
        cm.ScalarMappable(cmap="viridis_r"), ax=axes[0], label="weight times N", shrink=0.85
    )
    if reweighted:
        norm = colors.Normalize(-LOG_RATIO_SHOWN, LOG_RATIO_SHOWN)
        figure.colorbar(
            cm.ScalarMappable(norm, "RdBu_r"),
            ax=axes[2],
            boundaries=RATIO_LEVELS,
            label="log10 of mixture / data",
            shrink=0.85,
            ticks=[-2, -1, 0, 1, 2],
        )
    for axis in axes:
        axis.set(xlim=(low[0], high[0]), ylim=(low[1], high[1]))
    return Sheet(figure, axes, [weights.ax]), weights


def _plane(picture: Picture) -> Sheet:
    scene, samples, probe_logits = picture.scene, picture.samples, picture.probe_logits
    sheet, weights = _plane_sheet(tuple(scene.low), tuple(scene.high), len(probe_logits) > 0)
    data, mixture, ratio, level = sheet.blank()
    weights.update_normal(_scatter_weighted(data, scene.points, picture.relative_weights))
    data.set_title(f"data by weight for component {picture.step}")

    for index, (points, color) in enumerate(zip(samples, component_colors(len(samples)))):
        dots(mixture, points, 3, color=color, alpha=0.7, label=str(index + 1))
    mixture.set_title(f"mixture of {len(samples)} by component")
    _legend_outside(mixture, "component")

    if len(probe_logits):
        side = int(np.sqrt(len(probe_logits)))
        log_ratio = np.clip(
            -probe_logits.reshape(side, side) / np.log(10), -LOG_RATIO_SHOWN, LOG_RATIO_SHOWN
        )
        ratio.contourf(*scene.grid(side), log_ratio, RATIO_LEVELS, cmap="RdBu_r")
        if log_ratio.min() < 0 < log_ratio.max():
            ratio.contour(*scene.grid(side), log_ratio, [0.0], colors="k", linewidths=0.7)
        dots(ratio, scene.points[::4], 2, color="k", alpha=0.4)
        ratio.set_title("density ratio before this step, data on it")
    else:
        dots(ratio, scene.points, 3, color="0.6")
        ratio.set_title("no density ratio: the data are not reweighted")

    _level_set(level, scene, picture.density)
    for axis in (data, mixture, ratio, level):
        mark_modes(axis, scene)
    return sheet


def _level_set(axis: Axes, scene: Scene, density: KernelDensity) -> None:
    x, y = scene.grid(GRID_SIDE)
    heights = density.log_density_on_grid(x, y)
    threshold = coverage.level(density)
    top = max(heights.max(), threshold + 1e-3)
    if heights.min() < threshold < heights.max():
        axis.contourf(x, y, heights, np.linspace(threshold, top, 9), cmap="Greens")
        axis.contour(x, y, heights, [threshold], colors="darkgreen", linewidths=0.8)
    shown = scene.points[::4]
    covered = density.log_density(shown, NEGLIGIBLE) > threshold
    dots(axis, shown[covered], 3, color="tab:blue", label="covered")
    dots(axis, shown[~covered], 5, color="tab:red", label="missed")
    axis.set_title(f"95 % level set of the mixture, data covered {covered.mean():.3f}")
    _legend_outside(axis, "data")


def _line(picture: Picture) -> Figure:
    scene, samples, density = picture.scene, picture.samples, picture.density
    figure = Figure(figsize=(8, 5))
    top, bottom = figure.subplots(2, 1, sharex=True, gridspec_kw={"height_ratios": [2, 1]})
    x = np.linspace(scene.low[0], scene.high[0], 800)
    bins = np.linspace(scene.low[0], scene.high[0], 120)
    top.hist(scene.points[:, 0], bins, density=True, color="0.8", label="data")
    everything = np.concatenate(samples)[:, 0]
    width = bins[1] - bins[0]
    below = np.zeros(len(bins) - 1)
    for points, color in zip(samples, component_colors(len(samples))):
        heights = np.histogram(points[:, 0], bins)[0] / (len(everything) * width)
        top.bar(bins[:-1], heights, width, below, align="edge", color=color, alpha=0.55, lw=0)
        below = below + heights
    top.plot(x, np.exp(density.log_density(x[:, None])), color="tab:blue", label="mixture (KDE)")
    if len(scene.means):
        density_at_x = np.exp(true_log_density(scene, x[:, None]))
        top.plot(x, density_at_x, "k--", lw=1, label="truth")
    top.set(title=f"mixture of {len(samples)}, samples stacked by component", ylabel="density")
    top.legend(fontsize=7)
    bottom.scatter(scene.points[:, 0], picture.relative_weights, s=3, c="tab:red", lw=0)
    bottom.set(title=f"weights times N for component {picture.step}", xlabel="x")
    return figure


def _pairs(picture: Picture) -> Figure:
    scene, samples = picture.scene, picture.samples
    centre = scene.points.mean(axis=0)
    axes_count = min(3, *scene.points.shape)
    _, spread, directions = np.linalg.svd(scene.points - centre, full_matrices=False)
    directions = directions[:axes_count].T
    explained = np.square(spread[:axes_count]) / np.square(spread).sum()
    real = (scene.points - centre) @ directions
    colours = component_colors(len(samples))
    figure = Figure(figsize=(10, 8.4))
    grid = figure.subplots(axes_count, axes_count, gridspec_kw={"hspace": 0.35, "wspace": 0.25})
    bounds = np.percentile(real, [0, 100], axis=0)
    pad = 0.1 * (bounds[1] - bounds[0]) + 1e-9
    for row in range(axes_count):
        for column in range(axes_count):
            axis = grid[row][column]
            axis.set_xlim(bounds[0][column] - pad[column], bounds[1][column] + pad[column])
            if row == column:
                bins = np.linspace(*axis.get_xlim(), 60)
                generated = (np.concatenate(samples) - centre) @ directions
                axis.hist(real[:, row], bins, density=True, color="0.75", label="data")
                # A density over all samples, of which the frame may hold none.
                each = np.full(len(generated), 1 / (len(generated) * (bins[1] - bins[0])))
                axis.hist(
                    generated[:, row],
                    bins,
                    weights=each,
                    histtype="step",
                    color="k",
                    label="mixture",
                )
                axis.set_title(f"principal component {row + 1}: {100 * explained[row]:.0f} %")
                if row == 0:
                    axis.legend(fontsize=7)
                continue
            axis.set_ylim(bounds[0][row] - pad[row], bounds[1][row] + pad[row])
            if row < column:
                drawn = _scatter_weighted(axis, real[:, [column, row]], picture.relative_weights)
            else:
                for points, colour in zip(samples, colours):
                    projected = (points - centre) @ directions
                    dots(axis, projected[:, [column, row]], 3, color=colour)
    figure.colorbar(drawn, ax=grid, label="weight times N", shrink=0.6)
    figure.suptitle(
        f"step {picture.step}: data by weight above the diagonal, mixture of {len(samples)} "
        f"by component below",
        y=0.94,
    )
    return figure


def _images(picture: Picture) -> Figure:
    scene, samples = picture.scene, picture.samples
    columns = 12
    heaviest = np.argsort(-picture.relative_weights, kind="stable")[:columns]
    rows = [
        ("data", scene.points[np.linspace(0, len(scene.points) - 1, columns).astype(int)]),
        ("largest weight", scene.points[heaviest]),
    ]
    last_components = list(enumerate(samples))[-10:]
    rows += [(f"component {index + 1}", points[:columns]) for index, points in last_components]
    figure = Figure(figsize=(columns * 0.62, len(rows) * 0.66 + 0.5))
    grid = figure.subplots(len(rows), columns, squeeze=False)
    limits = np.percentile(scene.points, [0, 100])
    for line, (name, points) in zip(grid, rows):
        for axis in line:
            axis.axis("off")
        for axis, point in zip(line, points):
            show_image(axis, point.reshape(scene.shape), limits)
        line[0].text(
            -0.15, 0.5, name, transform=line[0].transAxes, ha="right", va="center", fontsize=7
        )
    grid[0][0].set_title(
        f"step {picture.step}: data, data of the largest weight, and samples by component",
        loc="left",
    )
    return figure


def show_image(axis: Axes, image: np.ndarray, limits: np.ndarray) -> None:
    """Draws [h, w] or [h, w, c]; limits: lowest and highest value of all data."""
    scaled = np.clip((image - limits[0]) / max(limits[1] - limits[0], 1e-12), 0, 1)
    axis.imshow(scaled.squeeze(), cmap="gray_r", vmin=0, vmax=1, interpolation="nearest")


def _scatter_weighted(axis: Axes, points: np.ndarray, relative_weights: np.ndarray) -> Any:
    """Points of weight 0 in grey, the others by weight, the heavy ones on top."""
    gone = relative_weights <= 0
    dots(axis, points[gone], 3, color="0.85")
    order = np.argsort(relative_weights[~gone], kind="stable")
    weight = relative_weights[~gone][order]
    norm = colors.Normalize(0, max(1.0, float(np.percentile(weight, 99))))
    return axis.scatter(*points[~gone][order].T, s=4, c=weight, cmap="viridis_r", norm=norm, lw=0)


def dots(axis: Axes, points: np.ndarray, area: float, **looks: Any) -> None:
    """[n, 2] points of one look: as `axis.scatter` without its search for each marker's extent."""
    axis.plot(*points.T, "o", ms=np.sqrt(area), mew=0, zorder=1, **looks)


def mark_modes(axis: Axes, scene: Scene) -> None:
    """Crosses at the means of a known truth in the plane, unless they are too many."""
    if 0 < len(scene.means) <= 50:
        axis.plot(*scene.means.T, "k+", ms=np.sqrt(30), mew=0.7)


def _legend_outside(axis: Axes, title: str) -> None:
    if len(axis.get_legend_handles_labels()[0]) <= 25:
        axis.legend(
            title=title, loc="center left", bbox_to_anchor=(1.0, 0.5), fontsize=7, markerscale=4
        )


def true_log_density(scene: Scene, points: np.ndarray) -> np.ndarray:
    """[n] log density of a known truth at [n, d] points, in nats."""
    squares = np.square(points[:, None, :] - scene.means[None]).sum(axis=-1)
    constant = -0.5 * scene.means.shape[1] * np.log(2 * np.pi * scene.sigma**2)
    weighted = -0.5 * squares / scene.sigma**2 + np.log(scene.mode_weights)
    return logsumexp(weighted, axis=1) + constant


def keep_outliers_from_hiding_the_rest(axis: Axes, values: np.ndarray, perfect: Spread) -> None:
    """A first component's log p may be -80 where the others lie around -4."""
    best = max(values.max(), perfect.high.log_p)
    lowest = min(np.median(values), perfect.low.log_p)
    floor = lowest - 2 * (best - lowest) - 0.5
    if values.min() < floor:
        axis.set_ylim(floor, best + 0.1 * (best - floor))
        axis.set_title("log p (nats), low outliers cut off")


def save(figure: Union[Figure, Sheet], path: str) -> None:
    """Writes the picture whole or not at all."""
    pixels = figure.pixels() if isinstance(figure, Sheet) else _pixels(figure)
    with durable.replacing(path) as file:
        # Few colours: more effort makes the file a tenth smaller and takes half as long again.
        Image.fromarray(pixels).convert("RGB").save(file, "PNG", compress_level=1)


def _pixels(figure: Figure) -> np.ndarray:
    canvas = FigureCanvasAgg(figure)
    canvas.draw()
    return np.asarray(canvas.buffer_rgba())
