"""The names of a table's columns, and which of them are learned.

Imports no TensorFlow.
"""

import difflib
import shlex
from typing import List, Sequence, Tuple

SHOWN = 10
"""Names that an error lists."""
LONGEST = 40
"""Letters of a name or a cell that a message shows."""


def shown(text: str) -> str:
    """A name or a cell in quotes, in one line."""
    return repr(text[:LONGEST])


def as_flag(flag: str, name: str) -> str:
    """A flag with a column's name, to be typed in a shell."""
    value = f'"{name}"' if "," in name else name
    return f"--{flag}={shlex.quote(value[:LONGEST] if value.isprintable() else repr(value))}"


def names(cells: Sequence[str]) -> Tuple[str, ...]:
    """What columns are called: what the header says, or x0, x1, ... by their place.

    Raises:
      ValueError: if two have the same name.
    """
    found = tuple(cell or f"x{place}" for place, cell in enumerate(cells))
    seen = set()
    for name in found:
        if name in seen:
            raise ValueError(f"two columns are called {shown(name)}; each needs a name of its own")
        seen.add(name)
    return found


def may_be_index(header: Sequence[str]) -> bool:
    """Whether a header is like those that pandas writes for frames with their index."""
    return len(header) > 1 and header[0] in ("", "Unnamed: 0")


def choose(have: Sequence[str], columns: Sequence[str], drop: Sequence[str]) -> List[int]:
    """The numbers of the columns to learn, in the order that is asked for.

    Args:
      have: names of all columns.
      columns: to keep; all if there are none.
      drop: to leave out.

    Raises:
      ValueError: names the flag and what is wrong with it.
    """
    places = {name: place for place, name in enumerate(have)}
    for flag, asked in (("columns", columns), ("drop", drop)):
        for number, name in enumerate(asked):
            if name not in places:
                raise ValueError(f"--{flag}: {_unknown(name, have)}")
            if name in asked[:number]:
                raise ValueError(f"--{flag}: has {shown(name)} twice")
    kept = [places[name] for name in columns or have if name not in set(drop)]
    if not kept:
        raise ValueError("--drop: leaves no column")
    return kept


def _unknown(name: str, have: Sequence[str]) -> str:
    near = difflib.get_close_matches(name, have, 1)
    if near:
        return f"no column is called {shown(name)}; did you mean {shown(near[0])}?"
    listed = ", ".join(shown(each) for each in have[:SHOWN])
    more = f", ... ({len(have)} in all)" if len(have) > SHOWN else ""
    return f"no column is called {shown(name)}; there are {listed}{more}"
