"""Components that do not depend on each other share the processor: two are trained at a time."""

import signal
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any, Dict

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
        self._first, self._last = first, last
        self._at_once = 2 if components.engine.trains_side_by_side else 1
        self._running: Dict[int, Future] = {}  # by number

    def train(self, number: int, _: np.ndarray) -> Component:
        """A component, which was begun with the weights of all; see `Components.train`.

        Args:
          number: of the component; asked for in their order.
        """
        trained: Component = self._running.pop(number).result()
        self._begin(number + self._at_once)
        return trained

    def __enter__(self) -> "IndependentComponents":
        self._threads = ThreadPoolExecutor(self._at_once)
        for number in range(self._first, self._first + self._at_once):
            self._begin(number)
        return self

    def __exit__(self, *_: Any) -> None:
        if self._running and not signals.asked():  # a second signal would end all at once
            signals.ask(signal.SIGTERM)
        self._threads.shutdown()

    def _begin(self, number: int) -> None:
        if number <= self._last:
            self._running[number] = self._threads.submit(
                self._components.train, number, self._data_weights
            )
