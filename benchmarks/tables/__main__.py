"""Runs a table again: python -m benchmarks.tables NAME [--seeds=N] [--jobs=2].

Or a sweep of one's own: python -m benchmarks.tables --sweep=sweep.json. Each run is a process of
main.py, on this machine or, with --scheduler=tcp://..., on a Dask cluster. Finished runs are kept
under --directory, so that the same command goes on. A table writes NAME.csv, NAME.md and NAME.png
beside this file: medians with 5-95 % bands over the seeds, and the published figures. A sweep
writes table.csv and table.md beside its runs.
"""

import argparse
import csv
import os
import sys
from itertools import zip_longest
from typing import Dict, List, Optional, Sequence, Tuple

import durable
from benchmarks.tables import definitions, pictures, real, runs, side_by_side, sweep
from benchmarks.tables.bands import text_of
from benchmarks.tables.definitions import Table
from benchmarks.tables.judges import Judge
from benchmarks.tables.side_by_side import Job
from boost import outputs
from options import UsageError

HERE = os.path.dirname(os.path.abspath(__file__))
TABLES: Dict[str, Table] = {**definitions.TABLES, **real.TABLES}


def with_data(table: Table, directory: str) -> Table:
    """The table with its points in a file that every run is given."""
    if not table.points:
        return table
    path = os.path.join(directory, "data.npy")
    os.makedirs(directory, exist_ok=True)
    outputs.write_points(path, table.points())
    flags = ("--dataset=file", f"--data_file={path}")
    return table._replace(cells=tuple(c._replace(flags=c.flags + flags) for c in table.cells))


def collect(
    table: Table,
    judge: Optional[Judge],
    seeds: Sequence[int],
    directory: str,
    jobs: int,
    scheduler: str = "",
) -> Dict[Tuple[str, int], runs.Figures]:
    """All figures by cell and seed; only runs that are not there yet are run.

    Raises:
      UsageError: if there is no scheduler at the address.
    """
    wanted = {}
    for seed in seeds:
        for cell in table.cells:
            kept = os.path.join(directory, cell.title.replace(" ", "_"), f"{seed}.json")
            shown = f"{kept[:-5]}.npy" if table.images else ""
            arguments = (cell.flags, seed, cell.modes, judge, shown)
            wanted[cell.title, seed] = Job(f"{cell.title}, seed {seed}", kept, arguments)
    found = side_by_side.finish(list(wanted.values()), runs.fresh, jobs, scheduler)
    return {key: found[job.path] for key, job in wanted.items() if job.path in found}


def rows_of(
    table: Table, found: Dict[Tuple[str, int], runs.Figures]
) -> List[Tuple[str, Dict[str, List[float]]]]:
    """Title of each row and, by column, one figure a seed."""
    rows = []
    for cell in table.cells:
        each = [figures for (title, _), figures in found.items() if title == cell.title]
        if table.by_step and each:
            last = len(each[0][table.columns[0]])
            for step in sorted({min(step, last) for step in table.by_step}):
                title = str(step) if len(table.cells) == 1 else f"{cell.title}, step {step}"
                rows.append((title, {c: [f[c][step - 1] for f in each] for c in table.columns}))
            continue
        for mode in cell.modes or ("",):
            prefix = f"{mode}_" if mode else ""
            title = cell.title
            if len(cell.modes) > 1:
                title += {"evaluate": ", plain", "refine": ", refined"}[mode]
            rows.append((title, {c: [f[prefix + c][-1] for f in each] for c in table.columns}))
    return rows


def perfect_row(table: Table, judge: Judge) -> Tuple[str, Dict[str, List[float]]]:
    """What real points score, as far as the judge tells."""
    known = judge.perfect
    return "Real points, unseen", {c: [known[c]] if c in known else [] for c in table.columns}


