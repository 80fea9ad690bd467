"""A second Python process that draws and computes beside the training, on the other core.

It is fed through a pipe of which only its own end is open in it: when the run dies, however, the
pipe closes and so does the process.
"""

import multiprocessing
import signal
from multiprocessing.connection import Connection
from typing import Any, Callable, Dict, List, Tuple


class SideProcess:
    """Runs functions one after another; their results, and errors, come back by ticket."""

    def __init__(self) -> None:
        """Starts the process, which imports what its functions need and no TensorFlow."""
        context = multiprocessing.get_context("spawn")
        self._connection, theirs = context.Pipe()
        self._process = context.Process(target=_serve, args=(theirs,), daemon=True)
        self._process.start()
        theirs.close()
        self._submitted = 0
        self._results: Dict[int, Any] = {}

    def submit(self, function: Callable, *arguments: Any) -> int:
        """Queues a call; returns its ticket."""
        self._connection.send((function, arguments))
        self._submitted += 1
        return self._submitted - 1

    def finished(self) -> List[int]:
        """Tickets of all finished calls, in order; raises what a call raised."""
        while self._connection.poll():
            self._receive()
        return sorted(self._results)

    def result(self, ticket: int) -> Any:
        """Waits for a call and returns its result, or raises what it raised."""
        while ticket not in self._results:
            self._receive()
        return self._results[ticket]

    def __enter__(self) -> "SideProcess":
        return self

    def __exit__(self, error: Any, *_: Any) -> None:
        """Ends the process; waits for what is queued, unless the run has failed."""
        try:
            while error is None and len(self._results) < self._submitted:
                self._receive()
        finally:
            if error is not None:
                self._process.kill()
            self._connection.close()
            self._process.join()

    def _receive(self) -> None:
        try:
            error, result = self._connection.recv()
        except EOFError:
            raise RuntimeError("the process that draws the pictures has died") from None
        if error is not None:
            raise error
        self._results[len(self._results)] = result


def _serve(connection: Connection) -> None:
    """Answers calls in order until the other end is closed."""
    for number in (signal.SIGINT, signal.SIGTERM):  # the run's to handle: it closes the pipe
        signal.signal(number, signal.SIG_IGN)
    while True:
        try:
            function, arguments = connection.recv()
        except (EOFError, ConnectionError):
            return
        try:
            answer: Tuple[Any, Any] = (None, function(*arguments))
        except Exception as error:  # sent to the run, which raises it
            answer = (error, None)
        try:
            connection.send(answer)
        except OSError:  # the run has died
            return
