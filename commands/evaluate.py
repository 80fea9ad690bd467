"""`--mode=evaluate`: a run's mixture scored again."""

import json
import logging
import math
from typing import Any, Dict, List

import numpy as np

from base import durable
from base.streams import Purpose
from boost import scoring
from commands import shared
from commands.shared import Call
from evaluation import metrics
from evaluation.metrics import Metrics
from report import verdict
from storage import outputs
from storage.state import State

log = logging.getLogger("adagan")


def evaluate(call: Call, explicit: Dict[str, Any]) -> None:
    """Scores fresh samples: one draw as published, and the medians of several.

    Args:
      call: the command.
      explicit: settings that were given by flags; they must be those of the run.
    """
    command, run = call.command, shared.open_run(call, explicit)
    if command.output:
        data_file = run.settings.data.data_file
        outputs.check_file(command.output, command.mode, (".json",), [run.workdir], [data_file])
    components = shared.make_components(call, run, needs_data=True)
    if components is None:
        return

    from commands import parts

    source = parts.make_source(components, run.state, command.refine)
    truth, spares = components.dataset.truth, run.settings.boost.meta_algorithm == "best_of"
    scorer = scoring.scorer(components.dataset, run.state.sizes, spares_validation=spares)
    number = scoring.DRAWS * scorer.sizes.of_model
    drawn = np.split(source.sample(number, run.seed, Purpose.EVALUATE), scoring.DRAWS)
    quick = scorer._replace(judge=None)
    draws = [
        (scorer if number < scoring.JUDGED_DRAWS else quick).score(part).metrics
        for number, part in enumerate(drawn)
    ]
    if command.output:
        durable.write_atomically(command.output, _text(draws))
    modes = len(truth.means) if truth else 0
    for line in _lines(draws, run.state, modes):
        log.info("%s", line)


def _text(draws: List[Metrics]) -> str:
    """The figures of each draw as strict JSON."""
    figures = [
        {name: None if math.isnan(value) else value for name, value in each._asdict().items()}
        for each in draws
    ]
    return json.dumps(figures, indent=1) + "\n"


def _lines(draws: List[Metrics], state: State, modes: int) -> List[str]:
    """The lines to print; modes: of the truth, 0 where it is not known."""
    lines, found = [metrics.published_line(draws[0])], metrics.spread(draws)
    if modes:
        lines.append("  " + metrics.modes_line(draws[0], modes))
    lines.append(f"Median of {scoring.DRAWS} draws: {metrics.spread_line(found)}")
    lines.append(f"Perfect sampler: {metrics.spread_line(state.perfect)}")
    simpler = verdict.simpler(found.median, state)
    return [*lines, simpler] if simpler else lines
