"""How a setting is declared, described and checked; a leaf that every room may import.

A room declares its settings as a frozen dataclass whose fields are `option(...)`s. The same
declaration makes the command-line flag, its line in `--help`, and the check of its value.
"""

import dataclasses
from typing import Any, Optional, Sequence

from base.errors import UsageError


def option(
    default: Any,
    help: str,
    *,
    bounds: Optional[str] = None,
    choices: Optional[Sequence[str]] = None,
) -> Any:
    """A dataclass field that is also a flag.

    Args:
      default: its type (bool, int, float or str) is the setting's type.
      help: one sentence with the unit, for `--help`.
      bounds: an interval such as "(0, 1]" or "[1, inf)" that holds every good value.
      choices: the values allowed, for a str.
    """
    metadata = {"help": help, "bounds": bounds, "choices": choices}
    return dataclasses.field(default=default, metadata=metadata)


def inside(value: float, bounds: str) -> bool:
    """Whether `value`, which may be an integer beyond all floats, lies in such an interval."""
    low, high = (float(end) for end in bounds[1:-1].split(","))
    above = value >= low if bounds[0] == "[" else value > low
    below = value <= high if bounds[-1] == "]" else value < high
    return above and below


def as_flag(name: str, value: Any) -> str:
    """A setting as the command line takes it; of no text it takes nothing."""
    if isinstance(value, bool):
        return f"--{name}" if value else f"--no{name}"
    return f"no --{name}" if value == "" else f"--{name}={value}"


def check(settings: Any) -> None:
    """Checks every field of a settings dataclass against its declaration.

    Raises:
      UsageError: names the flag, its value and what would be right.
    """
    for field in dataclasses.fields(settings):
        value, declared = getattr(settings, field.name), field.metadata
        kind = type(field.default)
        whole = kind is float and type(value) is int
        if type(value) is not kind and not whole:
            raise UsageError(f"--{field.name}={value!r}: must be of type {kind.__name__}")
        if declared["choices"] and value not in declared["choices"]:
            allowed = ", ".join(choice or '""' for choice in declared["choices"])
            raise UsageError(f"--{field.name}={value}: must be one of {allowed}")
        bounds = declared["bounds"]
        if bounds and not inside(value, bounds):  # which nan never is
            raise UsageError(f"--{field.name}={value}: must lie in {bounds}")
