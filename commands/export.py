"""`--mode=export`: a run's mixture as a model of its own."""

import logging
import os
from typing import Any, Dict

from base.errors import UsageError
from commands import shared
from commands.settings import Command
from commands.shared import Call
from estimator.engine import DeviceSettings
from storage import outputs
from storage.workdir import Workdir

log = logging.getLogger("adagan")


def export(call: Call, explicit: Dict[str, Any]) -> None:
    """Writes an export, whole or not at all.

    Args:
      call: the command.
      explicit: settings that were given by flags; they must be those of the run.
    """
    command, run = call.command, shared.open_run(call, explicit)
    workdir, settings = run.workdir, run.settings
    directory = os.path.normpath(command.export_dir or workdir.join("export", command.format))

    def check() -> None:
        _check(command, directory, len(run.state.steps), workdir, settings.data.data_file)

    check()
    # For use anywhere: made with full precision.
    on_cpu = call._replace(device=DeviceSettings(device="cpu"))
    components = shared.make_components(on_cpu, run, shared.refines_anew(run, command))
    if components is None:
        return

    from commands import exported_model, parts

    refiner = parts.make_refiner(components, run.state) if command.refine else None
    wanted = exported_model.Wanted(command.format, command.component, directory, run.seed)
    # Checked again: something may have come there in the meantime.
    for line in exported_model.export_mixture(components, run.state, wanted, check, refiner):
        log.info("%s", line)


def _check(command: Command, directory: str, steps: int, workdir: Workdir, data: str) -> None:
    """That what is written can be written, before any work."""
    if command.component > steps:
        raise UsageError(f"--component={command.component}: the run has {steps} components so far")
    outputs.check_export(directory, command.format, command.overwrite, workdir, data)
