"""Runs a table again: python -m benchmarks.tables NAME [--seeds=N] [--jobs=2].

Each run is a process of main.py; finished runs are kept under --directory, so that the same command
goes on. Writes NAME.csv, NAME.md and NAME.png beside this file: medians with 5-95 % bands over the
seeds, and the published figures.
"""

import argparse
import csv
import json
import os
import sys
import tempfile
from itertools import zip_longest
from typing import Dict, List, Optional, Sequence, Tuple

import joblib
import numpy as np

import durable
from benchmarks.tables import definitions, pictures, real, runs
from benchmarks.tables.definitions import Cell, Table
from benchmarks.tables.judges import Judge
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
    table: Table, judge: Optional[Judge], seeds: Sequence[int], directory: str, jobs: int
) -> Dict[Tuple[str, int], runs.Figures]:
    """All figures by cell and seed; only runs that are not there yet are run."""

    def path(title: str, seed: int) -> str:
        return os.path.join(directory, title.replace(" ", "_"), f"{seed}.json")

    wanted = [(cell, seed) for seed in seeds for cell in table.cells]
    missing = [each for each in wanted if not os.path.exists(path(each[0].title, each[1]))]
    # Threads are enough: each waits for a process of main.py.
    results = joblib.Parallel(n_jobs=jobs, backend="threading")(
        joblib.delayed(_kept)(cell, judge, seed, path(cell.title, seed)) for cell, seed in missing
    )
    for title, seed, problem in results:
        if problem:
            print(f"{title}, seed {seed}: failed, run again to retry: {problem}", file=sys.stderr)
    found = {}
    for cell, seed in wanted:
        if os.path.exists(path(cell.title, seed)):
            with open(path(cell.title, seed)) as file:
                found[cell.title, seed] = json.load(file)
    return found


def _kept(cell: Cell, judge: Optional[Judge], seed: int, path: str) -> Tuple[str, int, str]:
    """One run in a directory of its own, its figures kept; what went wrong, or ""."""
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with tempfile.TemporaryDirectory() as directory:
        try:
            figures = runs.run(cell.flags, seed, f"{directory}/run", cell.modes, judge)
        except RuntimeError as error:
            return cell.title, seed, str(error)
        pictures.keep(f"{directory}/run", path)
    durable.write_atomically(path, json.dumps(figures) + "\n")
    print(f"{cell.title}, seed {seed}: done", flush=True)
    return cell.title, seed, ""


def rows_of(
    table: Table, found: Dict[Tuple[str, int], runs.Figures]
) -> List[Tuple[str, Dict[str, List[float]]]]:
    """Title of each row and, by column, one figure a seed."""
    rows = []
    for cell in table.cells:
        each = [figures for (title, _), figures in found.items() if title == cell.title]
        if table.by_step:
            for step in table.by_step:
                values = {c: [f[c][step - 1] for f in each] for c in table.columns}
                rows.append((str(step), values))
            continue
        for mode in cell.modes or ("",):
            prefix = f"{mode}_" if mode else ""
            title = cell.title
            if len(cell.modes) > 1:
                title += {"evaluate": ", plain", "refine": ", refined"}[mode]
            rows.append((title, {c: [f[prefix + c][-1] for f in each] for c in table.columns}))
    return rows


def text_of(values: List[float]) -> str:
    """Median and 5-95 % band; a single figure as it is."""
    if len(values) < 2:
        return f"{values[0]:.3f}" if values else ""
    middle, low, high = np.percentile(values, [50, 5, 95])
    return f"{middle:.3f} [{low:.3f}; {high:.3f}]"


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
    for title, published in table.published:
        cells = " | ".join(published.get(column, "") for column in table.columns)
        lines.append(f"| {title}{' (published)' if table.by_step else ''} | {cells} |")
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
    pictures.bands(os.path.join(HERE, f"{name}.png"), table.columns, rows)
    return text


def main() -> None:
    """Runs what is missing and writes the table."""
    parser = argparse.ArgumentParser(prog="benchmarks.tables", description=__doc__.splitlines()[0])
    parser.add_argument("name", choices=sorted(TABLES))
    parser.add_argument("--seeds", type=int, default=0, help="so many of the table's; 0: all")
    parser.add_argument("--jobs", type=int, default=2, help="runs side by side")
    parser.add_argument("--directory", default="tables", help="where finished runs are kept")
    given = parser.parse_args()
    directory = os.path.join(os.path.abspath(given.directory), given.name)
    try:
        table = with_data(TABLES[given.name], directory)
    except UsageError as error:
        parser.error(str(error))
    judge = table.judge() if table.judge else None
    seeds = table.seeds[: given.seeds or None]
    rows = rows_of(table, collect(table, judge, seeds, directory, given.jobs))
    if judge and judge.perfect:
        rows.insert(0, perfect_row(table, judge))
    print(write(given.name, table, rows, judge.remark if judge else ""))
    if table.images:
        kept = {c.title: os.path.join(directory, c.title.replace(" ", "_")) for c in table.cells}
        pictures.samples(os.path.join(HERE, f"{given.name}_samples.png"), directory, kept, seeds[0])


if __name__ == "__main__":
    main()
