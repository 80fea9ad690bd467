"""`--mode=sample`: fresh points of a run's mixture."""

import logging
from typing import Any, Dict, Optional

import numpy as np

from base.streams import Purpose
from commands import shared
from commands.shared import Call, Opened
from storage import outputs
from storage.workdir import Workdir

log = logging.getLogger("adagan")


def sample(call: Call, explicit: Dict[str, Any]) -> None:
    """Writes samples.

    Args:
      call: the command.
      explicit: settings that were given by flags; they must be those of the run.
    """
    command = call.command
    workdir = Workdir(command.workdir)
    settings, state = shared.open_run(workdir)
    settings, seed = shared.with_explicit(settings, explicit, workdir)
    data_file = settings.data.data_file
    outputs.check_file(command.output, command.mode, (".npy", ".csv"), [workdir], [data_file])
    run = shared.opened(call, workdir, settings, state, seed)
    points = draw(call, run, command.num_samples, Purpose.SAMPLE)
    if points is None:
        return
    outputs.write_points(command.output, points)
    shape = list(points.shape[1:])
    log.info("Wrote %d points of shape %s to %s", len(points), shape, command.output)


def draw(call: Call, run: Opened, number: int, purpose: Purpose) -> Optional[np.ndarray]:
    """Samples of a run's mixture, refined if told to; None in a process that only trains along.

    Args:
      call: the command.
      run: the run.
      number: of samples.
      purpose: of the draw.
    """
    engine = shared.make_engine(call, run.settings, run.workdir)
    if engine.rank:
        return None

    from boost.refiner import Refiner
    from boost.sampler import Sampler
    from commands import parts

    components = parts.make_components(run.settings, run.dataset, run.scorer, engine, run.workdir)
    if not call.command.refine:
        return Sampler(components, run.state).sample(number, run.seed, purpose)
    refiner = Refiner(components, run.state)
    log.info("Refining accepts %.1f %% of the samples", 100 * refiner.refinement.acceptance)
    return refiner.sample(number, run.seed, purpose)
