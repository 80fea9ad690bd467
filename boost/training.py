"""One training of a network, tried from other initial weights if its numbers go wrong."""

import logging
import os
from typing import Any, Callable, NamedTuple, Tuple, TypeVar

from base.errors import Diverged
from estimator.engine import Engine, Training, TrainResult
from input_fn.fixed import FixedInput
from input_fn.weighted import Stream
from report.progress import Progress

INITIALISATIONS = 2
"""How often a network is trained when its numbers go wrong: each time from other weights."""

log = logging.getLogger("adagan")

Used = TypeVar("Used")


class Task(NamedTuple):
    """What is to be trained; see `estimator.engine.Training`."""

    label: str  # of the progress bar
    model_fn: Callable
    model_dir: str
    params: Callable[[int], Any]  # by the number of the initialisation, 1, 2, ...
    stream: Stream
    iterations: int
    predict_for: FixedInput


def fit(engine: Engine, task: Task, use: Callable[[TrainResult], Used]) -> Tuple[Used, int]:
    """Trains a network and makes use of it.

    Args:
      engine: that trains.
      task: what.
      use: makes of the trained network what is asked for; raises Diverged if it is good for
        nothing.

    Returns:
      What `use` returns, and how many initialisations it took.

    Raises:
      Diverged: if the numbers went wrong from every initialisation.
    """
    for number in range(1, INITIALISATIONS + 1):
        others = [f"initialisation_{number}"] if number > 1 else []
        try:
            with Progress(task.label, task.iterations) as progress:
                each = Training(
                    model_fn=task.model_fn,
                    model_dir=os.path.join(task.model_dir, *others),
                    params=task.params(number),
                    stream=task.stream,
                    iterations=task.iterations,
                    predict_for=task.predict_for,
                )
                trained = engine.train(each, progress.report)
            return use(trained), number
        except Diverged as error:
            last = error
        if number < INITIALISATIONS:
            log.warning("%s: %s. Once more from other initial weights.", task.label, last)
    raise Diverged(f"{task.label}: {last} ({INITIALISATIONS} initialisations tried)") from last
