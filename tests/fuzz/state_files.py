"""Damaged state.json files, through what reads and verifies them."""

import json
import os

import numpy as np

from storage.workdir import Workdir
from tests.fuzz.guard import MEMORY, Finding, guarded, outcome

VALUES = [
    None, True, False, 0, -1, 1, 2, 1e308, -1e308, 1e-320, 10**30, 10**400, 0.5, "", "inf", "nan",
    "a", "../../x", "/etc/passwd", "\0", "\ud800", "components/01", "x" * 10000, [], {}, [[]],
    {"": 0}, [None], [1, 2, 3],
]  # fmt: skip
RAW = ["NaN", "Infinity", "-Infinity", "1e999", "[" * 100000, "{\"a\":" * 50000, "1" * 5000, "",
       "\0", "tru", "'a'", "01", "// x", "\ufeff"]  # fmt: skip


def damage(rng, text):
    """The text of a state file, damaged in one of several ways, as bytes."""
    kind = rng.randint(4)
    if kind == 0:
        return _bytes(rng, text.encode())
    data = json.loads(text)
    places = list(_places(data))
    for _ in range(rng.randint(1, 3)):
        holder, key = places[rng.randint(len(places))]
        try:
            _change(rng, holder, key)
        except (LookupError, TypeError):  # an earlier change took it away
            continue
    made = json.dumps(data, indent=_one(rng, [None, 1]))
    if kind == 1:
        return made.encode()
    if kind == 2:  # something that json.dumps does not write
        value = _one(rng, RAW)
        words = made.split(": ")
        at = rng.randint(1, len(words))
        end = min(words[at].find(mark) % (len(words[at]) + 1) for mark in ",}\n")
        words[at] = value + words[at][end:]
        return ": ".join(words).encode("utf-8", "surrogatepass")
    cut = made.encode()[: rng.randint(len(made))]
    texts = [b"", b"{}", b"null", b"[]", b"0", b"\xff\xfe", b"\0" * 99, cut, 2 * made.encode()]
    return _one(rng, [*texts, made.encode("utf-16")])


def run(path, data, original):
    """Reads and verifies a work directory whose state.json holds these bytes.

    Args:
      path: of the work directory, whole otherwise.
      data: of state.json.
      original: what the state is without damage.

    Returns:
      What came of it: refused, missing or unchanged.

    Raises:
      Finding: for anything else, above all another state that counts as good.
    """
    with open(os.path.join(path, "state.json"), "wb") as file:
        file.write(data)
    workdir = Workdir(path)

    def read():
        with guarded(path, MEMORY):
            state = workdir.read_state()
            if state is None:
                return "missing"
            workdir.verify(state)
            if repr(state) != repr(original):  # nan is not equal to itself
                raise Finding("reads another state and calls it good")
            return "unchanged"

    return outcome(read)


def _bytes(rng, data):
    data = bytearray(data)
    for _ in range(rng.randint(1, 4)):
        at, kind = rng.randint(len(data)), rng.randint(4)
        if kind == 0:
            data[at] ^= 1 << rng.randint(8)
        elif kind == 1:
            del data[at : at + rng.randint(1, 50)]
        elif kind == 2:
            data[at:at] = rng.bytes(rng.randint(1, 5))
        else:
            data[at:at] = data[at : at + rng.randint(1, 200)]
        if not data:
            break
    return bytes(data)


def _places(data):
    """Every (list or dict, key) inside."""
    keys = data if isinstance(data, dict) else range(len(data))
    for key in keys:
        yield data, key
        if isinstance(data[key], (dict, list)):
            yield from _places(data[key])


def _change(rng, holder, key):
    kind = rng.randint(5)
    if kind == 0:
        del holder[key]
    elif kind == 1 and isinstance(holder, dict):
        holder[_one(rng, ["x", "", "steps", "__class__", key + " "])] = _one(rng, VALUES)
    elif kind == 1:
        holder.insert(key, holder[key])
    elif kind == 2 and isinstance(holder[key], float):
        holder[key] = float(np.nextafter(holder[key], 1e9))
    elif kind == 3 and isinstance(holder[key], str):
        holder[key] = _one(
            rng, ["../" * 5 + "etc/passwd", "/etc/passwd", holder[key] + "/../x", ""]
        )
    else:
        holder[key] = _one(rng, VALUES)


def _one(rng, values):
    return values[rng.randint(len(values))]
