"""Components that do not depend on each other share the processor: two are trained at a time."""

import itertools
import signal
from collections import deque
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any, Deque

import numpy as np

from base import signals
from boost.components import Component, Components


class IndependentComponents:
    """Trains components of the same data weights before they are asked for.

    One component's loop keeps one core busy, so two run side by side where the engine can. Used as
    a context: where it is left early, those that are being trained save what they have and end, as
    by a signal.
    """

    def __init__(self, components: Components, data_weights: np.ndarray, first: int, last: int):
        """Made before the first is asked for.

        Args:
          components: that train.
          data_weights: [N] of all of them.
          first: number of the first.
          last: number of the last.
        """
        self._components, self._data_weights = components, data_weights
        self._numbers = iter(range(first, last + 1))
        self._at_once = 2 if components.engine.trains_side_by_side else 1
        self._running: Deque[Future] = deque()

    def train(self, number: int, data_weights: np.ndarray) -> Component:
        """The next component; see `Components.train`. They come in their order."""
        del number, data_weights  # those that it was told
        trained: Component = self._running.popleft().result()
        self._start(1)
        return trained

    def __enter__(self) -> "IndependentComponents":
        self._threads = ThreadPoolExecutor(self._at_once)
        self._start(self._at_once)
        return self

    def __exit__(self, *_: Any) -> None:
        if self._running and not signals.asked():  # a second signal would end all at once
            signals.ask(signal.SIGTERM)
        self._threads.shutdown()

    def _start(self, how_many: int) -> None:
        self._running.extend(
            self._threads.submit(self._components.train, number, self._data_weights)
            for number in itertools.islice(self._numbers, how_many)
        )
