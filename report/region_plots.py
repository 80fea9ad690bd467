"""Who failed at which region: what each component was asked for, and what it made."""

from typing import List

import numpy as np
from matplotlib import cm, colors
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from evaluation import regions
from evaluation.regions import ByRegion, Regions
from report import drawing
from report.views import DataView

COLUMNS, ROWS = 12, 20
"""Regions shown, those that the mixture lacks most; and components, the last ones."""
LETTERS = 130
"""Of columns' names that have room beside each other."""
SHARES = colors.LogNorm(0.002, 2.0, clip=True)
RATIOS = colors.Normalize(-2.0, 2.0, clip=True)
"""Of log10; red is too much, blue too little, as in the pictures of density ratios."""
MARK = "#d62728"
LEFT, ACROSS = 0.1, 0.885
"""Of the cells, in widths of the figure."""
LEGEND = (
    "In each cell, left: % of the weights of the component's data in the region (asked for); "
    "right: % of the component's own samples there (made).\n"
    "Framed in red: asked for, not made. Last row: the mixture's share over the data's, "
    "and why it is small."
)


def draw_regions(path: str, view: DataView, found: Regions, by_region: ByRegion) -> None:
    """Draws a row for each component and a column for each region into a .png.

    Args:
      path: of it.
      view: of the data.
      found: regions of the data.
      by_region: shares in them.
    """
    lack = np.where(np.isnan(by_region.ratio), np.inf, by_region.ratio)
    shown = np.sort(np.argsort(lack, kind="stable")[:COLUMNS])
    heads = _heads(view, found, by_region.sizes)
    picture = 0.62 if view.is_image else 0.0  # inches of one above each head
    top = 0.62 + picture + 0.145 * max(head.count("\n") + 1 for head in heads)
    first = max(0, len(by_region.asked) - ROWS)
    grid = 0.3 * (len(by_region.asked) - first)
    height = top + grid + 1.15
    with drawing.style():
        figure = Figure(figsize=(10, height))
        cells = figure.add_axes([LEFT, 1.05 / height, ACROSS, grid / height])
        last = figure.add_axes([LEFT, 0.5 / height, ACROSS, 0.42 / height])
        _components(cells, by_region, shown, first)
        cells.set_xticks(np.arange(len(shown)))
        cells.set_xticklabels([heads[region] for region in shown], fontsize=7.5)
        few = f": the {len(shown)} of {len(heads)} that the mixture lacks most"
        title = "what each component was asked for, and what it made, by region of the data"
        title += few if len(shown) < len(heads) else ""
        figure.text(LEFT, 1 - 0.1 / height, title, va="top", fontsize=10)
        naming = "region: share of the data" + ("" if view.is_image else ", where it lies")
        figure.text(LEFT, 1 - 0.33 / height, naming, va="top", fontsize=7.5)
        if picture:
            _show_means(figure, view, found, shown, 1 - (0.48 + picture) / height)
        _mixture(last, by_region, shown)
        figure.text(LEFT, 0.08 / height, LEGEND, fontsize=7.5, va="bottom")
        drawing.save(figure, path)


def _show_means(
    figure: Figure, view: DataView, found: Regions, shown: np.ndarray, bottom: float
) -> None:
    """The mean of each region of images, above its column."""
    limits = np.percentile(view.points, [0, 100])
    step, high = ACROSS / len(shown), 0.58 / figure.get_figheight()
    for column, image in enumerate(regions.means(found, view.points)[shown]):
        axis = figure.add_axes([LEFT + (column + 0.1) * step, bottom, 0.8 * step, high])
        axis.axis("off")
        drawing.show_image(axis, np.nan_to_num(image).reshape(view.shape), limits)