def write(
    name: str, table: Table, rows: List[Tuple[str, Dict[str, List[float]]]], remark: str
) -> str:
    """Writes CSV, Markdown and the picture; returns the Markdown."""
    seeds = max(len(values[table.columns[0]]) for _, values in rows)
    said = f"{seeds} seeds: median [5 %; 95 %]." if seeds > 1 else "One seed."
    lines = [f"# {table.title}", "", said, ""]
    lines += ["| | " + " | ".join(table.columns) + " |", "|---" * (len(table.columns) + 1) + "|"]
    for title, values in rows:
        cells = " | ".join(text_of(values[column]) for column in table.columns)
        lines.append(f"| {title} | {cells} |")
    suffix = " (published)" if table.by_step else ""
    published = [(title + suffix, figures) for title, figures in table.published]
    for title, figures in published:
        cells = " | ".join(figures.get(column, "") for column in table.columns)
        lines.append(f"| {title} | {cells} |")
    lines += [line for text in (table.note, remark) if text for line in ("", text)]
    text = "\n".join(lines) + "\n"
    durable.write_atomically(os.path.join(HERE, f"{name}.md"), text)
    with open(os.path.join(HERE, f"{name}.csv"), "w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["row", "seed number", *table.columns])
        for title, values in rows:
            columns = zip_longest(*(values[c] for c in table.columns), fillvalue="")
            for number, each in enumerate(columns):
                writer.writerow([title, number, *each])
    pictures.bands(os.path.join(HERE, f"{name}.png"), table.columns, rows, published)
    return text


def run(name: str, seeds: int, directory: str, jobs: int, scheduler: str) -> Tuple[str, bool]:
    """Runs what a table lacks and writes it.

    Args:
      name: of the table.
      seeds: so many of its seeds; 0: all.
      directory: where finished runs are kept, below a folder of the table's name.
      jobs: runs side by side on this machine.
      scheduler: of a Dask cluster, or "".

    Returns:
      The Markdown, and whether no run failed.

    Raises:
      UsageError: if the data, or the cluster, cannot be had.
    """
    directory = os.path.join(directory, name)
    table = with_data(TABLES[name], directory)
    judge = table.judge() if table.judge else None
    chosen = table.seeds[: seeds or None]
    found = collect(table, judge, chosen, directory, jobs, scheduler)
    rows = rows_of(table, found)
    if judge and judge.perfect:
        rows.insert(0, perfect_row(table, judge))
    text = write(name, table, rows, judge.remark if judge else "")
    if table.images:
        kept = {c.title: os.path.join(directory, c.title.replace(" ", "_")) for c in table.cells}
        pictures.samples(os.path.join(HERE, f"{name}_samples.png"), directory, kept, chosen[0])
    return text, len(found) == len(chosen) * len(table.cells)


def main() -> None:
    """Runs what is missing and writes the table; status 1 if runs failed, 2 for bad input."""
    parser = argparse.ArgumentParser(prog="benchmarks.tables", description=__doc__.splitlines()[0])
    parser.add_argument("name", nargs="?", choices=sorted(TABLES))
    parser.add_argument("--sweep", help='instead of NAME: a file of {"flag": [values, ...], ...}')
    parser.add_argument("--seeds", type=int, default=0, help="so many of the table's; 0: all")
    parser.add_argument("--jobs", type=int, default=2, help="runs side by side on this machine")
    parser.add_argument("--scheduler", default="", help="of a Dask cluster to run on, tcp://...")
    parser.add_argument("--directory", default="tables", help="where finished runs are kept")
    given = parser.parse_args()
    if bool(given.name) == bool(given.sweep):
        parser.error("needs the NAME of a table, or --sweep=FILE")
    if given.sweep and given.seeds:
        parser.error('--seeds: is for a table; a sweep has its own, {"seed": [values, ...]}')
    has = len(TABLES[given.name].seeds) if given.name else 0
    if not 0 <= given.seeds <= has:
        parser.error(f"--seeds={given.seeds}: {given.name} has {has}; needs 1 to {has}, or 0: all")
    if given.jobs < 1:
        parser.error(f"--jobs={given.jobs}: needs 1 or more")
    directory = os.path.abspath(given.directory)
    try:
        if given.sweep:
            text, whole = sweep.run(sweep.read(given.sweep), directory, given.jobs, given.scheduler)
        else:
            text, whole = run(given.name, given.seeds, directory, given.jobs, given.scheduler)
    except UsageError as error:
        print(f"error: {error}", file=sys.stderr)
        sys.exit(2)
    print(text)
    sys.exit(0 if whole else 1)


if __name__ == "__main__":
    main()
