"""The line between the workers of one run: who is there, who has gone, what the chief says.

Each worker keeps a TCP connection to the chief, first made at the chief's address in TF_CONFIG,
before TensorFlow listens there. TensorFlow's own collectives wait for a dead worker for ever; here
its connection closes, or falls silent. Lines of JSON, and empty ones as signs of life. Imports no
TensorFlow.
"""

import contextlib
import json
import queue
import socket
import threading
import time
from concurrent.futures import Future
from typing import Any, Dict, Optional

from endings import WorkerLost
from estimator.cluster import Cluster
from options import UsageError

MEETING_SECONDS = 300.0
"""How long the first worker waits for the last: launchers start hosts one by one."""
BEAT_SECONDS, SILENCE_SECONDS = 5.0, 40.0
"""Between two signs of life; without any for the latter a worker counts as gone."""
HELLO_SECONDS = 10.0
"""For one answer while the workers meet."""
SHARED_SECONDS = 30.0
"""How long a network file system may take to show a file that another host wrote."""

Facts = Dict[str, Any]


class Peers:
    """The connections of one worker."""

    def __init__(self, cluster: Cluster):
        """Args: the workers; nobody is asked yet."""
        self._cluster = cluster
        self._lines: Dict[int, _Line] = {}
        self._told: queue.Queue = queue.Queue()
        self.lost: Future = Future()
        """Who has gone, in words, once somebody has."""

    def meet(self, facts: Facts, witness: str) -> None:
        """Waits until all workers are there, and checks that they are of one mind.

        Args:
          facts: must be the same on all workers: values of JSON by a name such as "--steps".
          witness: a file in the work directory that the chief has written for this run.

        Raises:
          UsageError: on every worker, if one has other facts, or does not see the witness.
          WorkerLost: if one does not come.
        """
        if self._cluster.rank:
            self._meet_chief(facts, witness)
        else:
            self._meet_workers(facts, witness)
        for rank, line in self._lines.items():
            threading.Thread(target=self._listen, args=(rank, line), daemon=True).start()
        threading.Thread(target=self._beat, daemon=True).start()

    def share(self, value: Any = None) -> Any:
        """What the chief gives, on all workers.

        Raises:
          WorkerLost: if a worker has gone.
        """
        if self._cluster.rank == 0:
            for line in self._lines.values():
                with contextlib.suppress(OSError):  # whoever listens to it says what it means
                    line.send({"value": value})
            self.check()
            return value
        told = self._told.get()
        if told is None:
            self.check()
        return told["value"]

    def check(self) -> None:
        """Ends the run here, if a worker has gone.

        Raises:
          WorkerLost: says which.
        """
        if self.lost.done():
            raise WorkerLost(self.lost.result())

    def _meet_workers(self, facts: Facts, witness: str) -> None:
        cluster = self._cluster
        deadline = time.monotonic() + MEETING_SECONDS
        with _listener(cluster.addresses[0]) as listener:
            while len(self._lines) < cluster.size - 1:
                self._welcome(listener, facts, deadline)
        with open(witness, encoding="utf-8") as file:
            text = file.read()
        for line in self._lines.values():
            line.send({"witness": text})
        for rank, line in self._lines.items():
            answer = line.receive(HELLO_SECONDS + SHARED_SECONDS)
            if not (answer or {}).get("sees"):
                self._refuse(f"{cluster.name(rank)} does not see {witness}; share the --workdir")
        for line in self._lines.values():
            line.send({"go": True})

    def _welcome(self, listener: socket.socket, facts: Facts, deadline: float) -> None:
        """Takes one worker in; a stranger, and one that is started again, is not counted twice."""
        cluster = self._cluster
        listener.settimeout(max(0.1, deadline - time.monotonic()))
        try:
            accepted, _ = listener.accept()
        except socket.timeout:
            absent = set(range(1, cluster.size)) - set(self._lines)
            names = ", ".join(cluster.name(rank) for rank in sorted(absent))
            raise WorkerLost(f"{names} did not come within {MEETING_SECONDS:.0f} s") from None
        line = _Line(accepted)
        hello = line.receive(HELLO_SECONDS) or {}
        rank = hello.get("rank")
        if not isinstance(rank, int) or not 0 < rank < cluster.size:
            line.close()
            return
        self._lines[rank] = line
        difference = _difference(facts, hello.get("facts"))
        if difference:
            name, here, there = difference
            self._refuse(f"{name}={there}: {cluster.name(rank)} has it, the chief {name}={here}")

    def _refuse(self, reason: str) -> None:
        for line in self._lines.values():
            with contextlib.suppress(OSError):
                line.send({"refused": reason})
        raise UsageError(reason)

    def _meet_chief(self, facts: Facts, witness: str) -> None:
        deadline = time.monotonic() + MEETING_SECONDS
        hello, line, answer = {"rank": self._cluster.rank, "facts": facts}, None, None
        while answer is None:  # nobody there yet, or an earlier run's TensorFlow
            if line:
                line.close()
                time.sleep(0.5)
            line = self._call(deadline)
            line.send(hello)
            answer = line.receive(max(0.1, deadline - time.monotonic()))
        if "witness" in answer:
            line.send({"sees": _sees(witness, answer["witness"])})
            answer = line.receive(MEETING_SECONDS) or {}
        if "refused" in answer:
            raise UsageError(answer["refused"])
        if "go" not in answer:
            raise WorkerLost(f"{self._cluster.name(0)} has ended")
        self._lines[0] = line

    def _call(self, deadline: float) -> "_Line":
        host, _, port = self._cluster.addresses[0].rpartition(":")
        while True:
            try:
                return _Line(socket.create_connection((host.strip("[]"), int(port)), 5.0))
            except OSError as error:
                if time.monotonic() > deadline:
                    raise WorkerLost(
                        f"{self._cluster.name(0)} does not answer for {MEETING_SECONDS:.0f} s "
                        f"({error.strerror or error})"
                    ) from error
            time.sleep(0.5)

    def _listen(self, rank: int, line: "_Line") -> None:
        """Passes on what a worker says, until it has gone."""
        while True:
            message = line.receive(SILENCE_SECONDS)
            if message is None or "lost" in message:
                break
            self._told.put(message)
        reason = message["lost"] if message else f"{self._cluster.name(rank)} has {line.end}"
        with contextlib.suppress(Exception):  # another one was first
            self.lost.set_result(reason)
        for other in self._lines.values() if self._cluster.rank == 0 else ():
            with contextlib.suppress(OSError):
                other.send({"lost": reason})
        self._told.put(None)

    def _beat(self) -> None:
        while not self.lost.done():
            for line in self._lines.values():
                with contextlib.suppress(OSError):
                    line.send(None)
            time.sleep(BEAT_SECONDS)


