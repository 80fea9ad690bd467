"""The line between the workers of one run: who is there, who has gone, what the chief says.

Each worker keeps a TCP connection to the chief, first made at the chief's address in TF_CONFIG,
before TensorFlow listens there. TensorFlow's own collectives wait for a dead worker for ever; here
its connection closes, or falls silent. Lines of JSON, and empty ones as signs of life. Anybody may
connect while the workers meet, and say anything: lines have an end, and all waiting has. Imports no
TensorFlow.
"""

import contextlib
import json
import queue
import socket
import threading
import time
from concurrent.futures import Future
from multiprocessing.connection import wait
from typing import Any, Dict, Iterable, List, Optional, Tuple

from base import durable, signals
from base.errors import UsageError, WorkerLost
from estimator.cluster import Cluster, from_json

MEETING_SECONDS = 300.0
"""How long the first worker waits for the last: launchers start hosts one by one."""
BEAT_SECONDS, SILENCE_SECONDS = 5.0, 40.0
"""Between two signs of life; without a whole line for the latter a worker counts as gone."""
HELLO_SECONDS = 10.0
"""For one answer while the workers meet, from its first byte to its last."""
SHARED_SECONDS = 30.0
"""How long a network file system may take to show a file that another host wrote."""
LEAVE_SECONDS = 30.0
"""How long after a signal the workers may take to leave a training together."""
TICK = 1.0
"""Seconds between two looks at what else may end a wait."""
LONGEST_LINE = 1 << 18
"""Bytes beyond which no worker has sent it."""
MOST_GUESTS = 64
"""Connections that have not yet said whose they are; the oldest makes room for one more."""
ANSWERS = ("witness", "refused")
"""What the chief may say first: what it knows to stand in that file, or why it will not have us."""

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
        self._naming = threading.Lock()  # of the first one

    def meet(self, facts: Facts, witness: str, text: str) -> None:
        """Waits until all workers are there, and checks that they are of one mind.

        Args:
          facts: must be the same on all workers: values of JSON by a name such as "--steps".
          witness: the path of a file in the work directory, which the chief keeps open.
          text: what the chief has written into it for this run; the others need not know it.

        Raises:
          UsageError: on every worker, if one has other facts, or does not see the witness.
          WorkerLost: if one does not come, or goes.
        """
        if self._cluster.rank:
            self._meet_chief(facts, witness)
        else:
            self._gather(facts)
            self._show(witness, text)
        for rank, line in self._lines.items():
            threading.Thread(target=self._listen, args=(rank, line), daemon=True).start()
        threading.Thread(target=self._beat, daemon=True).start()

    def share(self, value: Any = None) -> Any:
        """What the chief gives, on all workers; they wait for as long as it shows signs of life.

        Raises:
          WorkerLost: if a worker has gone.
          Stopped: if a signal has come here, and the chief does not say anything on that.
        """
        if self._cluster.rank == 0:
            for line in self._lines.values():
                with contextlib.suppress(OSError):  # whoever listens to it says what it means
                    line.send({"value": value})
            self.check()
            return value
        asked = 0.0
        while True:
            with contextlib.suppress(queue.Empty):
                told = self._told.get(timeout=TICK)
                if told is not None:
                    return told["value"]
                self._told.put(None)  # for whoever asks once more
                self.check()
            asked += TICK if signals.asked() else 0.0
            if asked > LEAVE_SECONDS:
                signals.check()

    def check(self) -> None:
        """Ends the run here, if a worker has gone.

        Raises:
          WorkerLost: says which.
          Stopped: if a signal has come here too, which is why.
        """
        if self.lost.done():
            signals.check()
            raise WorkerLost(self.lost.result())

    def _gather(self, facts: Facts) -> None:
        """Waits until all workers have come. One that goes may come again until the last is here.

        Strangers, whatever they say or do not say, keep nobody waiting.
        """
        cluster, deadline = self._cluster, time.monotonic() + MEETING_SECONDS
        with contextlib.closing(_Door(cluster.addresses[0])) as door:
            while len(self._lines) < cluster.size - 1:
                for line, hello in door.hellos(self._lines.values()):
                    self._welcome(line, hello, facts)
                for rank, line in list(self._lines.items()):
                    if line.take() is not None or line.end:  # they only listen, until they are told
                        self._lines.pop(rank).close()
                signals.check()
                if time.monotonic() > deadline:
                    absent = sorted(set(range(1, cluster.size)) - set(self._lines))
                    names = ", ".join(map(cluster.name, absent))
                    raise WorkerLost(f"{names} did not come within {MEETING_SECONDS:.0f} s")

    def _welcome(self, line: "_Line", hello: Facts, facts: Facts) -> None:
        """Takes a worker in, also one that is started again; a stranger is sent away."""
        rank: Any = hello.get("rank")
        theirs = hello.get("facts")
        known = type(rank) is int and 0 < rank < self._cluster.size
        if not known or not isinstance(theirs, dict):
            line.close()
            return
        if rank in self._lines:
            self._lines[rank].close()
        self._lines[rank] = line
        for name, here in facts.items():
            there = theirs.get(name)
            if there != here:
                if isinstance(there, (dict, list)):  # no value of a setting, and of any size
                    there = type(there).__name__
                self._refuse(
                    f"{name}={there}: {self._cluster.name(rank)} has it, the chief {name}={here}"
                )

    def _show(self, witness: str, text: str) -> None:
        """Has all others look at the witness, and lets them go."""
        for rank in self._lines:
            self._say(rank, {"witness": text})
        for rank, line in self._lines.items():
            answer = line.receive(HELLO_SECONDS + SHARED_SECONDS)
            if answer is None:
                raise WorkerLost(f"{self._cluster.name(rank)} has {line.end}")
            if answer.get("sees") is not True:
                self._refuse(
                    f"{self._cluster.name(rank)} does not see {witness}; share the --workdir"
                )
        for rank in self._lines:
            self._say(rank, {"go": True})

    def _say(self, rank: int, message: Facts) -> None:
        try:
            self._lines[rank].send(message)
        except OSError as error:
            raise WorkerLost(f"{self._cluster.name(rank)} has ended") from error

    def _refuse(self, reason: str) -> None:
        for line in self._lines.values():
            with contextlib.suppress(OSError):
                line.send({"refused": reason})
        raise UsageError(reason)

    def _meet_chief(self, facts: Facts, witness: str) -> None:
        line, answer = self._call({"rank": self._cluster.rank, "facts": facts})
        self._lines[0] = line
        if "witness" in answer:
            self._say(0, {"sees": _sees(witness, answer["witness"])})
            answer = line.receive(MEETING_SECONDS) or {}
        if "refused" in answer:
            raise UsageError(str(answer["refused"]))
        if "go" not in answer:
            raise WorkerLost(f"{self._cluster.name(0)} has {line.end or 'ended'}")

    def _call(self, hello: Facts) -> Tuple["_Line", Facts]:
        """The line to the chief, and what it says first.

        There may be nobody at its address yet, or another program, or an earlier run's TensorFlow.
        """
        host, _, port = self._cluster.addresses[0].rpartition(":")
        deadline = time.monotonic() + MEETING_SECONDS
        while True:
            try:
                line = _Line(socket.create_connection((host.strip("[]"), int(port)), 5.0))
                line.send(hello)
                answer = line.receive(max(TICK, deadline - time.monotonic()))
                if answer and any(isinstance(answer.get(key), str) for key in ANSWERS):
                    return line, answer
                line.close()
                reason = f"it has {line.end or 'sent what no chief sends'}"
            except (OSError, UnicodeError) as error:  # the latter of a name that cannot be one
                reason = getattr(error, "strerror", None) or str(error)
            if time.monotonic() > deadline:
                raise WorkerLost(
                    f"{self._cluster.name(0)} does not answer for {MEETING_SECONDS:.0f} s "
                    f"({reason})"
                )
            signals.check()
            time.sleep(0.5)

    def _listen(self, rank: int, line: "_Line") -> None:
        """Passes on what the chief says, and notices when a worker has gone."""
        while True:
            message = line.receive(SILENCE_SECONDS)
            if message is None:
                reason = f"{self._cluster.name(rank)} has {line.end}"
                break
            if rank == 0 and "lost" in message:
                reason = str(message["lost"])
                break
            if rank == 0 and "value" in message:
                self._told.put(message)
        with self._naming:
            if not self.lost.done():  # else another one was first
                self.lost.set_result(reason)
        for other in self._lines.values() if self._cluster.rank == 0 else ():
            with contextlib.suppress(OSError):
                other.send({"lost": reason})
        self._told.put(None)

    def _beat(self) -> None:
        while not self.lost.done():
            for line in self._lines.values():
                with contextlib.suppress(OSError):
                    line.send({})
            time.sleep(BEAT_SECONDS)


