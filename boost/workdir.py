"""The directory of a run: settings.json, state.json, what belongs to them, and who writes there.

A step is committed by one atomic rename of state.json. What is not committed did not happen.
"""

import contextlib
import csv
import datetime
import errno
import fcntl
import fnmatch
import glob
import io
import logging
import math
import os
import re
import shutil
import socket
import stat
from typing import Any, Dict, Iterator, List, Optional, Tuple

import durable
import machine
from boost import state as states
from boost.sealed import OtherFormat
from boost.state import State, StepRecord
from estimator.backend import PROGRESS
from evaluation.metrics import Metrics
from options import UsageError

LOCK = "lock"
FILES = ("settings.json", "state.json", "metrics.csv", "report.html")
"""What the run writes at the top, beside the lock."""
OWN = (
    *FILES,
    LOCK,
    "components",
    "plots",
    "refinement",
    "perfect_sampler",
    "npu_*",
    "removed-*",
    "events.out.tfevents.*",
)
"""Names at the top, as patterns, that are the run's own."""
_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://")  # TensorFlow would call other hosts

log = logging.getLogger("adagan")


class Workdir:
    """The directory of a run."""

    def __init__(self, path: str):
        """Args: its path; nothing is read or made yet."""
        self.path = path
        self._lock: Optional[int] = None  # the descriptor of the lock that this process holds

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
        if _SCHEME.match(self.path):
            raise UsageError(f"{flag}: needs a directory of this machine, mounted if it is remote")
        try:
            os.path.abspath(self.path).encode("utf-8")
        except UnicodeError as error:
            raise UsageError(
                f"{flag}: is no text in UTF-8, as TensorFlow takes paths; choose another name, or "
                f"a locale of UTF-8"
            ) from error
        if os.path.exists(self.path) and not os.path.isdir(self.path):
            raise UsageError(f"{flag}: is a file; needs the path of a directory")
        problem = durable.why_not_writable(self.path)
        if problem:
            raise UsageError(f"{flag}: {problem}")
        try:
            inside = os.listdir(self.path) if os.path.isdir(self.path) else []
        except OSError as error:
            raise UsageError(f"{flag}: {error.strerror}") from error
        self.check_links()
        others = [name for name in inside if name != LOCK and not name.endswith(durable.UNFINISHED)]
        if others and not self.has_settings() and not (repair and self.has_state()):
            remedy = "--repair with the flags of the run writes it anew" if self.has_state() else ""
            raise UsageError(
                f"{flag}: is not empty and holds no settings.json; "
                f"{remedy or 'choose another directory'}"
            )

    def check_links(self) -> None:
        """Checks that nothing of the run's own is a link, which may lead anywhere.

        Raises:
          UsageError: names the first.
        """
        for path in self._own():
            if os.path.islink(path):
                raise UsageError(
                    f"{path}: is a link; a work directory holds what belongs to it: move the "
                    f"whole of it elsewhere, and make that a link, or give it as --workdir"
                )

    def owns(self, path: str) -> bool:
        """Whether a path is this directory, or one of the run's own files or directories in it."""
        top, whole = os.path.realpath(self.path), os.path.realpath(path)
        inside = os.path.relpath(whole, top).split(os.sep)[0]
        return inside == os.curdir or any(fnmatch.fnmatchcase(inside, own) for own in OWN)

    def _own(self) -> Iterator[str]:
        """All paths of what is the run's own; links are not followed."""
        names = os.listdir(self.path) if os.path.isdir(self.path) else []
        for name in names:
            if any(fnmatch.fnmatchcase(name, own) for own in OWN):
                yield self.join(name)
                for top, below, files in os.walk(self.join(name)):
                    yield from (os.path.join(top, each) for each in below + files)

    def has_settings(self) -> bool:
        """Whether a run was started here."""
        return os.path.isfile(self.join("settings.json"))

    def has_state(self) -> bool:
        """Whether a state was committed here."""
        return any(map(os.path.isfile, [self.join("state.json"), *self._copies()]))

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
            if self._components():
                raise UsageError(f"{path}: is missing, although the run was started; {REPAIR}")
            return None
        try:
            return _state(path)
        except ValueError as error:
            raise UsageError(f"{path}: is damaged: {error}; {REPAIR}") from error

    def is_finished(self, state: State) -> bool:
        """Whether all that is made from a state is there, for people to look at."""
        made = [self.join(name) for name in (*FILES, os.path.join("plots", "metrics.png"))]
        drawn = [self.join("plots", f"step_{each.step:02d}.png") for each in state.steps]
        return state.complete and all(map(os.path.isfile, made + drawn))

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
        state.json itself is damaged. What goes is moved to `removed-DATE`, never deleted.

        Raises:
          UsageError: for what is not damaged: of another version of the program, or unreadable.
        """
        path, state = self._newest_readable_state()
        main = self.join("state.json")
        if state is None:
            if os.path.lexists(main) or self._components():
                self.set_aside("no state can be read", [main, self.join("components")])
            return
        damages = [self._damage(record) for record in state.steps]
        good = next((i for i, damage in enumerate(damages) if damage), len(damages))
        if good < len(damages):
            gone = [each for each in self._components() if _number(each) > good]
            for record in state.steps[good:]:
                drawn = os.path.join(glob.escape(self.join("plots")), f"*_{record.step:02d}.png")
                gone += sorted(glob.glob(drawn))
            self.set_aside(damages[good], gone)
        if path != main and os.path.lexists(main):
            self.set_aside("state.json is damaged", [main])
        if good < len(damages) or path != main:
            log.warning("Repaired: %d steps are left.", good)
            self._commit_text(states.encode(state.after(list(state.steps[:good]))))

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

    def _newest_readable_state(self) -> Tuple[str, Optional[State]]:
        for path in [self.join("state.json"), *self._copies()]:
            try:
                if os.path.lexists(path):
                    return path, _state(path)
            except ValueError:  # damaged; the next may not be
                continue
        return "", None

    def _copies(self) -> List[str]:
        """The states that were committed with each component, newest first."""
        copies = [os.path.join(path, "state.json") for path in reversed(self._components())]
        return [path for path in copies if os.path.lexists(path)]

    def _components(self) -> List[str]:
        """Directories of components that are there, in their order."""
        top = self.join("components")
        try:
            names = os.listdir(top) if os.path.lexists(top) else []
        except OSError as error:
            raise UsageError(f"{top}: {error.strerror}") from error
        return [os.path.join(top, name) for name in sorted(names, key=_number) if _number(name)]

    def lock(self) -> None:
        """Keeps other processes from writing here while this one lives.

        The lock is the process's own: it ends with it, and no forked helper inherits it.

        Raises:
          UsageError: if another one writes here, and says which; or if there are no locks here.
        """
        if self._lock is not None:
            return
        path, flag = self.join(LOCK), f"--workdir={self.path}"
        flags = os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK
        descriptor = os.open(path, flags, 0o666)
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            os.close(descriptor)
            raise UsageError(f"{path}: is no regular file; remove it")
        try:
            # Of the open file: unlike a POSIX lock it stays when the file is opened again.
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            holder = os.read(descriptor, 1000).decode("utf-8", "replace").strip()
            os.close(descriptor)
            if error.errno not in (errno.EWOULDBLOCK, errno.EACCES):
                raise UsageError(
                    f"{flag}: {machine.mount_of(self.path)} gives no locks ({error.strerror}); "
                    f"mount it with locks, or choose a directory of another file system"
                ) from error
            raise UsageError(
                f"{flag}: {holder or 'another process'} is writing there; wait for it, or choose "
                f"another directory"
            ) from error
        os.register_at_fork(after_in_child=lambda: _let_go(descriptor, path))
        self._lock = descriptor
        os.ftruncate(descriptor, 0)
        os.write(descriptor, self.holder.encode())

    @property
    def holder(self) -> str:
        """What the lock file says while this process holds the lock."""
        return f"process {os.getpid()} on {socket.gethostname()}\n"

    def _check_lock(self) -> None:
        """The directory may have been removed, and made anew by another run."""
        if self._lock is None:
            return
        path = self.join(LOCK)
        if not os.path.exists(path) or not os.path.samestat(os.fstat(self._lock), os.stat(path)):
            raise FileNotFoundError(errno.ENOENT, "was removed while the run was writing", path)

    def commit(self, state: State) -> None:
        """Makes a state the run's state, all or nothing, and metrics.csv from it.

        What the newest step consists of is on disk before the state names it.
        """
        durable.reached("commit")
        self._check_lock()
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
        for name in (*FILES, os.path.join("plots", "*.png")):
            left = os.path.join(glob.escape(self.path), f"{name}.*{durable.UNFINISHED}")
            for path in glob.glob(left):
                durable.remove_left(path.rpartition(".")[0].rpartition(".")[0])
        committed = len(state.steps) if state else 0
        for path in self._components():
            if _number(path) > committed and not (state and _can_go_on(path)):
                shutil.rmtree(path)

    def digests(self, paths: List[str]) -> Dict[str, str]:
        """SHA-256 of files, by path relative to the directory."""
        return {os.path.relpath(path, self.path): durable.sha256(path) for path in paths}

    def _damage(self, record: StepRecord) -> str:
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


def _let_go(descriptor: int, path: str) -> None:
    """Closes a lock's descriptor in a forked child, if it is still that."""
    with contextlib.suppress(OSError):
        if os.path.samestat(os.fstat(descriptor), os.stat(path)):
            os.close(descriptor)


