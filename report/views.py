"""What the pictures of a run show: the data, and one step over them. Saved for drawing later.

Imports neither TensorFlow nor matplotlib.
"""

import io
from typing import Dict, NamedTuple, Sequence, Tuple

import numpy as np
from scipy.special import logsumexp

from evaluation.calibration import Unseen
from evaluation.kde import KernelDensity

POINTS_SHOWN = 4000
NUMBERS_SHOWN = 1_000_000
"""At most so many points, and so many coordinates, are kept for a picture."""
MARKS = 65
"""Of a ruler that tells the user's values along an axis."""
GRID_SIDE = 80
"""The plane's density ratio is drawn on a grid of so many points a side."""


def points_shown(number: int, shape: Tuple[int, ...]) -> int:
    """How many of so many points of this shape a picture shows."""
    return int(min(number, POINTS_SHOWN, max(100, NUMBERS_SHOWN // int(np.prod(shape)))))


class DataView(NamedTuple):
    """The data as every picture of a run shows them."""

    shape: Tuple[int, ...]
    points: np.ndarray  # [n, prod(shape)] training points
    means: np.ndarray  # [modes, prod(shape)] of the true mixture; none where it is not known
    sigma: float
    mode_weights: np.ndarray  # [modes]
    low: np.ndarray  # [prod(shape)] corner of the frame
    high: np.ndarray
    names: Tuple[str, ...]  # of a table's coordinates; () of others
    rulers: np.ndarray  # [prod(shape), 2, marks] points along each, and the user's values there
    gaps: np.ndarray  # [g, 3] coordinates that may be missing, those that say so, and from where on

    @staticmethod
    def of(
        shape: Tuple[int, ...], points: np.ndarray, truth: Tuple = (), units: Tuple = ()
    ) -> "DataView":
        """What all pictures of a run have in common.

        Args:
          shape: of a point.
          points: [n, *shape] training points.
          truth: means, sigma and weights of the modes, where they are known.
          units: names, shift and scale of a table's coordinates; by coordinate, where more is
            done than that, [2, k] the user's values and what they are before shift and scale; and
            by coordinate that may be missing the one that says so, and from where on.
        """
        flat = points.reshape(len(points), -1).astype(np.float64)
        names, shift, scale, *more = units or ((), np.zeros(flat.shape[1]), np.ones(flat.shape[1]))
        knots, gaps = (*more, {}, {})[:2]
        low, high = np.percentile(flat, [0.5, 99.5], axis=0)
        for own, (says, above) in gaps.items():  # what stands for a missing number is no number
            there = flat[flat[:, says] <= above, own]
            if len(there):
                low[own], high[own] = np.percentile(there, [0.5, 99.5])
        size, spread = np.maximum(np.abs(high), 1e-6), high - low
        # Percentiles of equal numbers may differ in their last digit.
        margin = 0.15 * np.where(spread > 1e-12 * size, spread, size)
        means, sigma, weights = truth or (np.zeros((0, flat.shape[1])), 1.0, np.zeros(0))
        low, high = low - margin, high + margin
        rulers = _rulers(low, high, shift, scale, knots) if names else np.zeros((len(low), 2, 0))
        return DataView(
            shape=shape,
            points=flat,
            means=means,
            sigma=sigma,
            mode_weights=weights,
            low=low,
            high=high,
            names=names,
            rulers=rulers,
            gaps=np.array([(own, *says) for own, says in gaps.items()]).reshape(-1, 3),
        )

    @property
    def is_plane(self) -> bool:
        """Whether points are two numbers."""
        return self.points.shape[1] == 2

    def value(self, coordinate: int, point: float) -> float:
        """In the user's units, of a table's coordinate; beyond the frame as at its edge."""
        marks, values = self.rulers[coordinate]
        if marks[0] <= point <= marks[-1]:
            return float(np.interp(point, marks, values))
        near, far = (0, 1) if point < marks[0] else (-1, -2)
        slope = (values[near] - values[far]) / (marks[near] - marks[far])
        return float(values[near] + slope * (point - marks[near]))

    def place(self, coordinate: int, values: np.ndarray) -> np.ndarray:
        """Where the user's values lie along a table's coordinate.

        Beyond the data's least and largest value a ruler may stand still. They lie where it does
        first, seen from the middle: there are the points.
        """
        marks, ruler = self.rulers[coordinate]
        rounding = 1e-12 * (ruler[-1] - ruler[0])
        begin = np.searchsorted(ruler, ruler[0] + rounding, "right") - 1
        end = max(np.searchsorted(ruler, ruler[-1] - rounding), begin) + 1
        return np.interp(values, ruler[begin:end], marks[begin:end])

    def present(self, points: np.ndarray, coordinate: int) -> np.ndarray:
        """A coordinate of those of [n, d] points that do not lack it."""
        for own, says, above in self.gaps:
            if own == coordinate:
                points = points[points[:, int(says)] <= above]
        return points[:, coordinate]

    @property
    def is_image(self) -> bool:
        """Whether points are [h, w] or [h, w, c] of a side that shows something."""
        colour = len(self.shape) == 3 and self.shape[2] in (1, 3)
        return (len(self.shape) == 2 or colour) and min(self.shape[:2]) > 1

    def true_log_density(self, points: np.ndarray) -> np.ndarray:
        """[n] log density of the known truth at [n, d] points, in nats."""
        squares = np.square(points[:, None, :] - self.means[None]).sum(axis=-1)
        constant = -0.5 * self.means.shape[1] * np.log(2 * np.pi * self.sigma**2)
        weighted = -0.5 * squares / self.sigma**2 + np.log(self.mode_weights)
        return logsumexp(weighted, axis=1) + constant

    def grid(self, side: int) -> Tuple[np.ndarray, np.ndarray]:
        """Coordinates of a grid over the plane, along each axis."""
        return (
            np.linspace(self.low[0], self.high[0], side),
            np.linspace(self.low[1], self.high[1], side),
        )

    def probe(self) -> np.ndarray:
        """[side^2, *shape] float32 points of that grid; none unless the points lie in a plane."""
        if not self.is_plane:
            return np.zeros((0, *self.shape), np.float32)
        mesh = np.stack(np.meshgrid(*self.grid(GRID_SIDE)), axis=-1)
        return mesh.reshape(-1, *self.shape).astype(np.float32)


def _rulers(
    low: np.ndarray,
    high: np.ndarray,
    shift: np.ndarray,
    scale: np.ndarray,
    knots: Dict[int, Tuple[np.ndarray, np.ndarray]],
) -> np.ndarray:
    """[d, 2, MARKS] points along each coordinate from its end to the other, and values there."""
    marks = np.linspace(low, high, MARKS, axis=1)
    for own, (_, before) in knots.items():
        _move_onto(marks[own], (before - shift[own]) / scale[own])
    values = marks * scale[:, None] + shift[:, None]
    for own, (users, before) in knots.items():
        values[own] = np.interp(values[own], before, users)
    return np.stack([marks, values], axis=1)


def _move_onto(marks: np.ndarray, bends: np.ndarray) -> None:
    """Moves each bend's nearest mark onto it, where a bent ruler's values are exact then.

    Args:
      marks: [m] evenly spaced ones, changed in place; the first and the last stay.
      bends: [k] sorted.
    """
    nearest = np.rint((bends - marks[0]) / (marks[1] - marks[0]))
    inside = (nearest > 0) & (nearest < len(marks) - 1)
    moved = nearest[inside].astype(int)
    marks[moved] = bends[inside]  # of several bends, the last one
    marks[moved[:1]] = bends[inside][:1]  # and at the data's least value the first


class StepView(NamedTuple):
    """One boosting step: the weighted data, the mixture, the density ratio, the level set."""

    step: int
    view: DataView
    relative_weights: np.ndarray  # [n] weights of the view's points times N; 1: unweighted
    samples: Sequence[np.ndarray]  # of the mixture, [n, prod(shape)] by component
    density: KernelDensity  # of the mixture
    probe_logits: np.ndarray  # the mixture discriminator's on `view.probe()`, or none
    unseen: Unseen  # what tells whether it is calibrated
    apart: np.ndarray = np.zeros(0)  # [d] of a table, as scored: how far each column is from data

    def save(self, path: str) -> None:
        """Writes all of it as .npz."""
        parts = {f"view_{name}": value for name, value in self.view._asdict().items()}
        parts["view_names"] = np.array(self.view.names, np.str_)
        parts.update((f"unseen_{name}", value) for name, value in self.unseen._asdict().items())
        written = io.BytesIO()  # on a full disk, a zip file complains once more where it ends
        np.savez(
            written,
            step=self.step,
            relative_weights=self.relative_weights,
            samples=np.concatenate(self.samples),
            sample_counts=[len(points) for points in self.samples],
            density_samples=self.density.samples,
            bandwidth=self.density.bandwidth,
            probe_logits=self.probe_logits,
            apart=self.apart,
            **parts,
        )
        with open(path, "wb") as file:
            file.write(written.getbuffer())

    @staticmethod
    def load_own(path: str) -> Tuple[np.ndarray, np.ndarray]:
        """Of what `save` wrote, the relative weights and the samples of the step's component."""
        with np.load(path) as saved:
            others = int(saved["sample_counts"][:-1].sum())
            return saved["relative_weights"], saved["samples"][others:]

    @staticmethod
    def load(path: str) -> "StepView":
        """Reads what `save` wrote."""
        with np.load(path) as saved:
            view = {name: saved[f"view_{name}"] for name in DataView._fields}
            view["shape"], view["sigma"] = tuple(view["shape"]), float(view["sigma"])
            view["names"] = tuple(map(str, view["names"]))
            return StepView(
                int(saved["step"]),
                DataView(**view),
                saved["relative_weights"],
                np.split(saved["samples"], np.cumsum(saved["sample_counts"])[:-1]),
                KernelDensity(saved["density_samples"], float(saved["bandwidth"])),
                saved["probe_logits"],
                Unseen(*(saved[f"unseen_{name}"] for name in Unseen._fields)),
                saved["apart"],
            )
