"""Figures of several seeds in short."""

from typing import List, Tuple

import numpy as np


def band(values: List[float]) -> Tuple[float, float, float]:
    """Median, 5 % and 95 % of at least one figure."""
    middle, low, high = np.percentile(values, [50, 5, 95])
    return float(middle), float(low), float(high)


def text_of(values: List[float]) -> str:
    """Median and 5-95 % band; a single figure as it is; "" of none."""
    if len(values) < 2:
        return f"{values[0]:.3f}" if values else ""
    return "{:.3f} [{:.3f}; {:.3f}]".format(*band(values))
