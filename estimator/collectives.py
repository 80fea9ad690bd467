"""What TensorFlow's collectives need: one strategy and one thread for all trainings."""

import atexit
import queue
import threading
from concurrent.futures import Future
from typing import Any, Callable, Optional, Tuple

import tensorflow as tf

from estimator import cluster as clusters
from estimator.cluster import Cluster


def strategy_of(workers: Cluster) -> tf.distribute.Strategy:
    """The strategy of several workers, or of one with several GPUs."""
    if workers.size == 1:
        return tf.distribute.MirroredStrategy()
    with clusters.in_environment(workers):
        return _NumberedStrategy()


class _NumberedStrategy(tf.distribute.experimental.MultiWorkerMirroredStrategy):
    """Numbers its collectives on from one Estimator to the next.

    Estimators copy their strategy, and give the cluster to it anew. Both would count from the start
    again, with numbers that TensorFlow's server has already given to tensors of other shapes.
    """

    def __deepcopy__(self, _: Any) -> "_NumberedStrategy":
        return self

    def configure(self, session_config: Any = None, *_: Any, **__: Any) -> None:
        """As it is, but the cluster stays what it was when this was made."""
        super().configure(session_config)


class TrainingThread:
    """One thread for all trainings, beside the main one, which can notice that a worker has gone.

    TensorFlow keeps its server in the storage of the thread that starts it. It is deleted with the
    thread, before the interpreter ends: later its own `__del__` finds nothing left to call.
    """

    def __init__(self) -> None:
        self._work: queue.Queue[Optional[Tuple[Callable[[], None], Future]]] = queue.Queue()
        self._idle = threading.Event()
        self._idle.set()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()
        atexit.register(self._end)

    def submit(self, work: Callable[[], None]) -> Future:
        """Has it done; the future holds what it raises."""
        done: Future = Future()
        self._idle.clear()
        self._work.put((work, done))
        return done

    def _run(self) -> None:
        while True:
            item = self._work.get()
            if item is None:
                return
            work, done = item
            try:
                done.set_result(work())
            except BaseException as error:  # handed to whoever waits
                done.set_exception(error)
            self._idle.set()

    def _end(self) -> None:
        """Ends the thread with the interpreter."""
        if self._idle.is_set():  # else it waits for a worker that has gone, for ever
            self._work.put(None)
            self._thread.join()
