"""One training of a network, tried from other initial weights if its numbers go wrong."""

import logging
import os
from typing import Any, Callable, Tuple, TypeVar

from base.errors import Diverged
from estimator.engine import Engine, Training, TrainResult
from report.progress import Progress

INITIALISATIONS = 2
"""How often a network is trained when its numbers go wrong: each time from other weights."""

log = logging.getLogger("adagan")

Used = TypeVar("Used")


def fit(
    engine: Engine,
    label: str,
    training: Training,
    other_params: Callable[[int], Any],
    use: Callable[[TrainResult], Used],
) -> Tuple[Used, int]:
    """Trains a network and makes use of it.

    Args:
      engine: that trains.
      label: of the progress bar, and of what is said of the training.
      training: from the first initial weights.
      other_params: its params with others, by the number of the initialisation, 2, 3, ...
      use: makes of the trained network what is asked for; raises Diverged if it is good for
        nothing.

    Returns:
      What `use` returns, and how many initialisations it took.

    Raises:
      Diverged: if the numbers went wrong from every initialisation.
    """
    for number in range(1, INITIALISATIONS + 1):
        each = training
        if number > 1:
            directory = os.path.join(training.model_dir, f"initialisation_{number}")
            each = training._replace(model_dir=directory, params=other_params(number))
        try:
            with Progress(label, training.iterations) as progress:
                trained = engine.train(each, progress.report)
            return use(trained), number
        except Diverged as error:
            last = error
        if number < INITIALISATIONS:
            log.warning("%s: %s. Once more from other initial weights.", label, last)
    raise Diverged(f"{label}: {last} ({INITIALISATIONS} initialisations tried)") from last
