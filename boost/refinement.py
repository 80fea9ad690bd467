"""Refined sampling: the mixture's samples, accepted by the density ratio of data to mixture.

Discriminator rejection sampling (Azadi et al., arXiv 1810.06758): a discriminator between the data
and the finished mixture gives r(x) = dP_d/dP_g(x) = exp(logit); accepting x with probability
min(1, r(x) / cap) turns samples of P_g into samples of P_d, exactly if the ratio is exact and the
cap is its largest value. A second round is trained on what the first one accepts.
"""

import os
from typing import Dict, NamedTuple, Tuple

import numpy as np
from scipy.optimize import minimize
from scipy.special import expit

from storage import sealed
from storage.state import State
from storage.workdir import Workdir

MADE = "refinement.json"
"""In its directory, once it is made."""
FORMAT = 4
"""Of the discriminators; a refinement in another format is left alone, and a new one trained."""
CAP = 0.99
"""Quantile of the mixture's ratios that the largest acceptance belongs to."""
DOUBTS = 2.0
"""Standard errors of the gain, within which a discriminator has learned nothing."""


class Fit(NamedTuple):
    """What makes a discriminator's logit a log density ratio: slope * logit + offset."""

    slope: float  # 0: it tells nothing
    offset: float
    gain: float  # nats of cross-entropy below log 2, on points that it was not trained on


class Round(NamedTuple):
    """One discriminator; the rest as in `Fit`."""

    checkpoint: str  # path prefix, relative to the work directory
    slope: float
    offset: float
    gain: float


class Refinement(NamedTuple):
    """A finished refinement of one committed state."""

    rounds: Tuple[Round, ...]
    cap: float  # log ratio that is always accepted
    acceptance: float  # share of the mixture's samples
    digests: Dict[str, str]  # SHA-256 of the checkpoints by path


def directory_of(workdir: Workdir, state: State) -> str:
    """Where the refinement of this very state is kept."""
    return workdir.join("refinement", f"{state.fingerprint()[:16]}-{FORMAT}")


def is_made(workdir: Workdir, state: State) -> bool:
    """Whether what refined sampling needs is there: then it needs no data."""
    return os.path.lexists(os.path.join(directory_of(workdir, state), MADE))


def calibrate(on_data: np.ndarray, on_samples: np.ndarray) -> Fit:
    """Slope and offset that make logits the most likely log ratios of data to samples.

    Platt scaling: logistic regression of data (1) against as many samples (0) on the logit. Both
    must be points that the discriminator was not trained on. Where the gain is within `DOUBTS`
    standard errors of nothing, slope and offset are 0: a ratio of chance would only spoil samples.

    Args:
      on_data: [n] logits of the data.
      on_samples: [m] logits of the samples; the classes weigh the same.
    """

    def loss(parameters: np.ndarray) -> Tuple[float, np.ndarray]:
        slope, offset = parameters
        gradient, value = np.zeros(2), 0.0
        for logits, sign in ((on_data, 1.0), (on_samples, -1.0)):
            signed = sign * (slope * logits + offset)
            value += 0.5 * np.mean(np.logaddexp(0.0, -signed))
            pull = -0.5 * sign * expit(-signed) / len(logits)
            gradient += [np.sum(pull * logits), np.sum(pull)]
        return value, gradient

    found = minimize(loss, np.array([1.0, 0.0]), jac=True, method="BFGS")
    slope, offset = (float(value) for value in found.x)
    losses = [
        np.logaddexp(0.0, -sign * (slope * logits + offset))
        for logits, sign in ((on_data, 1.0), (on_samples, -1.0))
    ]
    gain = float(np.log(2.0) - found.fun)
    error = 0.5 * np.sqrt(sum(np.var(each) / len(each) for each in losses))
    if slope <= 0 or gain <= DOUBTS * error:
        return Fit(0.0, 0.0, 0.0)
    return Fit(slope, offset, gain)


def accept(log_ratios: np.ndarray, cap: float, rng: np.random.Generator) -> np.ndarray:
    """[n] whether each proposal is kept: with probability min(1, r / cap), both as logarithms."""
    return np.log(rng.random(len(log_ratios))) < log_ratios - cap


def encode(made: Refinement) -> str:
    """The text of a refinement."""
    body = {**made._asdict(), "rounds": [each._asdict() for each in made.rounds]}
    return sealed.seal(FORMAT, body)


def decode(text: str) -> Refinement:
    """What `encode` wrote.

    Raises:
      OtherFormat: if another version of the program wrote it.
      ValueError: if it is damaged; says how.
    """
    data = sealed.unseal(FORMAT, text)
    try:
        rounds = tuple(Round(**each) for each in data.pop("rounds"))
        return Refinement(rounds=rounds, **data)
    except (KeyError, TypeError) as error:
        raise ValueError(f"{type(error).__name__}: {error}") from error
