"""What the pictures of a run show: the data, and one step over them. Saved for drawing later.

Imports neither TensorFlow nor matplotlib.
"""

import io
from typing import NamedTuple, Sequence, Tuple

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
        low, high = np.percentile(flat, [0.5, 99.5], axis=0)
        size, spread = np.maximum(np.abs(high), 1e-6), high - low
        # Percentiles of equal numbers may differ in their last digit.
        margin = 0.15 * np.where(spread > 1e-12 * size, spread, size)
        means, sigma, weights = truth or (np.zeros((0, flat.shape[1])), 1.0, np.zeros(0))
        low, high = low - margin, high + margin
        size = flat.shape[1]
        names, shift, scale, *more = units or ((), np.zeros(size), np.ones(size))
        knots, gaps = (*more, {}, {})[:2]
        marks = np.linspace(low, high, MARKS, axis=1) if names else np.zeros((size, 0))
        values = marks * scale[:, None] + shift[:, None]
        for coordinate, (users, before) in knots.items():
            values[coordinate] = np.interp(values[coordinate], before, users)
        return DataView(
            shape=shape,
            points=flat,
            means=means,
            sigma=sigma,
            mode_weights=weights,
            low=low,
            high=high,
            names=names,
            rulers=np.stack([marks, values], axis=1),
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


class StepView(NamedTuple):
    """One boosting step: the weighted data, the mixture, the density ratio, the level set."""

    step: int
    view: DataView
    relative_weights: np.ndarray  # [n] weights of the view's points times N; 1: unweighted
    samples: Sequence[np.ndarray]  # of the mixture, [n, prod(shape)] by component
    density: KernelDensity  # of the mixture
    probe_logits: np.ndarray  # the mixture discriminator's on `view.probe()`, or none
    unseen: Unseen  # what tells whether it is calibrated

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
            )
