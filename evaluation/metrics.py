"""All figures of a mixture from its samples, and what a perfect sampler scores on the same sizes.

Imports no TensorFlow.
"""

import dataclasses
import math
import warnings
from typing import List, NamedTuple, Optional, Tuple

import numpy as np

from base.options import option
from evaluation import coverage, modes
from evaluation.kde import KernelDensity
from evaluation.two_sample import TwoSampleJudge, Worst

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
    """Figures of one draw of samples; nan where one has no meaning.

    The second four need a known truth; the others, see `two_sample`, are of a user's own data.
    """

    log_p: float
    coverage: float
    modes: float
    high_quality: float
    reverse_kl: float
    width: float
    two_sample_auc: float = math.nan
    precision: float = math.nan
    recall: float = math.nan
    density: float = math.nan
    nn_coverage: float = math.nan
    worst_column_ks: float = math.nan
    worst_correlation: float = math.nan
    copying: float = math.nan


class Scored(NamedTuple):
    """What one draw of samples is worth."""

    metrics: Metrics
    density: KernelDensity  # of the samples
    worst: Worst  # the columns behind `worst_column_ks` and `worst_correlation`


def score(
    drawn: np.ndarray,
    real: np.ndarray,
    sizes: Sizes,
    truth: Optional[Tuple[np.ndarray, float, np.ndarray]],
    judge: Optional[TwoSampleJudge] = None,
) -> Scored:
    """Scores samples of a model.

    Args:
      drawn: [sizes.of_model, d] samples in random order (without the fresh ones where the truth is
        not known).
      real: [sizes.real, d] points of the data that no training saw.
      sizes: how to divide the samples.
      truth: means [modes, d], sigma and weights [modes] of the true mixture, where known.
      judge: of samples of a user's own data; it takes the fresh ones.
    """
    samples, validation, fresh = np.split(drawn, np.cumsum([sizes.samples, sizes.validation]))
    likelihood, density = coverage.evaluate(samples, validation, real)
    captured = modes.evaluate(fresh, *truth) if truth else (math.nan,) * 4
    figures, worst = Metrics(*likelihood, *captured), Worst(-1, -1, -1)
    if judge and len(fresh) >= judge.size:
        told, worst = judge.score(fresh[: judge.size])
        figures = figures._replace(**told._asdict())
    return Scored(figures, density, worst)


class Spread(NamedTuple):
    """Figures over several draws."""

    median: Metrics
    low: Metrics  # 5 %
    high: Metrics  # 95 %


def spread(draws: List[Metrics]) -> Spread:
    """Medians and 5-95 % bands, of each figure over the draws that have it."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # of a figure that no draw has: nan
        found = np.nanpercentile(np.array(draws), [50, 5, 95], axis=0)
    return Spread(*(Metrics(*row) for row in found))


def published_line(metrics: Metrics) -> str:
    """The line that the published code logs after each step."""
    return f"Evaluating: log_p={metrics.log_p:.3f}, C={metrics.coverage:.3f}"


def modes_line(metrics: Metrics, number_of_modes: int) -> str:
    """Modes, high quality and reverse KL in words."""
    return (
        f"modes={metrics.modes:.0f}/{number_of_modes}, high_quality={metrics.high_quality:.3f}, "
        f"reverse_kl={metrics.reverse_kl:.3f}, width={metrics.width:.2f}"
    )


def own_data_line(metrics: Metrics, worst_column: str) -> str:
    """What two samples of a user's own data tell, for the log."""
    parts = []
    for field in ("two_sample_auc", "precision", "recall"):
        value = getattr(metrics, field)
        if not math.isnan(value):
            parts.append(f"{field}={FORMATS[field][1].format(value)}")
    if worst_column:
        parts.append(f"worst column {worst_column} (ks={metrics.worst_column_ks:.3f})")
    return ", ".join(parts)


FORMATS = {
    "log_p": ("log_p", "{:.2f}", "{:.2f}"),
    "coverage": ("C", "{:.3f}", "{:.2f}"),
    "modes": ("modes", "{:.0f}", "{:.0f}"),
    "high_quality": ("high_quality", "{:.3f}", "{:.2f}"),
    "reverse_kl": ("reverse_kl", "{:.3f}", "{:.2f}"),
    "width": ("width", "{:.2f}", "{:.2f}"),
    "two_sample_auc": ("two_sample_auc", "{:.3f}", "{:.2f}"),
    "precision": ("precision", "{:.2f}", "{:.2f}"),
    "recall": ("recall", "{:.2f}", "{:.2f}"),
    "density": ("density", "{:.2f}", "{:.2f}"),
    "nn_coverage": ("nn_coverage", "{:.2f}", "{:.2f}"),
    "worst_column_ks": ("worst_column_ks", "{:.3f}", "{:.2f}"),
    "worst_correlation": ("worst_correlation", "{:.3f}", "{:.2f}"),
    "copying": ("copying", "{:.2f}", "{:.2f}"),
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