class _Line:
    """One connection, of which nothing is believed."""

    def __init__(self, connection: socket.socket):
        connection.settimeout(HELLO_SECONDS)  # for sending; what is received is waited for first
        self._connection, self._unread = connection, bytearray()
        self._sending = threading.Lock()
        self.end = ""
        """How it ended, once it has."""

    def fileno(self) -> int:
        """For `multiprocessing.connection.wait`."""
        return self._connection.fileno()

    def send(self, message: Facts) -> None:
        """A message; an empty one is a sign of life."""
        text = json.dumps(message) if message else ""
        with self._sending:
            self._connection.sendall(text.encode() + b"\n")

    def read(self) -> None:
        """Takes in some of what has come, without waiting, or that nothing comes any more."""
        try:
            more = self._connection.recv(1 << 16)
        except OSError:
            more = b""
        if not more:
            self.end = self.end or "ended"
        self._unread += more

    def take(self) -> Optional[Facts]:
        """The next message of those read, empty for a sign of life; None while none is whole."""
        newline = self._unread.find(b"\n")
        if (newline if newline >= 0 else len(self._unread)) > LONGEST_LINE:
            self.end = "sent too long a line"
            self._unread.clear()
            return None
        if newline < 0:
            return None
        text = bytes(self._unread[:newline])
        del self._unread[: newline + 1]
        try:
            message = from_json(text.decode()) if text.strip() else {}
        except ValueError:
            message = None
        if not isinstance(message, dict):
            self.end = "sent what is no message"
            self._unread.clear()
            return None
        return message

    def receive(self, seconds: float) -> Optional[Facts]:
        """The next message, or sign of life; None if the line ends, or none is whole by then.

        While this process itself stands still, suspended by a scheduler, nobody else is silent.
        """
        left = seconds
        while True:
            message = self.take()
            if message is not None or self.end:
                return message
            if left <= 0:
                self.end = f"been silent for {seconds:.0f} s"
                return None
            began = time.monotonic()
            if wait([self._connection], min(TICK, left)):
                self.read()
            left -= min(TICK, time.monotonic() - began)

    def close(self) -> None:
        """Ends it."""
        self._connection.close()


