"""Prediction input: points in a fixed order, in batches of one static shape.

Imports no TensorFlow.
"""

from typing import Callable, Iterator, NamedTuple, Sequence, Tuple, Union

import numpy as np

BATCH = 4096
"""Points a prediction batch."""

Part = Union[np.ndarray, Tuple[int, Callable[[slice], np.ndarray]]]


class FixedInput(NamedTuple):
    """Points to predict for, read batch by batch."""

    feature: str  # name under which the model function finds them
    shape: Tuple[int, ...]  # of one point
    parts: Sequence[Part]  # arrays [n, *shape], or (n, function from a slice to such an array)

    def __len__(self) -> int:
        return sum(_length(part) for part in self.parts)

    def batches(self) -> Iterator[Tuple[np.ndarray, int]]:
        """Batches of exactly BATCH points, the last one padded with its own last point.

        Yields:
          ([BATCH, *shape] float32, the number of points that are no padding).
        """
        for start in range(0, len(self), BATCH):
            batch = self._read(start, start + BATCH)
            padding = np.repeat(batch[-1:], BATCH - len(batch), axis=0)
            yield np.concatenate([batch, padding]), len(batch)

    def _read(self, start: int, stop: int) -> np.ndarray:
        pieces, offset = [], 0
        for part in self.parts:
            length = _length(part)
            inside = slice(max(start - offset, 0), min(stop - offset, length))
            if inside.start < inside.stop:
                piece = part[1](inside) if isinstance(part, tuple) else part[inside]
                pieces.append(np.asarray(piece, np.float32))
            offset += length
        return np.concatenate(pieces)


def _length(part: Part) -> int:
    return part[0] if isinstance(part, tuple) else len(part)
