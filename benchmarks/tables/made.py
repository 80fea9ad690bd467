"""What main.py makes of flags that are settings of a run, and the digest that names it."""

import copy
import dataclasses
import hashlib
import json
from typing import NamedTuple, Optional, Sequence, Tuple

from absl import flags

import main
from base import flag_files
from base.errors import UsageError
from base.options import check
from benchmarks.tables.runs import Data
from commands import settings as all_settings
from commands.settings import Command
from estimator.engine import DeviceSettings

OF_THE_COMMAND = {field.name for field in dataclasses.fields(Command)}
NOT_IN_FILES = OF_THE_COMMAND - {"workdir"} | {"seed"}
"""What flag files of a sweep do not set; each run has a --workdir of its own anyway."""


class Made(NamedTuple):
    """What main.py makes of flags."""

    flags: Tuple[str, ...]  # those of flag files in their place, so that no file can change them
    data: Optional[Data]  # the --data_file among them
    steps: int
    digest: str  # of the settings; the data file's content, not its path, is one


def make(given: Sequence[str]) -> Made:
    """What main.py makes of flags that are settings of a run, beside flag files.

    Raises:
      UsageError: if it refuses them, or a flag file does more than that.
    """
    if "workdir" not in main.FLAGS:
        main.define_flags()
    parsed = copy.deepcopy(main.FLAGS)
    expanded = flag_files.expand(given)
    try:
        rest = parsed(["main.py", *expanded])[1:]
    except (flags.Error, ValueError) as error:  # absl lets some values' errors through
        raise UsageError(str(error)) from error
    files = " ".join(flag for flag in given if flag.startswith(flag_files.FLAG))
    if rest:
        raise UsageError(f"{files}: holds {rest[0]}, which is no flag")
    for name in sorted({parsed[each].name for each in parsed if parsed[each].present}):
        own = parsed.find_module_defining_flag(name) == parsed.find_module_defining_flag("seed")
        if name in NOT_IN_FILES or not own and name != "verbosity":
            raise UsageError(f"{files}: sets --{name}, which is not for a sweep or table to set")
    flat = {field.name: parsed[field.name].value for _, field in all_settings.options()}
    device = DeviceSettings(**{f.name: flat[f.name] for f in dataclasses.fields(DeviceSettings)})
    check(device)
    data = None
    settings = all_settings.make(flat)
    if settings.data.data_file:
        data = _data(flat["data_file"])
        settings = all_settings.make({**flat, "data_file": data.sha256})
    text = settings.to_json() + json.dumps(dataclasses.asdict(device))
    digest = hashlib.sha256(text.encode()).hexdigest()
    return Made(tuple(expanded), data, settings.boost.steps, digest)


def _data(path: str) -> Data:
    try:
        return Data.of(path)
    except (OSError, ValueError) as error:
        why = error.strerror if isinstance(error, OSError) else error
        raise UsageError(f"--data_file={path}: {why}") from error
