"""A second Python process that draws and computes beside the training, on the other core.

It is fed through a socket of which only its own end is open in it: when the run dies, however, the
socket closes and so does the process.
"""

import os
import signal
import socket
import subprocess
import sys
from multiprocessing.connection import Connection
from typing import Any, Callable, Dict, List, Tuple

if __name__ == "__main__":  # nothing of ours, or of the current directory, is imported before
    _connection = Connection(int(sys.argv[1]))
    try:
        sys.path[:] = _connection.recv()
    except (EOFError, ConnectionError):  # the run was stopped before it could say where they are
        sys.exit()

from base.errors import HelperLost


class SideProcess:
    """Runs functions one after another; their results, and errors, come back by ticket."""

    def __init__(self) -> None:
        """Starts the process, which imports what its functions need and no TensorFlow.

        Signals are the run's to handle: the process never gets any from a terminal. It looks for
        modules where this one does, and nowhere before it was told where that is. It computes in
        one thread: its matrices are small, and BLAS's threads spin on the training's core.
        """
        ours, theirs = socket.socketpair()
        command = [sys.executable, "-I", os.path.abspath(__file__), str(theirs.fileno())]
        environment = {**os.environ, "OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"}
        before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT, signal.SIGTERM})
        try:
            self._process = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                pass_fds=[theirs.fileno()],
                env=environment,
            )
        finally:
            signal.pthread_sigmask(signal.SIG_SETMASK, before)
        theirs.close()
        self._connection = Connection(ours.detach())
        self._submitted = 0
        self._results: Dict[int, Any] = {}
        self._send(sys.path)

    def submit(self, function: Callable, *arguments: Any) -> int:
        """Queues a call; returns its ticket.

        Raises:
          HelperLost: if the process has died.
        """
        self._send((function, arguments))
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
            self._process.wait()

    def _send(self, message: Any) -> None:
        try:
            self._connection.send(message)
        except OSError:
            raise self._lost() from None

    def _receive(self) -> None:
        try:
            error, result = self._connection.recv()
        except (EOFError, OSError):
            raise self._lost() from None
        if error is not None:
            raise error
        self._results[len(self._results)] = result

    def _lost(self) -> HelperLost:
        status = self._process.wait()
        how = f"killed by {signal.Signals(-status).name}" if status < 0 else f"status {status}"
        return HelperLost(f"the process that draws the pictures has died ({how})")


def _serve(connection: Connection) -> None:
    """Answers calls in order until the other end is closed."""
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


if __name__ == "__main__":
    _serve(_connection)
