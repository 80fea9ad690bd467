"""A training whose Estimator is set up before its minibatches are known."""

import threading
from concurrent.futures import Future
from typing import Any, Callable, Dict, Iterator, Optional, Tuple

from boost.progress import Progress
from estimator.backend import TrainResult
from input_fn.fixed import FixedInput
from input_fn.weighted import Batches, Stream


class Training:
    """One `engine.train`, prepared at once in a thread of its own where the engine allows it.

    Building the graph and compiling the loop take longer than the default experiment's iterations
    themselves, so they are done while the component before is trained; the input then waits for
    the weights that only that component decides.
    """

    def __init__(
        self,
        engine: Any,
        model_fn: Callable,
        model_dir: str,
        params: Any,
        shapes: Dict[str, Tuple[int, ...]],
        batch_axis: int,
        iterations: int,
        predict_for: FixedInput,
        label: str,
    ):
        """Starts to prepare; arguments as in `HostEngine.train`, and the progress bar's label."""
        self._stream: Future[Stream] = Future()
        self._progress = Progress(label, iterations)
        self._outcome: Future[TrainResult] = Future()
        self._thread: Optional[threading.Thread] = None

        def draw(block: int, counts: Iterator[int]) -> Iterator[Batches]:
            return self._stream.result().draw(block, counts)

        self._train = lambda: engine.train(
            model_fn,
            model_dir,
            params,
            Stream(draw, shapes, batch_axis),
            iterations,
            self._progress.report,
            predict_for,
        )
        if engine.prepares_ahead:
            self._thread = threading.Thread(target=self._work, daemon=True)
            self._thread.start()

    def begin(self, stream: Stream) -> None:
        """Gives the minibatches to train on."""
        self._stream.set_result(stream)

    def result(self) -> TrainResult:
        """Waits for the trained model, showing progress; raises what the training raised."""
        with self._progress:
            if self._thread is None:
                self._work()
            return self._outcome.result()

    def cancel(self) -> None:
        """Ends a training that was prepared in vain; one that has begun is left alone."""
        if not self._stream.done():
            self._stream.set_exception(RuntimeError("the training was cancelled"))
            if self._thread is not None:
                self._thread.join()

    def _work(self) -> None:
        try:
            self._outcome.set_result(self._train())
        except BaseException as error:  # handed to whoever asks for the result
            self._outcome.set_exception(error)