class _Line:
    """One connection."""

    def __init__(self, connection: socket.socket):
        self._connection, self._unread = connection, b""
        self._sending = threading.Lock()
        self.end = ""
        """How it ended, after `receive` gave None."""

    def send(self, message: Optional[Facts]) -> None:
        """A message, or None as a sign of life."""
        text = "" if message is None else json.dumps(message)
        with self._sending:
            self._connection.sendall(text.encode() + b"\n")

    def receive(self, seconds: float) -> Optional[Facts]:
        """The next message; None once the connection is closed, silent or no such line."""
        self._connection.settimeout(seconds)
        try:
            while True:
                text, newline, rest = self._unread.partition(b"\n")
                if newline:
                    self._unread = rest
                    if text:
                        message = json.loads(text)
                        return message if isinstance(message, dict) else None
                else:
                    more = self._connection.recv(1 << 16)
                    if not more:
                        break
                    self._unread += more
        except socket.timeout:
            self.end = f"been silent for {seconds:.0f} s"
            return None
        except (OSError, ValueError):
            pass
        self.end = "ended"
        return None

    def close(self) -> None:
        """Ends it."""
        self._connection.close()


def _listener(address: str) -> socket.socket:
    """Listens at the chief's port, which TensorFlow takes over as soon as all are there."""
    host, _, port = address.rpartition(":")
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind(("", int(port)))
    except OSError as error:
        raise UsageError(f"TF_CONFIG: {address}: {error.strerror}") from error
    listener.listen()
    return listener


def _difference(here: Facts, there: Any) -> Any:
    """Name and values of the first fact that differs; None if none does."""
    there = there if isinstance(there, dict) else {}
    for name in here:
        if there.get(name) != here[name]:
            return name, here[name], there.get(name)
    return None


def _sees(path: str, text: str) -> bool:
    """Whether a file has this text, now or soon."""
    deadline = time.monotonic() + SHARED_SECONDS
    while True:
        with contextlib.suppress(OSError, ValueError), open(path, encoding="utf-8") as file:
            if file.read() == text:
                return True
        if time.monotonic() > deadline:
            return False
        time.sleep(0.2)
