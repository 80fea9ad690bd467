"""Connections between workers, of which nothing is believed, and the port where the chief waits.

Lines of JSON, and empty ones as signs of life. Anybody may connect while the workers gather, and
say anything: lines have an end, and all waiting has. Imports no TensorFlow.
"""

import contextlib
import json
import socket
import threading
import time
from multiprocessing.connection import wait
from typing import Any, Dict, Iterable, List, Optional, Tuple

from base.errors import UsageError
from estimator.cluster import from_json

HELLO_SECONDS = 10.0
"""For one answer while the workers gather, from its first byte to its last."""
TICK = 1.0
"""Seconds between two looks at what else may end a wait."""
LONGEST_LINE = 1 << 18
"""Bytes beyond which no worker has sent it."""
MOST_GUESTS = 64
"""Connections that have not yet said whose they are; the oldest makes room for one more."""

Message = Dict[str, Any]


class Connection:
    """One connection; whatever comes over it, waiting for it ends."""

    def __init__(self, own_socket: socket.socket):
        own_socket.settimeout(HELLO_SECONDS)  # for sending; what is received is waited for first
        self._socket, self._unread = own_socket, bytearray()
        # Signs of life come from a thread of their own: one message is not to cut another in two.
        self._sending = threading.Lock()
        self.end = ""
        """How it ended, once it has."""

    def fileno(self) -> int:
        """For `multiprocessing.connection.wait`."""
        return self._socket.fileno()

    def send(self, message: Message) -> None:
        """A message; an empty one is a sign of life."""
        text = json.dumps(message) if message else ""
        with self._sending:
            self._socket.sendall(text.encode() + b"\n")

    def read(self) -> None:
        """Takes in some of what has come, without waiting, or that nothing comes any more."""
        try:
            more = self._socket.recv(1 << 16)
        except OSError:
            more = b""
        if not more:
            self.end = self.end or "ended"
        self._unread += more

    def take(self) -> Optional[Message]:
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

    def receive(self, seconds: float) -> Optional[Message]:
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
            if wait([self._socket], min(TICK, left)):
                self.read()
            left -= min(TICK, time.monotonic() - began)

    def close(self) -> None:
        """Ends it."""
        self._socket.close()


class Entrance:
    """The chief's port while the workers gather; TensorFlow takes it over as soon as all are there.

    Those who have come are guests until they say who they are, and none waits for another.
    """

    def __init__(self, address: str):
        """Opens it."""
        self._listener = _listener(address)
        self._guests: Dict[Connection, float] = {}  # until when each may speak; oldest first

    def hellos(self, known: Iterable[Connection]) -> List[Tuple[Connection, Message]]:
        """What guests say within a moment; connections already known are read along."""
        everybody: List[Any] = [self._listener, *self._guests, *known]
        for ready in wait(everybody, TICK):
            if isinstance(ready, Connection):
                ready.read()
            else:
                self._let_in()
        said = []
        for guest, until in list(self._guests.items()):
            hello = guest.take()
            if hello:
                del self._guests[guest]
                said.append((guest, hello))
            elif hello is not None or guest.end or time.monotonic() > until:
                del self._guests[guest]
                guest.close()
        return said

    def _let_in(self) -> None:
        if len(self._guests) >= MOST_GUESTS:
            oldest = next(iter(self._guests))
            del self._guests[oldest]
            oldest.close()
        with contextlib.suppress(OSError):  # it has gone already
            own_socket, _ = self._listener.accept()
            self._guests[Connection(own_socket)] = time.monotonic() + HELLO_SECONDS

    def close(self) -> None:
        """Nobody comes in any more."""
        self._listener.close()
        for guest in self._guests:
            guest.close()


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