def _components(axis: Axes, by_region: ByRegion, shown: np.ndarray, first: int) -> None:
    """A cell of two halves for each component from the first on, and each region."""
    pairs = np.stack([by_region.asked, by_region.made], axis=-1)[first:, shown]
    rows, columns = pairs.shape[:2]
    axis.imshow(
        cm.Blues(SHARES(np.nan_to_num(pairs).reshape(rows, -1))),
        aspect="auto",
        extent=(-0.5, columns - 0.5, rows - 0.5, -0.5),
        interpolation="nearest",
    )
    for (row, column, half), share in np.ndenumerate(pairs):
        at = (column - 0.25 + 0.5 * half, row)
        colour = "white" if share > 0.15 else "black"
        axis.text(*at, _percent(share), color=colour, fontsize=7.5, ha="center", va="center")
    _grid(axis, rows, columns)
    for row, column in np.argwhere(by_region.not_made()[first:, shown]):
        corner = (column - 0.47, row - 0.44)
        axis.add_patch(Rectangle(corner, 0.94, 0.88, fill=False, ec=MARK, lw=2, zorder=3))
    axis.set_yticks(np.arange(rows))
    axis.set_yticklabels([f"component {first + row + 1}" for row in range(rows)], fontsize=7.5)
    axis.xaxis.tick_top()


def _mixture(axis: Axes, by_region: ByRegion, shown: np.ndarray) -> None:
    """The whole mixture's share over the data's, and whose fault it is where that is small."""
    ratio, lacked = by_region.ratio[shown], by_region.lacked()
    with np.errstate(divide="ignore"):
        heights = np.nan_to_num(np.log10(ratio), nan=0.0, neginf=-2.0)
    axis.imshow(
        cm.RdBu_r(0.5 + 0.45 * (RATIOS(heights)[None] - 0.5)),  # pale, to be written on
        aspect="auto",
        extent=(-0.5, len(shown) - 0.5, 0.5, -0.5),
        interpolation="nearest",
    )
    for column, region in enumerate(shown):
        why = lacked[region]
        text = "" if np.isnan(ratio[column]) else f"{ratio[column]:.2f}"
        axis.text(column, -0.18 if why else 0, text, fontsize=7.5, ha="center", va="center")
        axis.text(column, 0.25, why, fontsize=7, ha="center", va="center", weight="bold")
    _grid(axis, 1, len(shown))
    axis.set_xticks([])
    axis.set_yticks([0])
    axis.set_yticklabels(["mixture over\ndata"], fontsize=7.5)


def _grid(axis: Axes, rows: int, columns: int) -> None:
    """White lines between cells, and no others."""
    axis.vlines(np.arange(1, columns) - 0.5, -0.5, rows - 0.5, color="white", lw=5)
    axis.hlines(np.arange(1, rows) - 0.5, -0.5, columns - 0.5, color="white", lw=1.5)
    axis.tick_params(length=0)
    for spine in axis.spines.values():
        spine.set_visible(False)


def _heads(view: DataView, found: Regions, sizes: np.ndarray) -> List[str]:
    """What each region is called: its size, and where it lies if few numbers can say that."""
    heads = [f"{_percent(size)} %" for size in sizes]
    size = view.points.shape[1]
    if not view.names and size > 2:
        return heads
    if not view.names:
        places = [", ".join(f"{x:.1f}" for x in centre) for centre in found.centres + found.origin]
        form = "{}\n({})" if size > 1 else "{}\n{}"
        return [form.format(*both) for both in zip(heads, places)]
    letters = LETTERS // min(COLUMNS, len(sizes))
    region_means = regions.means(found, view.points)
    for number, columns in enumerate(regions.telling(region_means, view.points, 2)):
        for column in columns:
            value = view.value(column, region_means[number, column])
            start, end = view.rulers[column][1][[0, -1]]
            heads[number] += (
                f"\n{_short(view.names[column], letters)}\n{_plain(value, end - start)}"
            )
    return heads


def _short(name: str, letters: int) -> str:
    return name if len(name) <= letters else name[: letters - 1] + "…"


def _plain(value: float, spread: float) -> str:
    """To a hundredth of the spread, about: what is next to nothing in it is 0."""
    digits = 2 - int(np.floor(np.log10(spread)))
    text = f"{np.round(value, digits) + 0.0:,.{max(digits, 0)}f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def _percent(share: float) -> str:
    """A share in per cent, of two digits; "-" for nan."""
    if np.isnan(share):
        return "-"
    percent = 100 * share
    if 0 < percent < 0.05:
        return "<0.1"
    return f"{percent:.0f}" if percent >= 9.95 or share == 0 else f"{percent:.1f}"
