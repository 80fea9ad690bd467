"""Runs a table again: python -m benchmarks.tables NAME [--seeds=N] [--jobs=2].

Or a sweep of one's own: python -m benchmarks.tables --sweep=sweep.json. And, with arguments of its
own, python -m benchmarks.tables own ... is benchmarks.own. Each run is a process of
main.py, on this machine or, with --scheduler=tcp://..., on a Dask cluster. Finished runs are kept
under --directory, so that the same command goes on. A table writes NAME.csv, NAME.md, NAME.png and
NAME.pdf beside this file: medians with 5-95 % bands over the seeds, and the published figures. A
sweep writes table.csv and table.md beside its runs.
"""

import signal

if __name__ == "__main__":  # until there is something to save, Ctrl-C needs no traceback
    signal.signal(signal.SIGINT, signal.SIG_DFL)

import argparse
import os
import sys
from typing import NoReturn

from base import console, errors, signals
from base.errors import Stopped, UsageError
from benchmarks import own
from benchmarks.children import ROOT
from benchmarks.tables import making, sweep, sweep_runs
from benchmarks.tables.making import TABLES


def main(listens: bool = False) -> None:
    """Runs what is missing and writes the table.

    Status 1 if runs failed, 2 for bad input, 130 after Ctrl-C, 143 after SIGTERM.

    Args:
      listens: whether signals are the command's to handle.
    """
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
    directory, path = (
        os.path.abspath(os.path.expanduser(each)) for each in (given.directory, given.sweep or "")
    )
    kept = f"Finished runs are kept in {directory}; the same command goes on from there."
    if listens:
        signals.listen(lambda: kept)
    os.chdir(ROOT)  # where main.py is run, and flag files are looked for
    how = (directory, given.jobs, given.scheduler)
    try:
        if given.sweep:
            text, whole = sweep_runs.run(sweep.read(path), *how)
        else:
            text, whole = making.run(given.name, given.seeds, *how)
        print(text)
    except UsageError as error:
        _end(f"error: {error}", 2)
    except Stopped as stopped:
        _end(f"Stopped by {stopped}. {kept}", stopped.status)
    except OSError as error:
        _end(f"error: {errors.of_the_system(error)}. {kept}", 1)
    sys.exit(0 if whole else 1)


def _end(said: str, status: int) -> NoReturn:
    print(UsageError(said), file=sys.stderr)
    sys.exit(status)


if __name__ == "__main__":
    console.settle_in()
    if sys.argv[1:2] == ["own"]:
        signal.signal(signal.SIGINT, signal.default_int_handler)  # it removes what it wrote
        own.main(sys.argv[2:])
    else:
        main(listens=True)
