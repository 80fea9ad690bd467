"""`--mode=evaluate`: a run's mixture scored again."""

import json
import logging
import math
from typing import Any, Dict, List

import numpy as np

from base import durable
from base.streams import Purpose
from boost import scoring
from commands import sample, shared
from commands.shared import Call, Opened
from evaluation import metrics
from storage import outputs
from storage.workdir import Workdir

log = logging.getLogger("adagan")


def evaluate(call: Call, explicit: Dict[str, Any]) -> None:
    """Scores fresh samples: one draw as published, and the medians of several.

    Args:
      call: the command.
      explicit: settings that were given by flags; they must be those of the run.
    """
    command = call.command
    workdir = Workdir(command.workdir)
    settings, state = shared.open_run(workdir)
    settings, seed = shared.with_explicit(settings, explicit, workdir)
    if command.output:
        data_file = settings.data.data_file
        outputs.check_file(command.output, command.mode, (".json",), [workdir], [data_file])
    run = shared.opened(call, workdir, settings, state, seed)
    number = scoring.DRAWS * run.scorer.sizes.of_model
    drawn = sample.draw(call, run, number, Purpose.EVALUATE)
    if drawn is not None:
        for line in _scored(run, drawn, command.output):
            log.info("%s", line)


def _scored(run: Opened, drawn: np.ndarray, output: str) -> List[str]:
    """The lines to print.

    Args:
      run: the run.
      drawn: [`scoring.DRAWS` x `sizes.of_model`, *shape] samples in random order.
      output: .json file for the figures of each draw; "": none.
    """
    draws = [run.scorer.score(part)[0] for part in np.split(drawn, scoring.DRAWS)]
    if output:
        figures = [
            {name: None if math.isnan(value) else value for name, value in each._asdict().items()}
            for each in draws
        ]
        durable.write_atomically(output, json.dumps(figures, indent=1) + "\n")
    lines = [metrics.published_line(draws[0])]
    if run.dataset.truth:
        lines.append("  " + metrics.modes_line(draws[0], len(run.dataset.truth.means)))
    lines.append(f"Median of {scoring.DRAWS} draws: {metrics.spread_line(metrics.spread(draws))}")
    lines.append(f"Perfect sampler: {metrics.spread_line(run.state.perfect)}")
    return lines