def _number(component: str) -> int:
    """Of a component by its directory; 0 for anything else that lies there."""
    name = os.path.basename(component)
    return int(name) if name.isdigit() and name.isascii() else 0


def _state(path: str) -> State:
    """The state in a file.

    Raises:
      ValueError: if it is damaged.
      UsageError: if it cannot be read, or is of another version of the program.
    """
    try:
        return states.decode(durable.read_text(path))
    except OSError as error:
        raise UsageError(f"{path}: {error.strerror}") from error
    except OtherFormat as error:
        raise UsageError(
            f"{path}: {error}; use the version that made the run, or another --workdir"
        ) from error


def _read(path: str) -> str:
    try:
        return durable.read_text(path)
    except OSError as error:
        raise UsageError(f"{path}: {error.strerror}") from error
    except ValueError as error:
        raise UsageError(f"{path}: is damaged: {error}") from error


def _row(record: StepRecord) -> Dict[str, Any]:
    row: Dict[str, Any] = {"step": record.step}
    row.update((name, getattr(record.metrics, name)) for name in Metrics._fields[:4])
    for name in ("beta", "lambda_star", "zero_weight", "effective_sample_size"):
        row[name] = getattr(record, name)
    row["reverse_kl"], row["width"] = record.metrics.reverse_kl, record.metrics.width
    row["program"] = record.program
    for name in ("ratio", "unseen_ratio", "error"):
        row[f"calibration_{name}"] = record.calibration.get(name, math.nan)
    row.update((f"initialisations_{name}", n) for name, n in record.initialisations.items())
    row["iterations_per_second"] = record.iterations_per_second
    row.update((f"seconds_{part}", value) for part, value in record.seconds.items())
    nan = {name for name, value in row.items() if isinstance(value, float) and math.isnan(value)}
    return {name: "" if name in nan else value for name, value in row.items()}
