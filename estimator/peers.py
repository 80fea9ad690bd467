"""The workers of one run while they train: who has gone, and what the chief says.

Each worker keeps its connection to the chief. TensorFlow's own collectives wait for a dead worker
for ever; here its connection closes, or falls silent. Imports no TensorFlow.
"""

import contextlib
import queue
import threading
import time
from concurrent.futures import Future
from typing import Any, Dict

from base import signals
from base.errors import WorkerLost
from estimator import meeting
from estimator.cluster import Cluster
from estimator.connections import TICK, Connection

BEAT_SECONDS, SILENCE_SECONDS = 5.0, 40.0
"""Between two signs of life; without a whole line for the latter a worker counts as gone."""
LEAVE_SECONDS = 30.0
"""How long after a signal the workers may take to leave a training together."""


class Peers:
    """The connections of one worker."""

    def __init__(self, cluster: Cluster):
        """Args: the workers; nobody is asked yet."""
        self._cluster = cluster
        self._connections: Dict[int, Connection] = {}  # the chief's to all others, theirs to it
        self._received: queue.Queue = queue.Queue()  # of the chief, in its order; None: no more
        self.lost: Future = Future()
        """Who has gone, in words, once somebody has."""
        self._naming = threading.Lock()  # of the first that has gone: several threads may notice

    def join(self, shared: Dict[str, Any], lock_path: str, lock_text: str) -> None:
        """Waits until all workers are there, and checks that they are of one mind.

        Args:
          shared: must be the same on all workers: values of JSON by a name such as "--steps".
          lock_path: of a file in the work directory, which the chief keeps open.
          lock_text: what the chief has written into it for this run; the others need not know it.

        Raises:
          UsageError: on every worker, if one has other values, or does not see the file.
          WorkerLost: if one does not come, or goes.
        """
        if self._cluster.rank:
            self._connections[0] = meeting.join(self._cluster, shared, lock_path)
        else:
            self._connections = meeting.gather(self._cluster, shared, lock_path, lock_text)
        for rank in self._connections:
            threading.Thread(target=self._listen, args=(rank,), daemon=True).start()
        threading.Thread(target=self._beat, daemon=True).start()

    def share(self, value: Any = None) -> Any:
        """What the chief gives, on all workers; they wait for as long as it shows signs of life.

        Raises:
          WorkerLost: if a worker has gone.
          Stopped: if a signal has come here, and the chief does not say anything on that.
        """
        if self._cluster.rank == 0:
            for connection in self._connections.values():
                with contextlib.suppress(OSError):  # whoever listens to it says what it means
                    connection.send({"value": value})
            self.check()
            return value
        since_signal = 0.0
        while True:
            with contextlib.suppress(queue.Empty):
                message = self._received.get(timeout=TICK)
                if message is not None:
                    return message["value"]
                self._received.put(None)  # for whoever asks once more
                self.check()
            since_signal += TICK if signals.asked() else 0.0
            if since_signal > LEAVE_SECONDS:
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

    def _listen(self, rank: int) -> None:
        """Passes on what the chief says, and notices when a worker has gone."""
        connection = self._connections[rank]
        while True:
            message = connection.receive(SILENCE_SECONDS)
            if message is None:
                reason = f"{self._cluster.name(rank)} has {connection.end}"
                break
            if rank == 0 and "lost" in message:
                reason = str(message["lost"])
                break
            if rank == 0 and "value" in message:
                self._received.put(message)
        with self._naming:
            if not self.lost.done():  # else another one was first
                self.lost.set_result(reason)
        # Workers know the chief alone: it passes on that one of them has gone.
        for other in self._connections.values() if self._cluster.rank == 0 else ():
            with contextlib.suppress(OSError):
                other.send({"lost": reason})
        self._received.put(None)

    def _beat(self) -> None:
        """Shows signs of life, whatever the main thread waits for."""
        while not self.lost.done():
            for connection in self._connections.values():
                with contextlib.suppress(OSError):
                    connection.send({})
            time.sleep(BEAT_SECONDS)
