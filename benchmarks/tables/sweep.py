"""A sweep: main.py with every combination of lists of flag values, over seeds."""

import collections
import copy
import functools
import itertools
import json
import math
import operator
import os
import re
import unicodedata
from typing import Any, Dict, List, NamedTuple, Tuple

from absl import flags

import main
from base import durable
from base.errors import UsageError
from base.options import check
from benchmarks.tables.made import OF_THE_COMMAND, Made, make
from commands import settings as all_settings

LONGEST_FILE, MOST_RUNS = 1 << 18, 10_000
"""Bytes; combinations times seeds."""
Values = Dict[str, Any]
"""Values by flag."""


class Combination(NamedTuple):
    """One way of running."""

    values: Values  # of all flags but the seed
    made: Made
    directory: str  # a name that belongs to the settings they make


class Sweep(NamedTuple):
    """What a sweep's file asks for."""

    name: str
    combinations: Tuple[Combination, ...]
    seeds: Tuple[int, ...]

    def varied(self) -> List[str]:
        """The flags that have several values."""
        first = self.combinations[0].values
        return [flag for flag in first if any(first[flag] != c.values[flag] for c in self[1])]


def read(path: str) -> Sweep:
    """Reads a sweep's file, {"flag": [values, ...], ...}, and checks every combination.

    Relative paths among the values are seen from the project's folder, where main.py is run.

    Raises:
      UsageError: names the file and what is wrong with it.
    """
    try:
        lists = _lists(durable.read_text(path, LONGEST_FILE))
        seeds = [_seed(value) for value in lists.pop("seed", [0])]
        products = [dict(zip(lists, values)) for values in itertools.product(*lists.values())]
        combinations = tuple(map(_combination, products))
        _check_different([f"--seed={seed}" for seed in seeds], seeds)
        _check_different(
            [" ".join(arguments(each.values)) for each in combinations],
            [each.made.digest for each in combinations],
        )
    except OSError as error:
        raise UsageError(f"--sweep={path}: {error.strerror}") from error
    except (UsageError, flags.Error, ValueError, RecursionError) as error:
        raise UsageError(f"--sweep={path}: {error}") from error
    return Sweep(os.path.splitext(os.path.basename(path))[0], combinations, tuple(seeds))


def _lists(text: str) -> Dict[str, List[Any]]:
    try:
        lists = json.loads(text, object_pairs_hook=_pairs, parse_constant=_no_constant)
    except (ValueError, RecursionError) as error:
        raise UsageError(f"is no JSON: {error}") from error
    if not isinstance(lists, dict) or not lists:
        raise UsageError('must be of the form {"flag": [values, ...], ...}')
    keys = {field.name for _, field in all_settings.options()} - OF_THE_COMMAND | {"flagfile"}
    for flag, values in lists.items():
        if flag not in keys:
            raise UsageError(f"{flag}: is no setting of a run; see main.py --help")
        if not isinstance(values, list) or not values or not all(map(_good, values)):
            raise UsageError(
                f"{flag}: needs a list of numbers, texts of one line, true or false, "
                f"got {json.dumps(values)}"
            )
    number = functools.reduce(operator.mul, map(len, lists.values()))
    if number > MOST_RUNS:
        raise UsageError(f"asks for {number} runs; needs {MOST_RUNS} at most")
    return lists


def _pairs(pairs: List[Tuple[str, Any]]) -> Dict[str, Any]:
    for name, count in collections.Counter(name for name, _ in pairs).items():
        if count > 1:
            raise ValueError(f"{name} stands there twice")
    return dict(pairs)


def _no_constant(name: str) -> None:
    raise ValueError(f"{name} is no number of JSON's")


def _good(value: Any) -> bool:
    """Whether it is one value of a flag, and one that a command line can hold."""
    if isinstance(value, str):
        return not any(unicodedata.category(c) in ("Cc", "Cs", "Zl", "Zp") for c in value)
    return isinstance(value, (int, float)) and abs(value) < math.inf


def _seed(value: Any) -> int:
    """A seed as main.py reads it."""
    if "workdir" not in main.FLAGS:
        main.define_flags()
    flag = copy.deepcopy(main.FLAGS["seed"])
    flag.parse(str(value))
    check(all_settings.RunSettings(flag.value))
    return int(flag.value)


def _check_different(shown: List[str], same: List[Any]) -> None:
    """Raises UsageError if two of a sweep are the same."""
    first: Dict[Any, int] = {}
    for number, key in enumerate(same):
        if first.setdefault(key, number) != number:
            raise UsageError(f"{shown[first[key]]} and {shown[number]} make the same run")


def _combination(values: Values) -> Combination:
    made = make(arguments(values))
    readable = re.sub(r"[^\w=.,+-]", "_", ",".join(f"{f}={v}" for f, v in values.items()))
    short = readable.encode("utf-8")[:100].decode("utf-8", "ignore")  # file systems count bytes
    return Combination(values, made, f"{short}-{made.digest[:12]}")


def arguments(values: Values) -> List[str]:
    """Of main.py; flag files first, so that what is said beside them counts."""
    order = sorted(values, key=lambda flag: flag != "flagfile")
    return [f"--{flag}={values[flag]}" for flag in order]
