"""What a run has reached, on disk: settings.json, state.json and what is made from it.

A step is committed by one atomic rename of state.json. What is not committed did not happen.
"""

import csv
import dataclasses
import fcntl
import hashlib
import io
import json
import math
import os
import shutil
from typing import Any, Dict, List, Optional, Tuple

from evaluation.metrics import Metrics, Sizes, Spread
from options import UsageError

FORMAT = 1


@dataclasses.dataclass(frozen=True)
class StepRecord:
    """One committed boosting step; nan (null in JSON) where a figure has no meaning."""

    step: int  # 1, 2, ...
    beta: float  # mixture weight that the component was added with
    lambda_star: float  # of the reweighting
    zero_weight: float  # share of training points of weight 0
    effective_sample_size: float  # points, Kish
    metrics: Metrics  # of the mixture with this component
    calibration: Dict[str, float]  # mean logits of the mixture discriminator, by kind of points
    iterations_per_second: float  # of the component's training loop
    seconds: Dict[str, float]  # by part of the step
    checkpoint: str  # path prefix, relative to the work directory
    data_weights: str  # path, relative to the work directory
    picture: str  # what its picture is drawn from; path, relative to the work directory
    sha256: Dict[str, str]  # digest by path, relative to the work directory


@dataclasses.dataclass(frozen=True)
class State:
    """All committed steps, and the yardstick they are measured by."""

    sizes: Sizes  # of the evaluation
    perfect: Spread  # what a perfect sampler scores on these sizes
    data_fingerprint: str  # of the points that the components were trained on
    mixture_weights: Tuple[float, ...]
    steps: Tuple[StepRecord, ...]
    complete: bool = False  # whether everything that is made from these steps is there


