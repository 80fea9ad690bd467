"""A training whose Estimator is set up before its minibatches are known."""

import logging
import os
import threading
from concurrent.futures import Future
from typing import Any, Callable, Dict, Iterator, NamedTuple, Optional, Tuple

from boost.progress import Progress
from endings import Diverged
from estimator.backend import TrainResult
from input_fn.fixed import FixedInput
from input_fn.weighted import Batches, Stream

INITIALISATIONS = 2
"""How often a network is trained when its numbers go wrong: each time from other weights."""

log = logging.getLogger("adagan")


class Task(NamedTuple):
    """What is to be trained; see `HostEngine.train`."""

    model_fn: Callable
    model_dir: str
    params: Callable[[int], Any]  # by the number of the initialisation, 1, 2, ...
    shapes: Dict[str, Tuple[int, ...]]  # of the stream
    batch_axis: int  # of the stream
    iterations: int
    predict_for: FixedInput
    use: Callable[[TrainResult], Any]  # what is asked for; raises Diverged if there is none
    label: str  # of the progress bar


class Training:
    """One `engine.train`, prepared at once in a thread of its own where the engine allows it.

    Building the graph and compiling the loop take longer than the default experiment's iterations
    themselves, so they are done while the component before is trained; the input then waits for
    the weights that only that component decides.
    """

    def __init__(self, engine: Any, task: Task):
        """Starts to prepare."""
        self._engine, self._task = engine, task
        self.initialisations = 1
        self._stream: Future[Stream] = Future()
        self._progress = Progress(task.label, task.iterations)
        self._outcome: Future[TrainResult] = Future()
        self._thread: Optional[threading.Thread] = None
        if engine.prepares_ahead:
            self._thread = threading.Thread(target=self._work, daemon=True)
            self._thread.start()

    def begin(self, stream: Stream) -> None:
        """Gives the minibatches to train on."""
        self._stream.set_result(stream)

    def result(self) -> Any:
        """Waits for the trained model, showing progress, and makes use of it.

        What the training raised is raised here.

        Raises:
          Diverged: if the numbers went wrong from every initialisation.
        """
        try:
            with self._progress:
                if self._thread is None:
                    self._work()
                trained = self._outcome.result()
            return self._task.use(trained)
        except Diverged as error:
            return self._again(error)

    def cancel(self) -> None:
        """Ends a training that was prepared in vain; one that has begun is left alone."""
        if not self._stream.done():
            self._stream.set_exception(RuntimeError("the training was cancelled"))
            if self._thread is not None:
                self._thread.join()

    def _again(self, error: Diverged) -> Any:
        """Trains from other initial weights."""
        label = self._task.label
        while self.initialisations < INITIALISATIONS:
            self.initialisations += 1
            log.warning("%s: %s. Once more from other initial weights.", label, error)
            self._progress = Progress(label, self._task.iterations)
            try:
                with self._progress:
                    trained = self._train()
                return self._task.use(trained)
            except Diverged as once_more:
                error = once_more
        raise Diverged(f"{label}: {error} ({INITIALISATIONS} initialisations tried)") from error

    def _train(self) -> TrainResult:
        task, number = self._task, self.initialisations

        def draw(block: int, counts: Iterator[int]) -> Iterator[Batches]:
            return self._stream.result().draw(block, counts)

        others = [f"initialisation_{number}"] if number > 1 else []
        return self._engine.train(
            task.model_fn,
            os.path.join(task.model_dir, *others),
            task.params(number),
            Stream(draw, task.shapes, task.batch_axis),
            task.iterations,
            self._progress.report,
            task.predict_for,
        )

    def _work(self) -> None:
        try:
            self._outcome.set_result(self._train())
        except BaseException as error:  # handed to whoever asks for the result
            self._outcome.set_exception(error)
