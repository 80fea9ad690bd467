"""Figures of several seeds in short."""

from typing import List, Tuple

import numpy as np


def band(values: List[float]) -> Tuple[float, float, float]:
    """Median, 5 % and 95 % of at least one figure."""
    middle, low, high = np.percentile(values, [50, 5, 95])
    return float(middle), float(low), float(high)


def text_of(values: List[float]) -> str:
    """Median and 5-95 % band; "" of no figures."""
    return "{:.3f} [{:.3f}; {:.3f}]".format(*band(values)) if values else ""
