"""A sweep: main.py with every combination of lists of flag values, over seeds."""

import copy
import csv
import dataclasses
import hashlib
import io
import itertools
import json
import math
import os
import re
from typing import Any, Dict, List, NamedTuple, Sequence, Tuple

from absl import flags

import durable
import flag_files
import main
import settings as all_settings
from benchmarks.tables import runs, side_by_side
from benchmarks.tables.bands import band, text_of
from benchmarks.tables.side_by_side import Job
from estimator.backend import DeviceSettings
from options import UsageError, check
from settings import Command

COLUMNS = ("coverage", "log_p", "modes", "high_quality", "reverse_kl", "width")
"""Of the last step, as published: one draw."""

Values = Dict[str, Any]
"""Values by flag."""


class Combination(NamedTuple):
    """One way of running."""

    values: Values  # of all flags but the seed
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
        lists = _lists(path)
        seeds = lists.pop("seed", [0])
        products = [dict(zip(lists, values)) for values in itertools.product(*lists.values())]
        combinations = tuple(_combination(values) for values in products)
        for seed in seeds:
            _settings({**products[0], "seed": seed})
    except OSError as error:
        raise UsageError(f"--sweep={path}: {error.strerror}") from error
    except (UsageError, flags.Error, ValueError) as error:
        raise UsageError(f"--sweep={path}: {error}") from error
    return Sweep(os.path.splitext(os.path.basename(path))[0], combinations, tuple(seeds))


def _lists(path: str) -> Dict[str, List[Any]]:
    try:
        with open(path, encoding="utf-8") as file:
            lists = json.load(file)
    except (ValueError, RecursionError) as error:
        raise UsageError(f"is no JSON: {error}") from error
    if not isinstance(lists, dict) or not lists:
        raise UsageError('must be of the form {"flag": [values, ...], ...}')
    not_of_a_run = {field.name for field in dataclasses.fields(Command)}
    for flag, values in lists.items():
        if flag in not_of_a_run:
            raise UsageError(f"{flag}: is no setting of a run")
        good = isinstance(values, list) and all(isinstance(v, (int, float, str)) for v in values)
        if not good or not values:
            raise UsageError(
                f"{flag}: needs a list of numbers, texts, true or false, got {json.dumps(values)}"
            )
    return lists


def _combination(values: Values) -> Combination:
    settings = _settings(values)
    readable = re.sub(r"[^\w=.,+-]", "_", ",".join(f"{f}={v}" for f, v in values.items()))
    digest = hashlib.sha256(settings.encode()).hexdigest()
    return Combination(values, f"{readable[:100]}-{digest[:12]}")


def _settings(values: Values) -> str:
    """All settings that main.py makes of such flags, flag files read, as JSON.

    Raises:
      UsageError, flags.Error, ValueError: if it refuses them.
    """
    if "workdir" not in main.FLAGS:
        main.define_flags()
    parsed = copy.deepcopy(main.FLAGS)
    parsed(["main.py", *flag_files.expand(arguments(values))])
    flat = {field.name: parsed[field.name].value for _, field in all_settings.options()}
    device = DeviceSettings(**{f.name: flat[f.name] for f in dataclasses.fields(DeviceSettings)})
    check(device)
    return all_settings.make(flat).to_json() + json.dumps(dataclasses.asdict(device))


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
      UsageError: if there is no scheduler at the address.
    """
    top = os.path.join(directory, sweep.name)
    jobs = {
        (each.directory, seed): Job(
            f"{' '.join(arguments(each.values))} --seed={seed}",
            os.path.join(top, each.directory, f"{seed}.json"),
            (arguments(each.values), seed, ()),
        )
        for seed in sweep.seeds
        for each in sweep.combinations
    }
    found = side_by_side.finish(list(jobs.values()), runs.fresh, at_once, scheduler)
    rows = []
    for each in sweep.combinations:
        paths = [jobs[each.directory, seed].path for seed in sweep.seeds]
        rows.append((each, [found[path] for path in paths if path in found]))
    os.makedirs(top, exist_ok=True)
    durable.write_atomically(os.path.join(top, "table.csv"), as_csv(rows))
    text = as_markdown(sweep, rows)
    durable.write_atomically(os.path.join(top, "table.md"), text)
    return text, len(found) == len({job.path for job in jobs.values()})


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
        f"# {sweep.name}",
        "",
        f"`{' '.join(['main.py', *arguments(fixed)])}`; median [5 %; 95 %] over the seeds.",
        "",
        f"| {' | '.join([*varied, 'seeds', *columns])} |",
        "|---" * (len(varied) + 1 + len(columns)) + "|",
    ]
    for combination, each in rows:
        values = [str(combination.values[flag]) for flag in varied]
        figures = [text_of(_last(each, column)) for column in columns]
        lines.append(f"| {' | '.join([*values, str(len(each)), *figures])} |")
    return "\n".join(lines) + "\n"


def _last(each: List[runs.Figures], column: str) -> List[float]:
    """A figure of the last step by seed, where it is known."""
    values = [figures[column][-1] for figures in each]
    return [value for value in values if not math.isnan(value)]