class _Door:
    """The chief's port while the workers meet; TensorFlow takes it over as soon as all are there.

    Those who have come are guests until they say who they are, and none waits for another.
    """

    def __init__(self, address: str):
        """Opens it."""
        self._listener = _listener(address)
        self._guests: Dict[_Line, float] = {}  # and until when each may speak; the oldest first

    def hellos(self, known: Iterable[_Line]) -> List[Tuple[_Line, Facts]]:
        """What guests say within a moment; lines that are known already are read along."""
        everybody: List[Any] = [self._listener, *self._guests, *known]
        for ready in wait(everybody, TICK):
            if isinstance(ready, _Line):
                ready.read()
            else:
                self._let_in()
        said = []
        for line, until in list(self._guests.items()):
            hello = line.take()
            if hello:
                del self._guests[line]
                said.append((line, hello))
            elif hello is not None or line.end or time.monotonic() > until:
                del self._guests[line]
                line.close()
        return said

    def _let_in(self) -> None:
        if len(self._guests) >= MOST_GUESTS:
            oldest = next(iter(self._guests))
            del self._guests[oldest]
            oldest.close()
        with contextlib.suppress(OSError):  # it has gone already
            guest, _ = self._listener.accept()
            self._guests[_Line(guest)] = time.monotonic() + HELLO_SECONDS

    def close(self) -> None:
        """Nobody comes in any more."""
        self._listener.close()
        for line in self._guests:
            line.close()


def _listener(address: str) -> socket.socket:
    host, _, port = address.rpartition(":")
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind(("", int(port)))
    except OSError as error:
        raise UsageError(f"TF_CONFIG: {address}: {error.strerror}") from error
    listener.listen()
    listener.setblocking(False)
    return listener


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
        time.sleep(0.2)
