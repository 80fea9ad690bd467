"""The directory of a run: settings.json, state.json, what belongs to them, and who writes there.

A step is committed by one atomic rename of state.json. What is not committed did not happen.
"""

import datetime
import glob
import logging
import os
import shutil
from typing import Dict, List, Optional

from base import durable, unfinished
from base.errors import UsageError
from estimator.engine import PROGRESS
from storage import metrics_csv, ownership, paths
from storage import state as states
from storage.columns import ColumnsFile
from storage.lock import LOCK, Lock
from storage.ownership import COLUMNS, FILES
from storage.state import State, StepRecord

log = logging.getLogger("adagan")


class Workdir:
    """The directory of a run."""

    def __init__(self, path: str):
        """Args: its path; nothing is read or made yet."""
        self.path = path
        self.columns = ColumnsFile(path)
        self._lock = Lock(path)

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
        inside = paths.check_directory(self.path)
        ownership.check_links(self.path)
        others = [name for name in inside if name != LOCK and not name.endswith(unfinished.ENDING)]
        if others and not self.has_settings() and not (repair and self.has_state()):
            remedy = "--repair with the flags of the run writes it anew" if self.has_state() else ""
            raise UsageError(
                f"--workdir={self.path}: is not empty and holds no settings.json; "
                f"{remedy or 'choose another directory'}"
            )

    def has_settings(self) -> bool:
        """Whether a run was started here."""
        return os.path.isfile(self.join("settings.json"))

    def has_state(self) -> bool:
        """Whether a state was committed here."""
        return any(map(os.path.isfile, [self.join("state.json"), *self.copies()]))

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
            durable.make_directories(self.path)
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
        if not os.path.lexists(path):
            if self.components():
                raise UsageError(f"{path}: is missing, although the run was started; {REPAIR}")
            return None
        try:
            return states.read(path)
        except ValueError as error:
            raise UsageError(f"{path}: is damaged: {error}; {REPAIR}") from error

    def is_finished(self, state: State) -> bool:
        """Whether all that is made from a state is there, for people to look at."""
        summaries = [os.path.join("plots", name) for name in ("metrics.png", "regions.png")]
        made = [self.join(name) for name in (*FILES, *summaries)]
        drawn = [self.join("plots", f"step_{each.step:02d}.png") for each in state.steps]
        known = not state.columns_sha256 or self.columns.is_of(state)
        return known and state.complete and all(map(os.path.isfile, made + drawn))

    def verify(self, state: State) -> None:
        """Checks that every committed file is what it was.

        Raises:
          UsageError: names the first that is missing or was changed.
        """
        for record in state.steps:
            damage = self.damage(record)
            if damage:
                raise UsageError(f"{damage}; {REPAIR}")

    def set_aside(self, reason: str, paths: List[str]) -> None:
        """Moves what is there of these paths to a directory that nothing looks into, and says so.

        Args:
          reason: of it, for the log.
          paths: inside this directory.
        """
        now = datetime.datetime.now().strftime("%Y-%m-%dT%H-%M-%S.%f")
        aside = self.join(f"removed-{now}")
        there = [path for path in paths if os.path.lexists(path)]
        names = ", ".join(os.path.relpath(path, self.path) for path in there)
        log.warning("%s: moving %s to %s", reason, names, aside)
        for path in there:
            target = os.path.join(aside, os.path.relpath(path, self.path))
            durable.make_directories(os.path.dirname(target))
            os.rename(path, target)

    def copies(self) -> List[str]:
        """The states that were committed with each component, newest first."""
        copies = [os.path.join(path, "state.json") for path in reversed(self.components())]
        return [path for path in copies if os.path.lexists(path)]

    def components(self) -> List[str]:
        """Directories of components that are there, in their order."""
        top = self.join("components")
        try:
            names = os.listdir(top) if os.path.lexists(top) else []
        except OSError as error:
            raise UsageError(f"{top}: {error.strerror}") from error
        return [os.path.join(top, name) for name in sorted(names, key=number_of) if number_of(name)]

    def lock(self) -> None:
        """Keeps other processes from writing here while this one lives; see `Lock.take`."""
        self._lock.take()

    @property
    def holder(self) -> str:
        """What the lock file says while this process holds the lock."""
        return self._lock.holder

    def commit(self, state: State) -> None:
        """Makes a state the run's state, all or nothing, and metrics.csv from it.

        What the newest step consists of is on disk before the state names it.
        """
        durable.reached("commit")
        self._lock.check()
        text = states.encode(state)
        if state.steps and not state.complete:
            newest = state.steps[-1]
            durable.sync([self.join(path) for path in newest.sha256], self.path)
            durable.reached("synced")
            durable.write_atomically(os.path.join(self.component(newest.step), "state.json"), text)
        self.commit_text(text)
        metrics_csv.write(self.join("metrics.csv"), state)

    def commit_text(self, text: str) -> None:
        """Makes the text of a state the run's state, all or nothing."""
        durable.write_atomically(self.join("state.json"), text)
        durable.reached("committed")

    def remove_uncommitted(self, state: Optional[State]) -> None:
        """Removes what a stopped run left of steps that were not committed.

        A training that can go on stays: its engine looks after it.
        """
        for name in (*FILES, COLUMNS, os.path.join("plots", "*")):
            left = os.path.join(glob.escape(self.path), f"{name}.*{unfinished.ENDING}")
            for path in glob.glob(left):
                unfinished.remove_left(path.rpartition(".")[0].rpartition(".")[0])
        committed = len(state.steps) if state else 0
        for path in self.components():
            if number_of(path) > committed and not (state and _can_go_on(path)):
                shutil.rmtree(path)

    def digests(self, paths: List[str]) -> Dict[str, str]:
        """SHA-256 of files, by path relative to the directory."""
        return {os.path.relpath(path, self.path): durable.sha256(path) for path in paths}

    def damage(self, record: StepRecord) -> str:
        """What is wrong with a step's files; "" if nothing is."""
        for path, digest in record.sha256.items():
            whole = self.join(path)
            try:
                if durable.sha256(whole) != digest:
                    return f"{whole}: was changed since step {record.step} was committed"
            except (FileNotFoundError, NotADirectoryError):
                return f"{whole}: is missing; step {record.step} cannot do without"
            except ValueError as error:
                return f"{whole}: {error}"
            except OSError as error:
                raise UsageError(f"{whole}: {error.strerror}") from error
        return ""


REPAIR = "--mode=train --repair trains again from there"


def _can_go_on(directory: str) -> bool:
    return any(PROGRESS in names for _, _, names in os.walk(directory))


def number_of(component: str) -> int:
    """Of a component by its directory; 0 for anything else that lies there."""
    name = os.path.basename(component)
    return int(name) if name.isdigit() and name.isascii() else 0


def _read(path: str) -> str:
    try:
        return durable.read_text(path)
    except OSError as error:
        raise UsageError(f"{path}: {error.strerror}") from error
    except ValueError as error:
        raise UsageError(f"{path}: is damaged: {error}") from error
