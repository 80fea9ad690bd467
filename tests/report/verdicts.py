"""Verdicts on mixtures that are like a perfect sampler but for some figures; tests only."""

import dataclasses
import math

from evaluation.metrics import Metrics, Sizes, Spread
from report import verdict
from report.verdict import Circumstances
from tests.storage.runs import make_state

TOY_PERFECT = Metrics(0.0, 0.9, 10, 0.99, 0.0, 0.97)
NAN = [math.nan] * 4
PERFECT = Metrics(
    -2.0, 0.9, *NAN, two_sample_auc=0.5, precision=0.8, recall=0.8, worst_column_ks=0.02, copying=1
)
SIMPLE = PERFECT._replace(two_sample_auc=0.6)
LONG = 10**5


def band(median, **ends):
    """A spread that is this wide, the lower end and the upper by figure."""
    low, high = ({name: pair[end] for name, pair in ends.items()} for end in (0, 1))
    return Spread(median, median._replace(**low), median._replace(**high))


def of_toy(perfect=TOY_PERFECT, there=10, workdir="run", iterations=LONG, **reached):
    """The verdict on a mixture that is like a perfect sampler but for some figures."""
    state = make_state(1)
    step = dataclasses.replace(state.steps[0], metrics=TOY_PERFECT._replace(**reached))
    state = dataclasses.replace(state, perfect=Spread(*[perfect] * 3), steps=(step,))
    return verdict.of_state(state, Circumstances(workdir, there, iterations))


def of_table(
    spread=None, simple=None, components=4, worst=(), iterations=LONG, held_out=2000, **reached
):
    """The same on own data."""
    state, spread = make_state(1), spread or Spread(*[PERFECT] * 3)
    metrics = spread.median._replace(**reached)
    state = dataclasses.replace(
        state,
        sizes=Sizes(held_out // 2, held_out // 4, held_out // 4, 2500),
        perfect=spread,
        simple=simple and Spread(*[simple] * 3),
        simple_components=components,
        steps=(dataclasses.replace(state.steps[0], metrics=metrics, worst=dict(worst)),),
    )
    return verdict.of_state(state, Circumstances("run", 0, iterations))


def text(told):
    return "\n".join(told.lines)
