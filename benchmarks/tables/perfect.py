"""What a perfect sampler scores, where the truth is known."""

from typing import Dict

import numpy as np

from boost import scoring
from evaluation import metrics
from evaluation.metrics import EvaluationSettings, Metrics
from input_fn import sources
from input_fn.settings import DataSettings


def of_toy(settings: DataSettings) -> Dict[str, float]:
    """Medians of `main.py`'s own figures of samples of the truth, and the worst log_p, by name."""
    sizes = metrics.published_sizes(EvaluationSettings())
    data = sources.load(settings, sizes.of_data, 1)
    draws = scoring.perfect_sampler(data.truth, data.held_out, sizes, settings.data_seed)
    medians = Metrics(*np.median(np.array(draws), axis=0))
    return {**medians._asdict(), "worst_log_p": min(draw.log_p for draw in draws)}
