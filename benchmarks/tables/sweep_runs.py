"""The runs of a sweep and their table: a row a combination, as CSV and in Markdown."""

import csv
import functools
import io
import itertools
import math
import os
from typing import Any, List, Sequence, Tuple

from base import durable
from benchmarks.tables import runs, side_by_side
from benchmarks.tables.bands import band, text_of
from benchmarks.tables.side_by_side import Job
from benchmarks.tables.sweep import Combination, Sweep, Values, arguments

COLUMNS = ("coverage", "log_p", "modes", "high_quality", "reverse_kl", "width")
"""Of the last step, as published: one draw."""


def run(sweep: Sweep, directory: str, at_once: int, scheduler: str) -> Tuple[str, bool]:
    """Runs what is missing and writes table.csv, table.md and events beside the kept runs.

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
        paths = {seed: jobs[each.directory, seed].path for seed in sweep.seeds}
        came_to = {seed: found[path] for seed, path in paths.items() if path in found}
        rows.append((each, list(came_to.values())))
        for seed, figures in came_to.items():
            _write_events(os.path.splitext(paths[seed])[0], {**each.values, "seed": seed}, figures)
    durable.make_directories(top)
    durable.write_atomically(os.path.join(top, "table.csv"), as_csv(rows))
    text = as_markdown(sweep, rows)
    durable.write_atomically(os.path.join(top, "table.md"), text)
    return text, len(found) == len(jobs)


def _write_events(directory: str, values: Values, figures: runs.Figures) -> None:
    from estimator import factory  # the command need not wait for TensorFlow to refuse a sweep

    factory.load_tensorflow(-1)
    from report import tensorboard

    tensorboard.write_figures(directory, values, figures)


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
