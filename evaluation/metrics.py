"""All figures of a mixture from its samples, and what a perfect sampler scores on the same sizes.

Imports no TensorFlow.
"""

import dataclasses
import math
from typing import List, NamedTuple, Optional, Tuple

import numpy as np

from base.options import option
from evaluation import coverage, modes
from evaluation.kde import KernelDensity

VALIDATION = 500
"""Samples that choose the KDE's bandwidth, as published."""
REAL = 500
"""Points of the data that C and log_p look at, as published."""
FRESH = 2500
"""Samples for modes, high quality and reverse KL, as in VEEGAN and PacGAN."""


@dataclasses.dataclass(frozen=True)
class EvaluationSettings:
    """How the mixture is scored."""

    eval_points_num: int = option(
        1000, "Samples for the density estimate behind C and log_p.", bounds="[2, 100000]"
    )


class Sizes(NamedTuple):
    """Points that one evaluation takes."""

    samples: int  # of the model, for the KDE
    validation: int  # of the model, for the KDE's bandwidth
    real: int  # of the data
    fresh: int  # of the model, for the modes

    @property
    def of_model(self) -> int:
        """Samples of the model in all."""
        return self.samples + self.validation + self.fresh

    @property
    def of_data(self) -> int:
        """Points of the data that the evaluation of a perfect sampler's C and log_p takes."""
        return self.samples + self.validation + self.real


def published_sizes(settings: EvaluationSettings) -> Sizes:
    """The sizes of the published metric."""
    return Sizes(settings.eval_points_num, VALIDATION, REAL, FRESH)


def scaled_sizes(sizes: Sizes, held_out: int) -> Sizes:
    """The same proportions where only so many points of the data are held out of training."""
    if held_out >= sizes.of_data:
        return sizes
    share = held_out / sizes.of_data
    samples, validation = max(2, int(share * sizes.samples)), max(1, int(share * sizes.validation))
    return Sizes(samples, validation, max(1, held_out - samples - validation), sizes.fresh)


class Metrics(NamedTuple):
    """Figures of one draw of samples; nan where the truth is not known."""

    log_p: float
    coverage: float
    modes: float
    high_quality: float
    reverse_kl: float
    width: float


def score(
    drawn: np.ndarray,
    real: np.ndarray,
    sizes: Sizes,
    truth: Optional[Tuple[np.ndarray, float, np.ndarray]],
) -> Tuple[Metrics, KernelDensity]:
    """Scores samples of a model.

    Args:
      drawn: [sizes.of_model, d] samples in random order (without the fresh ones where the truth is
        not known).
      real: [sizes.real, d] points of the data that no training saw.
      sizes: how to divide the samples.
      truth: means [modes, d], sigma and weights [modes] of the true mixture, where known.

    Returns:
      The figures, and the density estimate.
    """
    samples, validation, fresh = np.split(drawn, np.cumsum([sizes.samples, sizes.validation]))
    likelihood, density = coverage.evaluate(samples, validation, real)
    captured = modes.evaluate(fresh, *truth) if truth else (math.nan,) * 4
    return Metrics(*likelihood, *captured), density


class Spread(NamedTuple):
    """Figures over several draws."""

    median: Metrics
    low: Metrics  # 5 %
    high: Metrics  # 95 %


def spread(draws: List[Metrics]) -> Spread:
    """Medians and 5-95 % bands."""
    return Spread(*(Metrics(*row) for row in np.percentile(np.array(draws), [50, 5, 95], axis=0)))


def published_line(metrics: Metrics) -> str:
    """The line that the published code logs after each step."""
    return f"Evaluating: log_p={metrics.log_p:.3f}, C={metrics.coverage:.3f}"


def modes_line(metrics: Metrics, number_of_modes: int) -> str:
    """Modes, high quality and reverse KL in words."""
    return (
        f"modes={metrics.modes:.0f}/{number_of_modes}, high_quality={metrics.high_quality:.3f}, "
        f"reverse_kl={metrics.reverse_kl:.3f}, width={metrics.width:.2f}"
    )


FORMATS = {
    "log_p": ("log_p", "{:.2f}", "{:.2f}"),
    "coverage": ("C", "{:.3f}", "{:.2f}"),
    "modes": ("modes", "{:.0f}", "{:.0f}"),
    "high_quality": ("high_quality", "{:.3f}", "{:.2f}"),
    "reverse_kl": ("reverse_kl", "{:.3f}", "{:.2f}"),
    "width": ("width", "{:.2f}", "{:.2f}"),
}
"""Name, and formats of the median and of the band's ends, by field."""


def spread_line(spread: Spread) -> str:
    """Medians with their 5 and 95 % in brackets; only log_p and C where the truth is not known."""
    parts = []
    for field, (name, form, end) in FORMATS.items():
        middle, low, high = (getattr(each, field) for each in spread)
        if not math.isnan(middle):
            parts.append(f"{name}={form.format(middle)} [{end.format(low)}, {end.format(high)}]")
    return ", ".join(parts)


def median_line(spread: Spread) -> str:
    """Medians alone."""
    values = spread.median._asdict()
    return ", ".join(
        f"{name}={form.format(values[field])}"
        for field, (name, form, _) in FORMATS.items()
        if not math.isnan(values[field])
    )
