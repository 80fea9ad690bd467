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
from typing import Dict, List, Sequence, Tuple

import numpy as np

import durable
from benchmarks.tables import runs, side_by_side, sweep
from benchmarks.tables.bands import text_of
from benchmarks.tables.definitions import TABLES, Table
from benchmarks.tables.side_by_side import Job
from options import UsageError

HERE = os.path.dirname(os.path.abspath(__file__))


def collect(
    name: str,
    table: Table,
    seeds: Sequence[int],
    directory: str,
    jobs: int,
    scheduler: str = "",
) -> Dict[Tuple[str, int], runs.Figures]:
    """All figures by cell and seed; only runs that are not there yet are run.

    Raises:
      UsageError: if there is no scheduler at the address.
    """
    wanted = {
        (cell.title, seed): Job(
            f"{cell.title}, seed {seed}",
            os.path.join(directory, name, cell.title.replace(" ", "_"), f"{seed}.json"),
            (cell.flags, seed, cell.modes),
        )
        for seed in seeds
        for cell in table.cells
    }
    found = side_by_side.finish(list(wanted.values()), runs.fresh, jobs, scheduler)
    return {key: found[job.path] for key, job in wanted.items() if job.path in found}


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
            title = cell.title + {"evaluate": ", plain", "refine": ", refined"}.get(mode, "")
            rows.append((title, {c: [f[prefix + c][-1] for f in each] for c in table.columns}))
    return rows


def write(name: str, table: Table, rows: List[Tuple[str, Dict[str, List[float]]]]) -> str:
    """Writes CSV, Markdown and the picture; returns the Markdown."""
    seeds = max(len(values[table.columns[0]]) for _, values in rows)
    lines = [f"# {table.title}", "", f"{seeds} seeds: median [5 %; 95 %].", ""]
    lines += ["| | " + " | ".join(table.columns) + " |", "|---" * (len(table.columns) + 1) + "|"]
    for title, values in rows:
        cells = " | ".join(text_of(values[column]) for column in table.columns)
        lines.append(f"| {title} | {cells} |")
    for title, published in table.published:
        cells = " | ".join(published.get(column, "") for column in table.columns)
        lines.append(f"| {title}{' (published)' if table.by_step else ''} | {cells} |")
    text = "\n".join(lines) + "\n"
    durable.write_atomically(os.path.join(HERE, f"{name}.md"), text)
    with open(os.path.join(HERE, f"{name}.csv"), "w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["row", "seed number", *table.columns])
        for title, values in rows:
            for number in range(len(values[table.columns[0]])):
                writer.writerow([title, number, *(values[c][number] for c in table.columns)])
    draw(name, table, rows)
    return text


def draw(name: str, table: Table, rows: List[Tuple[str, Dict[str, List[float]]]]) -> None:
    """One panel a column: each row's median and band."""
    from matplotlib.figure import Figure

    columns = table.columns[:5]
    figure = Figure(figsize=(2.6 * len(columns) + 1.6, 0.45 * len(rows) + 1.4))
    axes = figure.subplots(1, len(columns), sharey=True, squeeze=False)[0]
    places = np.arange(len(rows))[::-1]
    for axis, column in zip(axes, columns):
        bands = [np.percentile(values[column] or [np.nan], [50, 5, 95]) for _, values in rows]
        middle, low, high = np.array(bands).T
        axis.errorbar(middle, places, xerr=[middle - low, high - middle], fmt="o", capsize=3)
        if column == "log_p" and np.nanmin(low) < -50:
            axis.set_xscale("symlog")
        axis.set_title(column, fontsize=9)
        axis.grid(alpha=0.3)
        axis.tick_params(labelsize=7)
    axes[0].set_yticks(places)
    axes[0].set_yticklabels([title for title, _ in rows], fontsize=8)
    figure.tight_layout()
    figure.savefig(os.path.join(HERE, f"{name}.png"), dpi=140)


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
    if given.jobs < 1:
        parser.error(f"--jobs={given.jobs}: needs 1 or more")
    directory = os.path.abspath(given.directory)
    try:
        if given.sweep:
            text, whole = sweep.run(sweep.read(given.sweep), directory, given.jobs, given.scheduler)
        else:
            table = TABLES[given.name]
            seeds = table.seeds[: given.seeds or None]
            found = collect(given.name, table, seeds, directory, given.jobs, given.scheduler)
            text = write(given.name, table, rows_of(table, found))
            whole = len(found) == len(seeds) * len(table.cells)
    except UsageError as error:
        print(f"error: {error}", file=sys.stderr)
        sys.exit(2)
    print(text)
    sys.exit(0 if whole else 1)


if __name__ == "__main__":
    main()
