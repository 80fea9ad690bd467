"""The committed steps of a run, and how they are written: JSON both ways, with a checksum."""

import dataclasses
import hashlib
import json
import math
import os
from typing import Any, Dict, List, Optional, Sequence, Tuple

from base import durable
from base.errors import UsageError
from evaluation.metrics import Metrics, Sizes, Spread
from storage import sealed
from storage.sealed import OtherFormat

FORMAT = 6


@dataclasses.dataclass(frozen=True)
class StepRecord:
    """One committed boosting step; nan (null in JSON) where a figure has no meaning.

    All paths are relative to the work directory.
    """

    step: int  # 1, 2, ...
    beta: float  # mixture weight that the component was added with
    lambda_star: float  # of the reweighting
    zero_weight: float  # share of training points of weight 0
    effective_sample_size: float  # points, Kish
    metrics: Metrics  # of the mixture with this component
    worst: Dict[str, str]  # names of the "column", or "first" and "second", worst in it
    calibration: Dict[str, float]  # of the mixture discriminator, see `ratio_checks.Calibration`
    iterations_per_second: float  # of the component's training loop
    seconds: Dict[str, float]  # by part of the step
    program: str  # that made it, see `version.digest`
    initialisations: Dict[str, int]  # by network: 1, or 2 where the first one diverged
    checkpoint: str  # path prefix
    discriminator_checkpoint: str  # path prefix; "" where none was trained
    data_weights: str
    picture: str  # what its picture is drawn from
    sha256: Dict[str, str]  # digest by path


@dataclasses.dataclass(frozen=True)
class State:
    """All committed steps, and what they are measured by."""

    sizes: Sizes  # of the evaluation
    perfect: Spread  # what a perfect sampler scores on these sizes
    simple: Optional[Spread]  # what a Gaussian mixture scores; None where the data are no file
    simple_components: int  # of it
    data_fingerprint: str  # of the points that the components were trained on
    settings_fingerprint: str  # of the settings that they were made with
    columns_sha256: str  # of columns.npz; "" where the data are no file
    mixture_weights: Tuple[float, ...]
    steps: Tuple[StepRecord, ...]
    complete: bool = False  # whether everything that is made from these steps is there

    def fingerprint(self) -> str:
        """SHA-256 of what the mixture's samples depend on."""
        parts: List[Any] = [self.mixture_weights]
        parts += [[r.sha256[p] for p in sorted(r.sha256) if r.checkpoint in p] for r in self.steps]
        return hashlib.sha256(json.dumps(parts).encode()).hexdigest()

    def with_step(self, record: StepRecord, mixture_weights: Sequence[float]) -> "State":
        """The state after one more step, which left these weights of all components."""
        return self.after([*self.steps, record], mixture_weights)

    def after(self, steps: Sequence[StepRecord], mixture_weights: Sequence[float]) -> "State":
        """The state after other steps of the same run, and the weights that they left."""
        return dataclasses.replace(
            self, mixture_weights=tuple(mixture_weights), steps=tuple(steps), complete=False
        )


def encode(state: State) -> str:
    """The text of state.json: strict JSON, null for nan and "inf", with a checksum of the rest."""

    def plain(value: Any) -> Any:
        if isinstance(value, dict):
            return {name: plain(item) for name, item in value.items()}
        if isinstance(value, (list, tuple)):
            return [plain(item) for item in value]
        if isinstance(value, float) and math.isnan(value):
            return None
        return "inf" if value == math.inf else value

    return sealed.seal(FORMAT, plain(dataclasses.asdict(state)))


def decode(text: str) -> State:
    """What `encode` wrote.

    Raises:
      OtherFormat: if another version of the program wrote it.
      ValueError: if it is damaged; says how.
    """
    data = sealed.unseal(FORMAT, text)
    try:
        return _state(data)
    except (KeyError, TypeError, AttributeError, RecursionError) as error:
        raise ValueError(f"{type(error).__name__}: {error}") from error


def _state(data: Dict[str, Any]) -> State:
    def number(value: Any) -> Any:
        return math.nan if value is None else math.inf if value == "inf" else value

    def metrics(values: List[Any]) -> Metrics:
        return Metrics(*(number(value) for value in values))

    steps = []
    for record in data["steps"]:
        plain = {name: number(value) for name, value in record.items()}
        plain["metrics"] = metrics(record["metrics"])
        for name in ("calibration", "seconds"):
            plain[name] = {part: number(value) for part, value in record[name].items()}
        steps.append(StepRecord(**plain))
        _check(steps[-1], len(steps))
    if len(data["mixture_weights"]) != len(steps):
        raise ValueError("has not one mixture weight a step")
    perfect, simple = (
        data[name] and Spread(*(metrics(values) for values in data[name]))
        for name in ("perfect", "simple")
    )
    return State(
        Sizes(*data["sizes"]),
        perfect,
        simple,
        data["simple_components"],
        data["data_fingerprint"],
        data["settings_fingerprint"],
        data["columns_sha256"],
        tuple(data["mixture_weights"]),
        tuple(steps),
        data["complete"],
    )


def _check(record: StepRecord, number: int) -> None:
    if record.step != number:
        raise ValueError(f"step {number} calls itself {record.step}")
    paths = [record.checkpoint, record.data_weights, record.picture, *record.sha256]
    for path in [*paths, record.discriminator_checkpoint]:
        if os.path.isabs(path) or ".." in path.split(os.sep):
            raise ValueError(f"{path!r} leads out of the work directory")


def read(path: str) -> State:
    """The state in a file.

    Raises:
      ValueError: if it is damaged.
      UsageError: if it cannot be read, or is of another version of the program.
    """
    try:
        return decode(durable.read_text(path))
    except OSError as error:
        raise UsageError(f"{path}: {error.strerror}") from error
    except OtherFormat as error:
        raise UsageError(
            f"{path}: {error}; use the version that made the run, or another --workdir"
        ) from error
