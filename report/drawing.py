"""How pictures are drawn and written; none of it needs a display."""

import contextlib
import io
import os
from typing import Any, Callable, Iterator, List, Sequence, Tuple, Union

import numpy as np
from matplotlib import cm, colors
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.axis import Axis
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.style import context
from matplotlib.ticker import MaxNLocator
from PIL import Image

from base import durable
from report.views import DataView

NEGLIGIBLE = -40.0
"""Log of a kernel, over the largest at a point, that changes no digit of a density."""
COMPONENTS = (
    *("#1673f5", "#aae707", "#612402", "#1aa8eb", "#20835c"),
    *("#641986", "#977208", "#74ee7d", "#0e08f4", "#472b45"),
)
"""Found by a search: apart for readers who see no red or no green too."""
LABEL = 0.2
"""Of an axis, that a number at a tick takes."""
DATES = {"svg": "Date", "pdf": "CreationDate"}
"""Kinds of files for print, and what is left out of them so that equal pictures are equal files."""
PRINT_DPI = 200
"""Of points and areas there: as shapes they would be most of the size, and of the time."""
POINTS, ABOVE = 1.0, 1.5
"""Depth of points, as of areas; and what lies deeper than that is made of pixels there."""
STYLE = {
    "font.size": 9,
    "axes.titlesize": 10,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": False,
    "legend.frameon": False,
    "figure.dpi": 140,
    "svg.hashsalt": "",  # for the same reason
    "pdf.fonttype": 42,  # journals refuse the other one
    "image.cmap": cm.viridis,  # by its name it is looked up anew for each level of a contour
}


def style() -> contextlib.AbstractContextManager:
    """Within it, pictures look as they should, whatever a user's matplotlibrc says."""
    return context(["default", STYLE])


class Sheet:
    """A figure whose frame is drawn once; then pictures that share the frame, one after another.

    Axes with their ticks and labels, and legends, are most of the work of a picture.
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
        self._legends = [axis.get_legend() for axis in axes]
        self._framing: List[Artist] = [figure.patch, *filter(None, self._legends)]
        for axis in figure.axes:
            parts = [axis.patch, axis.xaxis, axis.yaxis] if axis in axes else [axis]
            self._framing += [part for part in parts if part not in changing]
        for artist in changing:
            artist.set_visible(True)
        self._show_frame(False)

    def _show_frame(self, whether: bool) -> None:
        for artist in self._framing:
            artist.set_visible(whether)

    def blank(self) -> Sequence[Axes]:
        """The axes without what the last picture drew on them."""
        for axis, legend in zip(self._axes, self._legends):
            for artist in [*axis.lines, *axis.patches, *axis.collections, *axis.texts]:
                artist.remove()
            axis.containers.clear()
            axis.legend_ = legend
            axis.relim()
        return self._axes

    def pixels(self) -> np.ndarray:
        """What is drawn, [height, width, 4] uint8."""
        self._canvas.restore_region(self._frame)
        self.figure.draw(self._canvas.get_renderer())
        return np.asarray(self._canvas.buffer_rgba())

    @contextlib.contextmanager
    def whole(self) -> Iterator[Figure]:
        """The figure with its frame, for what draws no pixels."""
        self._show_frame(True)
        try:
            yield self.figure
        finally:
            self._show_frame(False)


def save(figure: Union[Figure, Sheet], path: str) -> None:
    """Writes the picture whole or not at all: a .png, or an .svg or .pdf to be published."""
    kind = os.path.splitext(path)[1][1:]
    if kind in DATES:
        whole = figure.whole() if isinstance(figure, Sheet) else contextlib.nullcontext(figure)
        with durable.replacing(path) as file, whole as drawn:
            drawn.savefig(file, format=kind, dpi=PRINT_DPI, metadata={DATES[kind]: None})
        return
    written = as_png(figure)
    with durable.replacing(path) as file:
        file.write(written)


def as_png(figure: Union[Figure, Sheet]) -> bytes:
    """The picture as the bytes of a .png."""
    written = io.BytesIO()
    # Few colours: more effort makes the file a tenth smaller and takes half as long again.
    Image.fromarray(_pixels(figure)).convert("RGB").save(written, "PNG", compress_level=1)
    return written.getvalue()


def _pixels(figure: Union[Figure, Sheet]) -> np.ndarray:
    if isinstance(figure, Sheet):
        return figure.pixels()
    canvas = FigureCanvasAgg(figure)
    canvas.draw()
    return np.asarray(canvas.buffer_rgba())


def component_colors(number: int) -> List[Tuple[float, ...]]:
    """A colour for each component, the same in every picture of ten components or fewer."""
    if number <= 10:
        return [colors.to_rgba(name) for name in COMPONENTS[:number]]
    return [cm.turbo(index / (number - 1)) for index in range(number)]


def dots(axis: Axes, points: np.ndarray, area: float, **looks: Any) -> None:
    """[n, 2] points of one look: as `axis.scatter` without its search for each marker's extent."""
    axis.set_rasterization_zorder(ABOVE)
    axis.plot(*points.T, "o", ms=np.sqrt(area), mew=0, zorder=POINTS, **looks)


