"""The files of flags beside main.py, as settings that a run may have."""

import dataclasses
import os
from typing import Any, Dict

from base import flag_files, version
from commands import settings as all_settings
from commands.settings import Settings

OF_ANY_RUN = {"dataset", "steps", "iterations", "epochs", "batch_size", "mixture_c_iterations"}
"""Settings that say how much is trained, and on what: they are no sign of a preset."""
LIKE = 0.75
"""Share of a preset's other settings that a run has which follows it: presets share some."""


def is_followed(name: str, settings: Settings) -> bool:
    """Whether a run has most of what a preset changes, wherever the run has it from.

    Args:
      name: of the file, such as table.flags.
      settings: of the run.
    """
    given, defaults = settings.flat(), _defaults()
    telling = {
        key: value
        for key, value in values_of(name).items()
        if value != defaults[key] and key not in OF_ANY_RUN
    }
    same = sum(given[key] == value for key, value in telling.items())
    return same >= LIKE * len(telling)


def values_of(name: str) -> Dict[str, Any]:
    """The settings of a run that a preset has, by flag."""
    defaults, values = _defaults(), {}
    for flag in flag_files.expand([f"--flagfile={os.path.join(version.ROOT, name)}"]):
        key, equals, text = flag.lstrip("-").partition("=")
        if equals and key in defaults:
            values[key] = type(defaults[key])(text)
        elif not equals:  # a switch
            values.update({key: True} if key in defaults else {key[len("no") :]: False})
    return values


def _defaults() -> Dict[str, Any]:
    rooms = [room for _, room in all_settings.ROOMS.values()]
    return {field.name: field.default for room in rooms for field in dataclasses.fields(room)}
