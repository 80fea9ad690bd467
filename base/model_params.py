"""What engines know of what they hand to model functions. Imports no TensorFlow."""

import dataclasses
from typing import Dict

import numpy as np


@dataclasses.dataclass(frozen=True)
class ModelParams:
    """The base of what model functions read, as `params["params"]`, beside their features."""

    initial_values: Dict[str, np.ndarray]
    """By variable name, of a training that starts; they enter through the Scaffold, so that the
    graph is the same for all of a kind."""