class Workdir:
    """The directory of a run."""

    def __init__(self, path: str):
        """Args: its path; nothing is read or made yet."""
        self.path = path

    def join(self, *names: str) -> str:
        """A path inside."""
        return os.path.join(self.path, *names)

    def component(self, step: int) -> str:
        """Model directory of a component."""
        return self.join("components", f"{step:02d}")

    def check_usable(self) -> None:
        """Checks, before any work, that a run can be made or gone on with here.

        Raises:
          UsageError: if the path is no directory, cannot be written, or holds something else.
        """
        flag = f"--workdir={self.path}"
        if not self.path:
            raise UsageError(f"{flag}: needs the path of a directory")
        if os.path.exists(self.path) and not os.path.isdir(self.path):
            raise UsageError(f"{flag}: is a file; needs the path of a directory")
        parent = os.path.abspath(self.path)
        while not os.path.exists(parent):
            parent = os.path.dirname(parent)
        if not os.path.isdir(parent):
            raise UsageError(f"{flag}: {parent} is a file; needs the path of a directory")
        if not os.access(parent, os.W_OK | os.X_OK):
            raise UsageError(f"{flag}: {parent} is not writable")
        try:
            inside = os.listdir(self.path) if os.path.isdir(self.path) else []
        except OSError as error:
            raise UsageError(f"{flag}: {error.strerror}") from error
        others = [name for name in inside if not name.endswith(".tmp")]
        if others and not self.has_settings():
            raise UsageError(
                f"{flag}: is not empty and holds no settings.json; choose another directory"
            )

    def has_settings(self) -> bool:
        """Whether a run was started here."""
        return os.path.isfile(self.join("settings.json"))

    def read_settings(self) -> str:
        """The text of settings.json.

        Raises:
          UsageError: if there is none.
        """
        if not self.has_settings():
            raise UsageError(f"--workdir={self.path}: holds no run (no settings.json)")
        return _read(self.join("settings.json"))

    def make(self) -> None:
        """Makes the directory, if need be.

        Raises:
          UsageError: if it cannot be made.
        """
        try:
            os.makedirs(self.path, exist_ok=True)
        except OSError as error:
            raise UsageError(f"--workdir={self.path}: {error.strerror}") from error

    def write_settings(self, text: str) -> None:
        """Writes settings.json.

        Raises:
          UsageError: if the directory cannot be written.
        """
        try:
            write_atomically(self.join("settings.json"), text)
        except OSError as error:
            raise UsageError(f"--workdir={self.path}: {error.strerror}") from error

    def read_state(self) -> Optional[State]:
        """The committed state; None before the first commit.

        Raises:
          UsageError: if state.json cannot be understood.
        """
        path = self.join("state.json")
        if not os.path.exists(path):
            return None
        text = _read(path)
        try:
            return _decode(json.loads(text))
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise UsageError(f"{path}: is damaged: {error!r}") from error

    def verify(self, state: State) -> None:
        """Checks that every committed file is what it was.

        Raises:
          UsageError: names the first that is missing or was changed.
        """
        for record in state.steps:
            for path, digest in record.sha256.items():
                whole = self.join(path)
                if not os.path.isfile(whole):
                    raise UsageError(f"{whole}: is missing; step {record.step} cannot do without")
                if _sha256(whole) != digest:
                    raise UsageError(f"{whole}: was changed since step {record.step} was committed")

    def lock(self) -> None:
        """Keeps other processes from writing here while this one lives.

        Raises:
          UsageError: if another one does.
        """
        self._locked = os.open(self.path, os.O_RDONLY)
        try:
            fcntl.flock(self._locked, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise UsageError(
                f"--workdir={self.path}: another process is writing there; wait for it, or choose "
                f"another directory"
            ) from error

    def commit(self, state: State) -> None:
        """Makes a state the run's state, all or nothing, and metrics.csv from it."""
        write_atomically(self.join("state.json"), json.dumps(_encode(state), indent=1) + "\n")
        self.write_metrics(state)

    def write_metrics(self, state: State) -> None:
        """Makes metrics.csv from the state, a row a step."""
        rows = [_row(record) for record in state.steps]
        text = io.StringIO()
        writer = csv.DictWriter(text, list(rows[0]) if rows else ["step"], lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
        write_atomically(self.join("metrics.csv"), text.getvalue())

    def remove_uncommitted(self, state: Optional[State]) -> None:
        """Removes what a stopped run left of steps that were not committed."""
        committed = len(state.steps) if state else 0
        components = self.join("components")
        for name in os.listdir(components) if os.path.isdir(components) else []:
            if name.isdigit() and int(name) > committed:
                shutil.rmtree(os.path.join(components, name))

    def digests(self, paths: List[str]) -> Dict[str, str]:
        """SHA-256 of files, by path relative to the directory."""
        return {os.path.relpath(path, self.path): _sha256(path) for path in paths}


def _read(path: str) -> str:
    try:
        with open(path, encoding="utf-8") as file:
            return file.read()
    except OSError as error:
        raise UsageError(f"{path}: {error.strerror}") from error
    except ValueError as error:
        raise UsageError(f"{path}: is damaged: not a text") from error


def write_atomically(path: str, text: str) -> None:
    """Replaces a file so that a reader, or a restart, sees the old text or the new one."""
    temporary = path + ".tmp"
    with open(temporary, "w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    os.replace(temporary, path)
    directory = os.open(os.path.dirname(path) or ".", os.O_RDONLY)
    try:
        os.fsync(directory)
    finally:
        os.close(directory)


def _sha256(path: str) -> str:
    digest = hashlib.sha256()
    with open(path, "rb") as file:
        for block in iter(lambda: file.read(1 << 20), b""):
            digest.update(block)
    return digest.hexdigest()


def _row(record: StepRecord) -> Dict[str, Any]:
    row: Dict[str, Any] = {"step": record.step}
    row.update((name, getattr(record.metrics, name)) for name in Metrics._fields[:4])
    for name in ("beta", "lambda_star", "zero_weight", "effective_sample_size"):
        row[name] = getattr(record, name)
    row["reverse_kl"] = record.metrics.reverse_kl
    row["iterations_per_second"] = record.iterations_per_second
    row.update((f"seconds_{part}", value) for part, value in record.seconds.items())
    return {name: "" if _is_nan(value) else value for name, value in row.items()}


def _is_nan(value: Any) -> bool:
    return isinstance(value, float) and math.isnan(value)


def _encode(state: State) -> Dict[str, Any]:
    """JSON has neither nan nor inf: null and "inf" stand for them."""

    def plain(value: Any) -> Any:
        if isinstance(value, dict):
            return {name: plain(item) for name, item in value.items()}
        if isinstance(value, (list, tuple)):
            return [plain(item) for item in value]
        if _is_nan(value):
            return None
        return "inf" if value == math.inf else value

    return {"format": FORMAT, **plain(dataclasses.asdict(state))}


def _decode(data: Dict[str, Any]) -> State:
    if data["format"] != FORMAT:
        raise ValueError(f"format must be {FORMAT}, got {data['format']}")

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
    perfect = Spread(*(metrics(values) for values in data["perfect"]))
    return State(
        Sizes(*data["sizes"]),
        perfect,
        data["data_fingerprint"],
        tuple(data["mixture_weights"]),
        tuple(steps),
        data["complete"],
    )
