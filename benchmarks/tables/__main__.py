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
from typing import Dict, List, Sequence, Tuple

import joblib
import numpy as np

import durable
from benchmarks.tables import runs
from benchmarks.tables.definitions import TABLES, Cell, Table

HERE = os.path.dirname(os.path.abspath(__file__))


def collect(
    name: str, table: Table, seeds: Sequence[int], directory: str, jobs: int
) -> Dict[Tuple[str, int], runs.Figures]:
    """All figures by cell and seed; only runs that are not there yet are run."""

    def path(title: str, seed: int) -> str:
        return os.path.join(directory, name, title.replace(" ", "_"), f"{seed}.json")

    wanted = [(cell, seed) for seed in seeds for cell in table.cells]
    missing = [each for each in wanted if not os.path.exists(path(each[0].title, each[1]))]
    # Threads are enough: each waits for a process of main.py.
    results = joblib.Parallel(n_jobs=jobs, backend="threading")(
        joblib.delayed(_kept)(cell, seed, path(cell.title, seed)) for cell, seed in missing
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


def _kept(cell: Cell, seed: int, path: str) -> Tuple[str, int, str]:
    """One run in a directory of its own, its figures kept; what went wrong, or ""."""
    with tempfile.TemporaryDirectory() as directory:
        try:
            figures = runs.run(cell.flags, seed, f"{directory}/run", cell.modes)
        except RuntimeError as error:
            return cell.title, seed, str(error)
    os.makedirs(os.path.dirname(path), exist_ok=True)
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
            title = cell.title + {"evaluate": ", plain", "refine": ", refined"}.get(mode, "")
            rows.append((title, {c: [f[prefix + c][-1] for f in each] for c in table.columns}))
    return rows


def text_of(values: List[float]) -> str:
    """Median and 5-95 % band."""
    if not values:
        return ""
    middle, low, high = np.percentile(values, [50, 5, 95])
    return f"{middle:.3f} [{low:.3f}; {high:.3f}]"


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
    """Runs what is missing and writes the table."""
    parser = argparse.ArgumentParser(prog="benchmarks.tables", description=__doc__.splitlines()[0])
    parser.add_argument("name", choices=sorted(TABLES))
    parser.add_argument("--seeds", type=int, default=0, help="so many of the table's; 0: all")
    parser.add_argument("--jobs", type=int, default=2, help="runs side by side")
    parser.add_argument("--directory", default="tables", help="where finished runs are kept")
    given = parser.parse_args()
    table = TABLES[given.name]
    seeds = table.seeds[: given.seeds or None]
    found = collect(given.name, table, seeds, os.path.abspath(given.directory), given.jobs)
    print(write(given.name, table, rows_of(table, found)))


if __name__ == "__main__":
    main()
