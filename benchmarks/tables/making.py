"""The making of a table: the runs that it lacks, the rows of their figures, its files."""

import csv
import functools
import io
import os
from itertools import zip_longest
from typing import Dict, List, Optional, Sequence, Tuple

import numpy as np

from base import durable
from base.errors import UsageError
from benchmarks.tables import charts, definitions, heat, perfect, pictures, real, runs, side_by_side
from benchmarks.tables.bands import band, text_of
from benchmarks.tables.charts import Row
from benchmarks.tables.definitions import Cell, Table
from benchmarks.tables.judges import Judge
from benchmarks.tables.made import Made, make
from benchmarks.tables.side_by_side import Job
from storage import outputs

HERE = os.path.dirname(os.path.abspath(__file__))
TABLES: Dict[str, Table] = {**definitions.TABLES, **real.TABLES}


def with_data(table: Table, directory: str) -> Table:
    """The table with its points in a file that every run is given.

    Raises:
      UsageError: if the file is there and holds something else.
    """
    if not table.points:
        return table
    path, points = os.path.join(directory, "data.npy"), table.points()
    if not os.path.exists(path):
        durable.make_directories(directory)
        outputs.write_array(path, points)
    elif not np.array_equal(pictures.read(path), points):
        raise UsageError(
            f"{path}: holds other points than those of the table; move it, or choose another "
            "--directory"
        )
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
      UsageError: if there is no scheduler at the address, or what is kept is damaged.
      OSError: if nothing can be kept.
    """
    made = {cell.title: make(cell.flags) for cell in table.cells}
    wanted = {
        (cell.title, seed): _job(table, cell, judge, seed, directory, made[cell.title])
        for seed in seeds
        for cell in table.cells
    }
    found = side_by_side.finish(list(wanted.values()), runs.fresh, jobs, scheduler)
    return {key: found[job.path] for key, job in wanted.items() if job.path in found}


def _job(
    table: Table, cell: Cell, judge: Optional[Judge], seed: int, directory: str, made: Made
) -> Job:
    kept = os.path.join(_kept_in(directory, cell, made), f"{seed}.json")
    shown = _image_of(kept) if table.images else ""
    if os.path.exists(kept) and os.path.exists(shown):  # a worker of a cluster keeps its own
        pictures.read(shown)
    names = [prefix + column for prefix in _prefixes(table, cell) for column in table.columns]
    number = 1 if "" not in _prefixes(table, cell) else made.steps
    return Job(
        f"{cell.title}, seed {seed}",
        kept,
        (made.flags, seed, cell.modes, judge, shown, made.data),
        functools.partial(runs.check_figures, names=names, number=number),
    )


def _kept_in(directory: str, cell: Cell, made: Made) -> str:
    """Where a cell's runs are kept: a directory of a name that belongs to its settings."""
    return os.path.join(directory, f"{cell.title.replace(' ', '_')}-{made.digest[:12]}")


def _image_of(kept: str) -> str:
    """Samples of a run that is kept, where points are images."""
    return f"{os.path.splitext(kept)[0]}.npy"


def _prefixes(table: Table, cell: Cell) -> Tuple[str, ...]:
    """Of the names of the figures that are shown; "": those of the steps themselves."""
    return ("",) if table.by_step or not cell.modes else tuple(f"{m}_" for m in cell.modes)


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
        for prefix in _prefixes(table, cell):
            title = cell.title
            if len(cell.modes) > 1:
                title += {"evaluate_": ", plain", "refine_": ", refined"}[prefix]
            rows.append((title, {c: [f[prefix + c][-1] for f in each] for c in table.columns}))
    return rows


PERFECT = "Real points, unseen"


def perfect_row(table: Table, judge: Judge) -> Tuple[str, Dict[str, List[float]]]:
    """What real points score, as far as the judge tells."""
    known = judge.perfect
    return PERFECT, {c: [known[c]] if c in known else [] for c in table.columns}


def write(
    name: str, table: Table, rows: List[Tuple[str, Dict[str, List[float]]]], remark: str
) -> str:
    """Writes CSV, Markdown and the picture, .png and .pdf; returns the Markdown."""
    lines = [f"# {table.title}", "", _seeds(table, rows), ""]
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
    figures_of_seeds = io.StringIO(newline="")
    writer = csv.writer(figures_of_seeds)
    writer.writerow(["row", "seed number", *table.columns])
    for title, values in rows:
        columns = zip_longest(*(values[c] for c in table.columns), fillvalue="")
        for number, each in enumerate(columns):
            writer.writerow([title, number, *each])
    durable.write_atomically(os.path.join(HERE, f"{name}.csv"), figures_of_seeds.getvalue())
    draw(os.path.join(HERE, f"{name}.png"), table, rows)
    return text


def _seeds(table: Table, rows: List[Tuple[str, Dict[str, List[float]]]]) -> str:
    """How many there are behind each row, and what it shows of them."""
    seeds = sorted(len(each[table.columns[0]]) for title, each in rows if title != PERFECT)
    several = str(seeds[-1]) if seeds[0] == seeds[-1] else f"{seeds[0]} to {seeds[-1]}"
    return f"{several} seeds: median [5 %; 95 %]." if seeds[-1] > 1 else "One seed."


def draw(path: str, table: Table, rows: List[Tuple[str, Dict[str, List[float]]]]) -> None:
    """Draws a table: a panel a column, or a heat table where it is of several data sets.

    Args:
      path: of the .png; a .pdf goes beside it.
      table: what it consists of.
      rows: as in `rows_of`, perhaps after `perfect_row`.
    """
    known, seeds = [perfect.of_toy(settings) for settings in table.truths], _seeds(table, rows)
    if len(known) > 1:
        heat.draw(path, table.columns, [(t, charts.medians(v)) for t, v in rows], known, seeds)
        return
    real = charts.medians(dict(rows).get(PERFECT, {}))
    ours = [
        Row(title, True, {c: band(each) for c, each in values.items() if each})
        for title, values in rows
        if title != PERFECT
    ]
    theirs = [
        Row(title, False, {c: charts.number_and_band(text) for c, text in cells.items() if text})
        for title, cells in table.published
    ]
    shown = [row._replace(title=f"step {row.title}") for row in ours + theirs]
    shown = shown if table.by_step else ours + theirs
    charts.bands(path, table.columns, shown, {**(known or [{}])[0], **real}, seeds)


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
      UsageError: if the data, or the cluster, cannot be had, or what is kept is damaged.
      OSError: if nothing can be written.
    """
    directory = os.path.join(directory, name)
    table = with_data(TABLES[name], directory)
    judge = table.judge() if table.judge else None
    chosen = table.seeds[: seeds or None]
    found = collect(table, judge, chosen, directory, jobs, scheduler)
    rows = rows_of(table, found)
    if any(not values[table.columns[0]] for _, values in rows):
        return f"{name}: a row has no finished run; the table stays as it is", False
    if judge and judge.perfect:
        rows.insert(0, perfect_row(table, judge))
    text = write(name, table, rows, judge.remark if judge else "")
    if table.images:
        files = {"Data": os.path.join(directory, "data.npy")}
        for cell in table.cells:
            kept = os.path.join(_kept_in(directory, cell, make(cell.flags)), str(chosen[0]))
            files[cell.title] = _image_of(f"{kept}.json")
        pictures.samples(os.path.join(HERE, f"{name}_samples.png"), files)
    return text, len(found) == len(chosen) * len(table.cells)
