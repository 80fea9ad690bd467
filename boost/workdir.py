"""The directory of a run: settings.json, state.json, what belongs to them, and who writes there.

A step is committed by one atomic rename of state.json. What is not committed did not happen.
"""

import contextlib
import csv
import fcntl
import glob
import io
import logging
import math
import os
import shutil
import socket
from typing import Any, Dict, List, Optional, Tuple

import durable
from boost import state as states
from boost.state import State, StepRecord
from estimator.backend import PROGRESS
from evaluation.metrics import Metrics
from options import UsageError

LOCK = "lock"
log = logging.getLogger("adagan")


class Workdir:
    """The directory of a run."""

    def __init__(self, path: str):
        """Args: its path; nothing is read or made yet."""
        self.path = path
        self._locked = False

    def join(self, *names: str) -> str:
        """A path inside."""
        return os.path.join(self.path, *names)

    def component(self, step: int) -> str:
        """Model directory of a component."""
        return self.join("components", f"{step:02d}")

    def check_usable(self, repair: bool = False) -> None:
        """Checks, before any work, that a run can be made or gone on with here.

        Args:
          repair: whether lost settings are going to be written anew.

        Raises:
          UsageError: if the path is no directory, cannot be written, or holds something else.
        """
        flag = f"--workdir={self.path}"
        if not self.path or "\0" in self.path:
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
        others = [name for name in inside if name != LOCK and not name.endswith(".tmp")]
        if others and not self.has_settings() and not (repair and self.has_state()):
            remedy = "--repair with the flags of the run writes it anew" if self.has_state() else ""
            raise UsageError(
                f"{flag}: is not empty and holds no settings.json; "
                f"{remedy or 'choose another directory'}"
            )

    def has_settings(self) -> bool:
        """Whether a run was started here."""
        return os.path.isfile(self.join("settings.json"))

    def has_state(self) -> bool:
        """Whether a state was committed here."""
        return any(map(os.path.isfile, self._states()))

    def read_settings(self) -> str:
        """The text of settings.json.

        Raises:
          UsageError: if there is none.
        """
        if not self.has_settings():
            raise UsageError(f"{self.path}: holds no run (no settings.json)")
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
        """Writes settings.json, unless it is there as it should be."""
        if not self.has_settings() or _read(self.join("settings.json")) != text:
            durable.write_atomically(self.join("settings.json"), text)

    def read_state(self) -> Optional[State]:
        """The committed state; None before the first commit.

        Raises:
          UsageError: if state.json cannot be understood.
        """
        path = self.join("state.json")
        if not os.path.exists(path):
            return None
        try:
            return states.decode(_read(path))
        except ValueError as error:
            raise UsageError(f"{path}: is damaged: {error}; {REPAIR}") from error

    def verify(self, state: State) -> None:
        """Checks that every committed file is what it was.

        Raises:
          UsageError: names the first that is missing or was changed.
        """
        for record in state.steps:
            damage = self._damage(record)
            if damage:
                raise UsageError(f"{damage}; {REPAIR}")

    def repair(self) -> None:
        """Commits the steps before the first damaged one, which is then trained again.

        Each component's directory keeps the state that was committed with it, for the case that
        state.json itself is damaged.
        """
        path, state = self._newest_readable_state()
        main = self.join("state.json")
        if state is None:
            if os.path.exists(main):
                log.warning("%s is damaged: all steps are trained again", main)
                shutil.rmtree(self.join("components"), ignore_errors=True)
                os.remove(main)
            return
        if path != main:
            log.warning("%s is damaged: step %d is the last that is known", main, len(state.steps))
        damaged = [record for record in state.steps if self._damage(record)]
        good = state.steps[: damaged[0].step - 1] if damaged else state.steps
        if damaged:
            log.warning("%s: trained again from there", self._damage(damaged[0]))
        if damaged or path != main:
            self._commit_text(states.encode(state.after(list(good))))
        for record in state.steps[len(good) :]:
            shutil.rmtree(self.component(record.step), ignore_errors=True)

    def _newest_readable_state(self) -> Tuple[str, Optional[State]]:
        for path in self._states():
            with contextlib.suppress(ValueError, UsageError):
                return path, states.decode(_read(path))
        return "", None

    def _states(self) -> List[str]:
        """Where the state is, and then its copies beside the components, newest first."""
        copies = os.path.join(glob.escape(self.join("components")), "*", "state.json")
        return [self.join("state.json"), *sorted(glob.glob(copies), reverse=True)]

    def lock(self) -> None:
        """Keeps other processes from writing here while this one lives.

        The lock is the process's own: it ends with it, and no forked helper inherits it.

        Raises:
          UsageError: if another one writes here; says which.
        """
        if self._locked:
            return
        # Never closed, nor opened again: closing any descriptor of the file gives up the lock.
        descriptor = os.open(self.join(LOCK), os.O_RDWR | os.O_CREAT, 0o666)
        try:
            fcntl.lockf(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except (BlockingIOError, PermissionError) as error:
            holder = os.read(descriptor, 1000).decode("utf-8", "replace").strip()
            os.close(descriptor)
            raise UsageError(
                f"--workdir={self.path}: {holder or 'another process'} is writing there; wait for "
                f"it, or choose another directory"
            ) from error
        self._locked = True
        os.ftruncate(descriptor, 0)
        os.write(descriptor, f"process {os.getpid()} on {socket.gethostname()}\n".encode())

    def commit(self, state: State) -> None:
        """Makes a state the run's state, all or nothing, and metrics.csv from it.

        What the newest step consists of is on disk before the state names it.
        """
        durable.reached("commit")
        text = states.encode(state)
        if state.steps and not state.complete:
            newest = state.steps[-1]
            durable.sync([self.join(path) for path in newest.sha256], self.path)
            durable.reached("synced")
            durable.write_atomically(os.path.join(self.component(newest.step), "state.json"), text)
        self._commit_text(text)
        self.write_metrics(state)

    def _commit_text(self, text: str) -> None:
        durable.write_atomically(self.join("state.json"), text)
        durable.reached("committed")

    def write_metrics(self, state: State) -> None:
        """Makes metrics.csv from the state, a row a step."""
        rows = [_row(record) for record in state.steps]
        text = io.StringIO()
        writer = csv.DictWriter(text, list(rows[0]) if rows else ["step"], lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
        durable.write_atomically(self.join("metrics.csv"), text.getvalue())

    def remove_uncommitted(self, state: Optional[State]) -> None:
        """Removes what a stopped run left of steps that were not committed.

        A training that can go on stays: its engine looks after it.
        """
        for pattern in ("*.tmp", "plots/*.tmp"):
            for path in glob.glob(os.path.join(glob.escape(self.path), pattern)):
                os.remove(path)
        committed = len(state.steps) if state else 0
        components = self.join("components")
        for name in os.listdir(components) if os.path.isdir(components) else []:
            path = os.path.join(components, name)
            if name.isdigit() and int(name) > committed and not _can_go_on(path):
                shutil.rmtree(path)

    def digests(self, paths: List[str]) -> Dict[str, str]:
        """SHA-256 of files, by path relative to the directory."""
        return {os.path.relpath(path, self.path): durable.sha256(path) for path in paths}

    def _damage(self, record: StepRecord) -> str:
        """What is wrong with a step's files; "" if nothing is."""
        top = os.path.realpath(self.path) + os.sep
        for path, digest in record.sha256.items():
            whole = self.join(path)
            if not os.path.realpath(whole).startswith(top):
                return f"{whole}: leads out of the work directory"
            if not os.path.isfile(whole):
                return f"{whole}: is missing; step {record.step} cannot do without"
            if durable.sha256(whole) != digest:
                return f"{whole}: was changed since step {record.step} was committed"
        return ""


REPAIR = "--mode=train --repair trains again from there"


def _can_go_on(directory: str) -> bool:
    return any(PROGRESS in names for _, _, names in os.walk(directory))


def _read(path: str) -> str:
    try:
        with open(path, encoding="utf-8") as file:
            return file.read()
    except OSError as error:
        raise UsageError(f"{path}: {error.strerror}") from error
    except ValueError as error:
        raise UsageError(f"{path}: is damaged: not a text") from error


def _row(record: StepRecord) -> Dict[str, Any]:
    row: Dict[str, Any] = {"step": record.step}
    row.update((name, getattr(record.metrics, name)) for name in Metrics._fields[:4])
    for name in ("beta", "lambda_star", "zero_weight", "effective_sample_size"):
        row[name] = getattr(record, name)
    row["reverse_kl"], row["width"] = record.metrics.reverse_kl, record.metrics.width
    for name in ("ratio", "unseen_ratio", "error"):
        row[f"calibration_{name}"] = record.calibration.get(name, math.nan)
    row.update((f"initialisations_{name}", n) for name, n in record.initialisations.items())
    row["iterations_per_second"] = record.iterations_per_second
    row.update((f"seconds_{part}", value) for part, value in record.seconds.items())
    nan = {name for name, value in row.items() if isinstance(value, float) and math.isnan(value)}
    return {name: "" if name in nan else value for name, value in row.items()}
