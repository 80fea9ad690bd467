"""`--mode=compare`: several runs on one page."""

import logging
import os
from typing import Any, Dict, List

from base.errors import UsageError
from commands import shared
from commands.shared import Call
from storage import outputs
from storage.workdir import Workdir

log = logging.getLogger("adagan")


def compare(call: Call, paths: List[str], explicit: Dict[str, Any]) -> None:
    """Puts several runs on one page.

    Args:
      call: the command.
      paths: work directories.
      explicit: settings that were given by flags: none may be.
    """
    command = call.command
    for name, value in explicit.items():
        raise UsageError(f"--{name}={value}: --mode=compare shows runs as they were made")
    if len({os.path.realpath(path) for path in paths}) < max(2, len(paths)):
        given = " ".join(paths) or "none"
        raise UsageError(
            f"--mode=compare: needs two work directories or more after the flags, each once, "
            f"got {given}"
        )
    opened, workdirs = [], [Workdir(path) for path in paths]
    outputs.check_file(command.output, command.mode, (".html",), workdirs, [])
    for workdir in workdirs:
        settings, state = shared.read_run(workdir)
        shared.check_files(workdir, state, settings)
        opened.append((workdir, settings.flat(), state))

    from report import comparison_page as page

    runs = [page.Compared(*each) for each in opened]
    page.write(runs, command.output)
    log.info("Wrote %d runs to %s", len(runs), command.output)
