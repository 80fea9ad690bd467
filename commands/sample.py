"""`--mode=sample`: fresh points of a run's mixture."""

import logging
from typing import Any, Dict

from base.streams import Purpose
from commands import shared
from commands.shared import Call
from storage import outputs

log = logging.getLogger("adagan")


def sample(call: Call, explicit: Dict[str, Any]) -> None:
    """Writes samples.

    Args:
      call: the command.
      explicit: settings that were given by flags; they must be those of the run.
    """
    command, run = call.command, shared.open_run(call, explicit)
    data_file = run.settings.data.data_file
    outputs.check_file(command.output, command.mode, (".npy", ".csv"), [run.workdir], [data_file])
    ready = shared.make_ready(call, run)
    if ready is None:
        return

    from commands import parts

    source = parts.make_source(ready.components, run.state, command.refine)
    points = source.sample(command.num_samples, run.seed, Purpose.SAMPLE)
    outputs.write_points(command.output, points)
    shape = list(points.shape[1:])
    log.info("Wrote %d points of shape %s to %s", len(points), shape, command.output)