def scatter_weighted(axis: Axes, points: np.ndarray, relative_weights: np.ndarray) -> Any:
    """Points of weight 0 in grey, the others by weight, the heavy ones on top."""
    gone = relative_weights <= 0
    dots(axis, points[gone], 3, color="0.85")
    order = np.argsort(relative_weights[~gone], kind="stable")
    weight = relative_weights[~gone][order]
    norm = colors.Normalize(0, max(1.0, float(np.percentile(weight, 99))))
    return axis.scatter(*points[~gone][order].T, s=4, c=weight, cmap="viridis_r", norm=norm, lw=0)


def mark_modes(axis: Axes, view: DataView) -> None:
    """Crosses at the means of a known truth in the plane, unless they are too many."""
    if 0 < len(view.means) <= 50:
        axis.plot(*view.means.T, "k+", ms=np.sqrt(30), mew=0.7)


def label_axis(axis: Axis, view: DataView, coordinate: int) -> None:
    """Name and ticks of a table's column, in the user's units; a name alone for other points.

    Args:
      axis: x or y, whose limits are set.
      view: of the data.
      coordinate: that is drawn along it.
    """
    if not view.names:
        axis.set_label_text("x" if len(view.low) == 1 else f"coordinate {coordinate + 1}")
        return
    points, values = view.rulers[coordinate]
    ends = np.interp(axis.get_view_interval(), points, values)
    ticks = _apart(lambda each: view.place(coordinate, each), *ends)
    axis.set_ticks(view.place(coordinate, ticks))
    axis.set_ticklabels(_texts(ticks))
    axis.set_label_text(view.names[coordinate])


def _apart(place: Callable[[np.ndarray], np.ndarray], low: float, high: float) -> np.ndarray:
    """Round numbers that do not stand on each other, where a ruler is no straight one either.

    Args:
      place: along the axis, of numbers.
      low: its end, in the same numbers.
      high: its other end.
    """
    room = LABEL * (place(high) - place(low))
    kept: List[float] = []
    for most in (4, 40):  # few at equal steps; where they crowd, finer ones have room elsewhere
        ticks = MaxNLocator(most, steps=[1, 2, 2.5, 5, 10]).tick_values(low, high)
        for tick in ticks[(ticks >= low) & (ticks <= high)]:
            if all(abs(place(tick) - place(other)) >= room for other in kept):
                kept.append(tick)
        if len(kept) > 2:
            break
    return np.sort(kept)


def name_pair(axis: Axes, row: int, column: int, count: int, made_of: str) -> None:
    """Names at the edges of a matrix of panels, and below each direction what it is made of."""
    if row == column:
        axis.set_ylabel("density", fontsize=7)
    elif column == 0:
        axis.set_ylabel(f"principal component {row + 1}", fontsize=7)
    if row == column and made_of:
        axis.set_xlabel(made_of, fontsize=7)
    elif row == count - 1:
        axis.set_xlabel(f"principal component {column + 1}", fontsize=7)


def _texts(ticks: np.ndarray) -> List[str]:
    """As many digits as tell the ticks apart, from six on."""
    for digits in range(6, 18):
        texts = [f"{tick:.{digits}g}" for tick in ticks]
        apart = len(set(texts)) == len(texts)
        if apart and np.allclose([float(text) for text in texts], ticks, rtol=1e-12, atol=0):
            return texts
    return texts


def legend_outside(axis: Axes, title: str) -> None:
    """A legend on the right of the axes, unless it would be too long."""
    if len(axis.get_legend_handles_labels()[0]) <= 25:
        axis.legend(
            title=title, loc="center left", bbox_to_anchor=(1.0, 0.5), fontsize=7, markerscale=4
        )


def show_image(axis: Axes, image: np.ndarray, limits: np.ndarray) -> None:
    """Draws [h, w] or [h, w, c]; limits: lowest and highest value of all data."""
    scaled = np.clip((image - limits[0]) / max(limits[1] - limits[0], 1e-12), 0, 1)
    axis.imshow(scaled.squeeze(), cmap="gray_r", vmin=0, vmax=1, interpolation="nearest")
