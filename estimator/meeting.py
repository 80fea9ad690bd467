"""How the workers of one run come together: all are there, of one mind, in one work directory.

Each makes a TCP connection to the chief at the chief's address in TF_CONFIG, before TensorFlow
listens there. Imports no TensorFlow.
"""

import contextlib
import socket
import time
from typing import Any, Dict, Tuple

from base import durable, signals
from base.errors import UsageError, WorkerLost
from estimator import connections
from estimator.cluster import Cluster
from estimator.connections import LONGEST_LINE, TICK, Connection, Entrance, Message

MEETING_SECONDS = 300.0
"""How long the first worker waits for the last: launchers start hosts one by one."""
SHARED_SECONDS = 30.0
"""How long a network file system may take to show a file that another host wrote."""
LOOK_SECONDS, CALL_SECONDS = 0.2, 0.5
"""Between two looks at a file, and between two calls of the chief."""
SHARED, LOCK_TEXT = "facts", "witness"
"""What messages call these. They stay, so that workers of other versions are refused by name."""
FIRST_ANSWERS = (LOCK_TEXT, "refused")
"""What the chief may say first: what it has written into that file, or why it will not have us."""


def gather(
    cluster: Cluster, shared: Message, lock_path: str, lock_text: str
) -> Dict[int, Connection]:
    """The chief's part: waits until all workers have come, and checks that they fit.

    Args:
      cluster: the workers.
      shared: must be the same on all workers.
      lock_path: of the file that they must see; not opened here, as that may give up a lock on it.
      lock_text: what it says.

    Returns:
      Connections to the others, by rank.

    Raises:
      UsageError: if one does not fit; the others are told so too.
      WorkerLost: if one does not come, or goes.
    """
    gathering = _Gathering(cluster, shared)
    gathering.wait()
    gathering.show(lock_path, lock_text)
    return gathering.workers


def join(cluster: Cluster, shared: Message, lock_path: str) -> Connection:
    """A worker's part: the connection to the chief, once all are there; arguments as in `gather`.

    Raises:
      UsageError: if any worker does not fit.
      WorkerLost: if the chief does not answer, or goes.
    """
    chief, answer = _call(cluster, {"rank": cluster.rank, SHARED: shared})
    if LOCK_TEXT in answer:
        try:
            chief.send({"sees": _sees(lock_path, answer[LOCK_TEXT])})
        except OSError as error:
            raise WorkerLost(f"{cluster.name(0)} has ended") from error
        answer = chief.receive(MEETING_SECONDS) or {}
    if "refused" in answer:
        raise UsageError(str(answer["refused"]))
    if "go" not in answer:
        raise WorkerLost(f"{cluster.name(0)} has {chief.end or 'ended'}")
    return chief


class _Gathering:
    """What the chief knows of those who have come."""

    def __init__(self, cluster: Cluster, shared: Message):
        """Args: the workers, and what must be the same on all."""
        self._cluster, self._shared = cluster, shared
        self.workers: Dict[int, Connection] = {}

    def wait(self) -> None:
        """Waits until all workers have come. One that goes may come again until the last is here.

        Strangers, whatever they say or do not say, keep nobody waiting.
        """
        cluster, deadline = self._cluster, time.monotonic() + MEETING_SECONDS
        with contextlib.closing(Entrance(cluster.addresses[0])) as entrance:
            while len(self.workers) < cluster.size - 1:
                for guest, hello in entrance.hellos(self.workers.values()):
                    self._welcome(guest, hello)
                for rank, worker in list(self.workers.items()):
                    # Workers only listen until they are shown the file: one that speaks is none.
                    if worker.take() is not None or worker.end:
                        self.workers.pop(rank).close()
                signals.check()
                if time.monotonic() > deadline:
                    absent = sorted(set(range(1, cluster.size)) - set(self.workers))
                    names = ", ".join(map(cluster.name, absent))
                    raise WorkerLost(f"{names} did not come within {MEETING_SECONDS:.0f} s")

    def show(self, lock_path: str, lock_text: str) -> None:
        """Has all others look at the file, and lets them go."""
        for rank in self.workers:
            self._send(rank, {LOCK_TEXT: lock_text})
        for rank, worker in self.workers.items():
            answer = worker.receive(connections.HELLO_SECONDS + SHARED_SECONDS)
            if answer is None:
                raise WorkerLost(f"{self._cluster.name(rank)} has {worker.end}")
            if answer.get("sees") is not True:
                self._refuse(
                    f"{self._cluster.name(rank)} does not see {lock_path}; share the --workdir"
                )
        for rank in self.workers:
            self._send(rank, {"go": True})

    def _welcome(self, guest: Connection, hello: Message) -> None:
        """Takes a worker in, also one that is started again; a stranger is sent away."""
        rank: Any = hello.get("rank")
        theirs = hello.get(SHARED)
        known = type(rank) is int and 0 < rank < self._cluster.size
        if not known or not isinstance(theirs, dict):
            guest.close()
            return
        if rank in self.workers:
            self.workers[rank].close()
        self.workers[rank] = guest
        for name, here in self._shared.items():
            there = theirs.get(name)
            if there != here:
                if isinstance(there, (dict, list)):  # no value of a setting, and of any size
                    there = type(there).__name__
                self._refuse(
                    f"{_said(name, there)}: {self._cluster.name(rank)} has it so, the chief "
                    f"{_said(name, here)}"
                )

    def _send(self, rank: int, message: Message) -> None:
        try:
            self.workers[rank].send(message)
        except OSError as error:
            raise WorkerLost(f"{self._cluster.name(rank)} has ended") from error

    def _refuse(self, reason: str) -> None:
        for worker in self.workers.values():
            with contextlib.suppress(OSError):
                worker.send({"refused": reason})
        raise UsageError(reason)


def _call(cluster: Cluster, hello: Message) -> Tuple[Connection, Message]:
    """The connection to the chief, and what it says first.

    There may be nobody at its address yet, or another program, or an earlier run's TensorFlow.
    """
    host, _, port = cluster.addresses[0].rpartition(":")
    deadline = time.monotonic() + MEETING_SECONDS
    while True:
        try:
            chief = Connection(socket.create_connection((host.strip("[]"), int(port)), 5.0))
            chief.send(hello)
            answer = chief.receive(max(TICK, deadline - time.monotonic()))
            if answer and any(isinstance(answer.get(key), str) for key in FIRST_ANSWERS):
                return chief, answer
            chief.close()
            reason = f"it has {chief.end or 'sent what no chief sends'}"
        except (OSError, UnicodeError) as error:  # the latter of a name that cannot be one
            reason = getattr(error, "strerror", None) or str(error)
        if time.monotonic() > deadline:
            raise WorkerLost(
                f"{cluster.name(0)} does not answer for {MEETING_SECONDS:.0f} s ({reason})"
            )
        signals.check()
        time.sleep(CALL_SECONDS)


def _said(name: str, value: Any) -> str:
    """What a worker has; a flag of no text is none."""
    return f"no {name}" if value == "" else f"{name}={value}"


def _sees(path: str, text: str) -> bool:
    """Whether a file has this text, now or soon."""
    deadline = time.monotonic() + SHARED_SECONDS
    while True:
        with contextlib.suppress(OSError, ValueError):
            if durable.read_text(path, LONGEST_LINE) == text:
                return True
        if time.monotonic() > deadline:
            return False
        signals.check()
        time.sleep(LOOK_SECONDS)
