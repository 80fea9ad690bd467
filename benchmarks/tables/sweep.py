"""A sweep: main.py with every combination of lists of flag values, over seeds."""

import collections
import copy
import csv
import dataclasses
import functools
import hashlib
import io
import itertools
import json
import math
import operator
import os
import re
import unicodedata
from typing import Any, Dict, List, NamedTuple, Optional, Sequence, Tuple

from absl import flags

import main
from base import durable, flag_files
from base.errors import UsageError
from base.options import check
from benchmarks.tables import runs, side_by_side
from benchmarks.tables.bands import band, text_of
from benchmarks.tables.runs import Data
from benchmarks.tables.side_by_side import Job
from commands import settings as all_settings
from commands.settings import Command
from estimator.engine import DeviceSettings

COLUMNS = ("coverage", "log_p", "modes", "high_quality", "reverse_kl", "width")
"""Of the last step, as published: one draw."""

LONGEST_FILE, MOST_RUNS = 1 << 18, 10_000
"""Bytes; combinations times seeds."""
OF_THE_COMMAND = {field.name for field in dataclasses.fields(Command)}
NOT_IN_FILES = OF_THE_COMMAND - {"workdir"} | {"seed"}
"""What flag files of a sweep do not set; each run has a --workdir of its own anyway."""

Values = Dict[str, Any]
"""Values by flag."""


class Made(NamedTuple):
    """What main.py makes of flags."""

    flags: Tuple[str, ...]  # those of flag files in their place, so that no file can change them
    data: Optional[Data]  # the --data_file among them
    steps: int
    digest: str  # of the settings; the data file's content, not its path, is one


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


def arguments(values: Values) -> List[str]:
    """Of main.py; flag files first, so that what is said beside them counts."""
    order = sorted(values, key=lambda flag: flag != "flagfile")
    return [f"--{flag}={values[flag]}" for flag in order]


def run(sweep: Sweep, directory: str, at_once: int, scheduler: str) -> Tuple[str, bool]:
    """Runs what is missing and writes table.csv and table.md beside the kept runs.

    Args:
      sweep: what to run.
      directory: a folder of the sweep's name in it keeps the runs and the tables.
      at_once: runs side by side on this machine.
      scheduler: address of a Dask scheduler; "": this machine.

    Returns:
      The table in Markdown, and whether no run is missing.

    Raises:
      UsageError: if there is no scheduler at the address, or what is kept is damaged.
      OSError: if nothing can be kept.
    """
    top = os.path.join(directory, sweep.name)
    jobs = {
        (each.directory, seed): Job(
            f"{' '.join(arguments(each.values))} --seed={seed}",
            os.path.join(top, each.directory, f"{seed}.json"),
            (each.made.flags, seed, (), None, "", each.made.data),
            functools.partial(runs.check_figures, names=COLUMNS, number=each.made.steps),
        )
        for seed in sweep.seeds
        for each in sweep.combinations
    }
    found = side_by_side.finish(list(jobs.values()), runs.fresh, at_once, scheduler)
    rows = []
    for each in sweep.combinations:
        paths = [jobs[each.directory, seed].path for seed in sweep.seeds]
        rows.append((each, [found[path] for path in paths if path in found]))
    durable.make_directories(top)
    durable.write_atomically(os.path.join(top, "table.csv"), as_csv(rows))
    text = as_markdown(sweep, rows)
    durable.write_atomically(os.path.join(top, "table.md"), text)
    return text, len(found) == len(jobs)


Rows = Sequence[Tuple[Combination, List[runs.Figures]]]
"""Of each combination the figures of its finished seeds."""


def as_csv(rows: Rows) -> str:
    """A row a combination: its flags, and of each figure median, 5 % and 95 %."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    names = [f"{column} {part}" for column in COLUMNS for part in ("median", "5 %", "95 %")]
    writer.writerow([*rows[0][0].values, "seeds", *names])
    for combination, each in rows:
        bands = [band(_last(each, column) or [math.nan]) for column in COLUMNS]
        writer.writerow([*combination.values.values(), len(each), *itertools.chain(*bands)])
    return text.getvalue()


def as_markdown(sweep: Sweep, rows: Rows) -> str:
    """A row a combination: the flags that vary, and the figures that there are."""
    varied = sweep.varied()
    columns = [c for c in COLUMNS if any(_last(each, c) for _, each in rows)]
    fixed = {f: v for f, v in sweep.combinations[0].values.items() if f not in varied}
    lines = [
        f"# {_shown(sweep.name)}",
        "",
        f"`{_shown(' '.join(['main.py', *arguments(fixed)]))}`; median [5 %; 95 %] over the seeds.",
        "",
        f"| {' | '.join([*varied, 'seeds', *columns])} |",
        "|---" * (len(varied) + 1 + len(columns)) + "|",
    ]
    for combination, each in rows:
        values = [_shown(combination.values[flag]) for flag in varied]
        figures = [text_of(_last(each, column)) for column in columns]
        lines.append(f"| {' | '.join([*values, str(len(each)), *figures])} |")
    return "\n".join(lines) + "\n"


def _shown(value: Any) -> str:
    """A value in a line of Markdown, in a cell of a table too."""
    text = str(value).replace("|", "\\|")
    return "".join(c if c.isprintable() else ascii(c)[1:-1] for c in text)


def _last(each: List[runs.Figures], column: str) -> List[float]:
    """A figure of the last step by seed, where it is known."""
    values = [figures[column][-1] for figures in each]
    return [value for value in values if not math.isnan(value)]
