"""Our way of training against the published way, in one process tree and in alternation.

python -m benchmarks.speed [--rounds=3] [--seconds=4]     (or: make bench)

Each way of running the training loop is measured in a process of its own (XLA reads its flags when
TensorFlow loads), round by round, so that a machine whose speed drifts is as fair to one as to the
other. Prints tables of medians and of ratios within each round; writes benchmarks/speed.json and
benchmarks/speed.png.
"""

import argparse
import json
import os
import subprocess
import sys
from typing import Any, Callable, Dict, List, NamedTuple

import numpy as np

from benchmarks import ways

ITERATIONS, DISCRIMINATOR_ITERATIONS = 150_000, 45_000
"""Of the default experiment: 10 components of 15,000, 9 mixture discriminators of 5,000."""


class Way(NamedTuple):
    """One way of running the loop."""

    title: str
    function: str  # of benchmarks.ways, called in a process of its own
    no_flags: bool = False  # whether our XLA flags are left out


WAYS = {
    "published": Way("published: a Session.run with feed_dict for each part", "published"),
    "fused": Way("one fused Session.run an iteration, feed_dict", "fused"),
    "loop": Way("in-graph loop, plain TensorFlow", "loop_without_xla"),
    "xla": Way("in-graph loop, XLA as it comes", "loop_with_xla", no_flags=True),
    "xla_flags": Way("in-graph loop, XLA with our flags", "loop_with_xla"),
    "estimator": Way("ours: the same inside Estimator.train, input drawn beside it", "estimator"),
}
"""Iterations a second of a component's training."""
FIGURES = {
    "published_discriminator": "it/s, published way of a mixture discriminator",
    "whole_run": "s, a whole run of ours, set-up and pictures included",
    "whole_run_MiB": "MiB, highest memory of its main process",
    "published_first": "s, published way: graph, session, first iteration",
    "first": "s, ours: graph, session, XLA compiles, first 1,000 iterations",
    "restore": "s, ours: graph, session, restore, first predictions",
    "evaluation": "ms, C, log_p and modes of one mixture",
    "picture": "ms, one step's picture",
}
"""Beside the loop."""


def _measure(name: str, seconds: float) -> float:
    """One way or figure, in a process of its own."""
    command = [sys.executable, "-m", "benchmarks.speed", f"--way={name}", f"--seconds={seconds}"]
    done = subprocess.run(command, check=True, capture_output=True, text=True, cwd=ways.ROOT)
    return float(done.stdout.split()[-1])


def one_round(seconds: float) -> Dict[str, float]:
    """Every way and every figure once."""
    figures = [name for name in FIGURES if not name.startswith("whole_run")]
    measured = {name: _measure(name, seconds) for name in [*WAYS, *figures]}
    whole = ways.run_main("--flagfile=cpu.flags")
    return {**measured, "whole_run": whole["seconds"], "whole_run_MiB": whole["MiB"]}


def summarise(rounds: List[Dict[str, float]]) -> List[Dict[str, Any]]:
    """Medians, and ratios to the published way within each round: median, lowest, highest."""

    def row(title: str, values: List[float], ratios: List[float]) -> Dict[str, Any]:
        spread = [float(f(ratios)) for f in (np.median, np.min, np.max)] if ratios else None
        return {"way": title, "median": float(np.median(values)), "ratio": spread}

    rows = []
    for name, way in WAYS.items():
        values = [each[name] for each in rounds]
        rows.append(row(way.title, values, [each[name] / each["published"] for each in rounds]))
    for name, title in FIGURES.items():
        ratios = []
        if name == "whole_run":
            ratios = [published_seconds(each) / each["whole_run"] for each in rounds]
        rows.append(row(title, [each[name] for each in rounds], ratios))
    return rows


def published_seconds(each: Dict[str, float]) -> float:
    """What the published way's loops alone would take for all iterations of a run."""
    discriminators = DISCRIMINATOR_ITERATIONS / each["published_discriminator"]
    return ITERATIONS / each["published"] + discriminators


def draw(rows: List[Dict[str, Any]], path: str) -> None:
    """The ratios as bars."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(8.5, 3.2))
    axis = figure.subplots()
    figure.subplots_adjust(left=0.5, right=0.94, bottom=0.16, top=0.97)
    titles = [row["way"] for row in rows][::-1]
    ratios = [row["ratio"][0] for row in rows][::-1]
    bars = axis.barh(titles, ratios, color="tab:blue")
    for bar, ratio in zip(bars, ratios):
        axis.text(bar.get_width(), bar.get_y() + 0.4, f" {ratio:.1f}", va="center", fontsize=8)
    axis.set_xlim(0, 1.12 * max(ratios))
    axis.set_xlabel("times the published way")
    axis.tick_params(axis="y", labelsize=8)
    figure.savefig(path, dpi=140)


def main() -> None:
    """Measures, prints and writes."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=4.0, help="a way's measurement takes")
    parser.add_argument("--way", help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.way:
        if given.way not in WAYS or not WAYS[given.way].no_flags:
            from estimator import backend

            backend.load_tensorflow(-1)
        name = WAYS[given.way].function if given.way in WAYS else given.way
        function: Callable[[float], float] = getattr(ways, name)
        print(function(given.seconds))
        return
    rounds = []
    for number in range(given.rounds):
        rounds.append(one_round(given.seconds))
        print(f"round {number + 1}: {json.dumps({k: round(v, 1) for k, v in rounds[-1].items()})}")
    rows = summarise(rounds)
    print("\n| way | median it/s | times the published way |\n|---|---|---|")
    for row in rows[: len(WAYS)]:
        print(f"| {row['way']} | {row['median']:,.0f} | {_spread(row['ratio'])} |")
    print("\n| figure | median |\n|---|---|")
    for row in rows[len(WAYS) :]:
        ratio = f", {_spread(row['ratio'])} times faster" if row["ratio"] else ""
        print(f"| {row['way']} | {row['median']:,.2f}{ratio} |")
    here = os.path.dirname(os.path.abspath(__file__))
    with open(os.path.join(here, "speed.json"), "w") as file:
        json.dump({"rounds": rounds, "table": rows}, file, indent=1)
        file.write("\n")
    draw(rows[: len(WAYS)], os.path.join(here, "speed.png"))


def _spread(ratio: List[float]) -> str:
    return f"{ratio[0]:.1f} [{ratio[1]:.1f}; {ratio[2]:.1f}]"


if __name__ == "__main__":
    main()
