"""Fuzzes the whole surface that takes input: python -m tests.fuzz.run --data_files=2000 --seed=0.

Prints how many cases ended how, and each finding with what brings it back; status 1 if there is
one.
"""

import argparse
import collections
import contextlib
import os
import shutil
import subprocess
import sys
import tempfile

import numpy as np

from tests.fuzz import command_lines, data_files, processes, state_files
from tests.fuzz.command_lines import Place
from tests.fuzz.guard import Finding

KINDS = ("command_lines", "data_files", "state_files", "processes")
TINY_RUN = (
    "--device=cpu --gmm_modes_num=3 --toy_dataset_size=640 --epochs=4 --steps=2 "
    "--mixture_c_epoch_num=2 --eval_points_num=100"
).split()


class Tally:
    """How cases ended, by kind."""

    def __init__(self):
        self.counts = collections.defaultdict(collections.Counter)
        self.findings = []

    @contextlib.contextmanager
    def case(self, kind, seed, index, what):
        """Notes a finding instead of raising it."""
        try:
            yield
        except Finding as error:
            self.counts[kind]["FOUND"] += 1
            self.findings.append(f"{kind}, seed {seed}, case {index}: {error}\n    {what()!r:.600}")

    def report(self):
        """One line a kind, then the findings."""
        lines = [f"{kind}: {dict(counts)}" for kind, counts in sorted(self.counts.items())]
        return "\n".join(lines + self.findings)


def random(seed, kind, index):
    """The generator of one case: it can be brought back alone."""
    return np.random.RandomState([seed, KINDS.index(kind), index])


def fuzz_command_lines(cases, seed, directory, run, tally):
    place = Place(directory, run)
    for index in cases:
        rng = random(seed, "command_lines", index)
        given = command_lines.arguments(rng)
        with tally.case("command_lines", seed, index, lambda given=given: given):
            outcome = command_lines.run(given, place)
            tally.counts["command_lines"][outcome] += 1


def fuzz_data_files(cases, seed, directory, tally):
    for index in cases:
        rng = random(seed, "data_files", index)
        path = data_files.write(rng, os.path.join(directory, f"{index}"))
        key = ["", "", "a", "b", "points"][rng.randint(5)] if path.endswith(".npz") else ""
        with tally.case("data_files", seed, index, lambda path=path: _start(path)):
            ended = data_files.run(path, key, keep_missing=rng.rand() < 0.3)
            tally.counts["data_files"][ended] += 1
        os.remove(path)


def fuzz_state_files(cases, seed, directory, run, tally):
    path = os.path.join(directory, "run")
    shutil.copytree(run, path)
    with open(os.path.join(path, "state.json")) as file:
        text = file.read()
    original = state_files.Workdir(path).read_state()
    for index in cases:
        data = state_files.damage(random(seed, "state_files", index), text)
        with tally.case("state_files", seed, index, lambda data=data: data):
            tally.counts["state_files"][state_files.run(path, data, original)] += 1


def fuzz_processes(cases, seed, directory, run, tally):
    place = Place(os.path.join(directory, "place"), run)
    for index in cases:
        rng = random(seed, "processes", index)
        if index % 10:
            given = processes.refused(rng, place)
            with tally.case("processes", seed, index, lambda given=given: given):
                tally.counts["processes"][processes.run_refused(given, place)] += 1
        else:
            given, own = processes.tiny(rng), os.path.join(directory, f"tiny_{index}")
            os.mkdir(own)
            with tally.case("processes", seed, index, lambda given=given: given):
                tally.counts["processes"][processes.run_tiny(given, own)] += 1
            shutil.rmtree(own)


def make_run(directory):
    """A finished tiny run."""
    path = os.path.join(directory, "finished")
    subprocess.run(
        [sys.executable, processes.MAIN, *TINY_RUN, f"--workdir={path}"],
        check=True,
        stdout=subprocess.DEVNULL,
    )
    return path


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    for kind in KINDS:
        parser.add_argument(f"--{kind}", type=int, default=0, help="number of cases")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--first", type=int, default=0, help="number of the first case")
    given = parser.parse_args()
    tally = Tally()
    with tempfile.TemporaryDirectory(prefix="fuzz-") as top:
        run = make_run(top)
        places = {kind: os.path.join(top, kind) for kind in KINDS}
        for path in [*places.values(), os.path.join(places["processes"], "place")]:
            os.makedirs(path)
        cases = {kind: range(given.first, given.first + getattr(given, kind)) for kind in KINDS}
        fuzz_command_lines(cases["command_lines"], given.seed, places["command_lines"], run, tally)
        fuzz_data_files(cases["data_files"], given.seed, places["data_files"], tally)
        fuzz_state_files(cases["state_files"], given.seed, places["state_files"], run, tally)
        fuzz_processes(cases["processes"], given.seed, places["processes"], run, tally)
    sys.stdout.write(tally.report() + "\n")
    return 1 if tally.findings else 0


def _start(path):
    with open(path, "rb") as file:
        return path, file.read(400)


if __name__ == "__main__":
    sys.exit(main())
