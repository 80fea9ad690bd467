"""Our way of training against the published way, in one process tree and in alternation.

python -m benchmarks.speed [--rounds=3] [--seconds=4] [--with_jax] [--run=1]     (or: make bench)

Each way of running the training loop is measured in a process of its own (XLA reads its flags when
TensorFlow loads), round by round, so that a machine whose speed drifts is as fair to one as to the
other. Prints tables of medians, of ratios within each round, and of where each second of a whole
run goes; writes benchmarks/speed_RUN.json, anew after each round, and benchmarks/speed_RUN.png.
With --with_jax the same iteration is measured in today's JAX as well, in an environment of its own
(.venv-jax), made where it is not there yet. --way=NAME measures one way or figure alone.
"""

import argparse
import json
import os
import signal
import subprocess
import sys
import tempfile
from typing import Any, Callable, Dict, Iterable, List, NamedTuple

import numpy as np

from benchmarks import children, figures, jax_environment, seconds, ways
from benchmarks.children import die_with_parent

HERE = os.path.dirname(os.path.abspath(__file__))
ITERATIONS, DISCRIMINATOR_ITERATIONS = 150_000, 45_000
"""Of the default experiment: 10 components of 15,000, 9 mixture discriminators of 5,000."""


class Way(NamedTuple):
    """One way of running the loop."""

    title: str
    function: str  # of benchmarks.ways, called in a process of its own
    no_flags: bool = False  # whether our XLA flags are left out


JAX_WAYS = {
    f"jax_{loop}": Way(f"JAX {jax_environment.JAX}: jit of a {loop}", f"jax_{loop}")
    for loop in ("fori_loop", "scan")
}
"""With --with_jax."""
ALL_WAYS = {
    "published": Way("published: a Session.run with feed_dict for each part", "published"),
    "fused": Way("one fused Session.run an iteration, feed_dict", "fused"),
    "loop": Way("in-graph loop, plain TensorFlow", "loop_without_xla"),
    "xla": Way("in-graph loop, XLA as it comes", "loop_with_xla", no_flags=True),
    "xla_flags": Way("in-graph loop, XLA with our flags", "loop_with_xla"),
    **JAX_WAYS,
    "estimator": Way("ours: our flags inside Estimator.train, input drawn beside it", "estimator"),
}
"""Iterations a second of a component's training."""
WAYS = {name: way for name, way in ALL_WAYS.items() if name not in JAX_WAYS}
FIGURES = {
    "published_discriminator": "it/s, published way of a mixture discriminator",
    "discriminator": "it/s, ours of a mixture discriminator, inside Estimator.train",
    "published_first": "s, published way: graph, session, first iteration",
    "first": "s, ours: graph, session, XLA compiles, first 1,000 iterations",
    "restore": "s, ours: graph, session, restore, first predictions",
    "evaluation": "ms, C, log_p and modes of one mixture",
    "pictures": "ms, one step's pictures (step and calibration), one BLAS thread",
}
"""Beside the loop, of benchmarks.figures, each in a process of its own."""
WHOLE_RUN = {
    "whole_run": "s, a whole run of ours, set-up and pictures included",
    "loops_alone": "s, its iterations in our loops alone",
    "loop_in_run": "it/s, its components' loops, the median",
    "cpu": "CPU s of all its processes",
    "cpu_beside": "CPU s of its second process, which draws",
    "whole_run_MiB": "MiB, highest memory of its main process",
}
RATIOS: Dict[str, Callable[[Dict[str, float]], float]] = {
    "the published way's loops alone / a whole run of ours": (
        lambda each: _loops(each, "published", "published_discriminator") / each["whole_run"]
    ),
    "a whole run of ours / our loops alone": lambda each: each["whole_run"] / each["loops_alone"],
    "our loop inside a whole run / the same loop alone": (
        lambda each: each["loop_in_run"] / each["estimator"]
    ),
}
"""Within one round."""


def _loops(each: Dict[str, float], component: str, discriminator: str) -> float:
    """Seconds of a run's iterations at these two rates."""
    return ITERATIONS / each[component] + DISCRIMINATOR_ITERATIONS / each[discriminator]


def _measure(name: str, given_seconds: float) -> float:
    """One way or figure, in a process of its own."""
    command = [sys.executable, "-m", "benchmarks.speed", f"--way={name}"]
    done = subprocess.run(
        [*command, f"--seconds={given_seconds}"],
        capture_output=True,  # without our flags TensorFlow says much
        text=True,
        cwd=children.ROOT,
        preexec_fn=die_with_parent,
    )
    if done.returncode:
        raise RuntimeError(f"{name} failed: {done.stderr.strip()}")
    return float(done.stdout.split()[-1])


def one_round(names: Iterable[str], given_seconds: float) -> Dict[str, float]:
    """Every way and every figure once."""
    measured = {name: _measure(name, given_seconds) for name in [*names, *FIGURES]}
    return {**measured, **of_whole_run(children.run_main("--flagfile=cpu.flags"), measured)}


def of_whole_run(run: Dict[str, Any], measured: Dict[str, float]) -> Dict[str, float]:
    """What one whole run comes to, beside what was measured in the same round."""
    steps = run["state"]["steps"]
    return {
        "whole_run": run["seconds"],
        "loops_alone": _loops(measured, "estimator", "discriminator"),
        "loop_in_run": float(np.median([step["iterations_per_second"] for step in steps])),
        "cpu": run["cpu"],
        "cpu_beside": run["cpu_beside"],
        "whole_run_MiB": run["MiB"],
        **seconds.parts(run["lines"], steps, run["seconds"]),
    }


def summarise(rounds: List[Dict[str, float]]) -> Dict[str, List[Dict[str, Any]]]:
    """By table the rows of medians, and of what is within each round: median, lowest, highest."""

    def medians(titles: Dict[str, str]) -> List[Dict[str, Any]]:
        return [
            {"title": title, "median": float(np.median([each[name] for each in rounds]))}
            for name, title in titles.items()
        ]

    def spread(ratios: List[float]) -> List[float]:
        return [float(f(ratios)) for f in (np.median, np.min, np.max)]

    measured = {name: way.title for name, way in ALL_WAYS.items() if name in rounds[0]}
    rows = medians(measured)
    for name, row in zip(measured, rows):
        row["ratio"] = spread([each[name] / each["published"] for each in rounds])
    within = {title: spread([ratio(each) for each in rounds]) for title, ratio in RATIOS.items()}
    return {
        "ways": rows,
        "figures": medians({**FIGURES, **WHOLE_RUN}),
        "ratios": [{"title": title, "ratio": ratio} for title, ratio in within.items()],
        "seconds": medians(seconds.PARTS),
    }


def draw(rows: List[Dict[str, Any]], path: str) -> None:
    """The ratios as bars."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(8.5, 0.5 + 0.45 * len(rows)))
    axis = figure.subplots()
    figure.subplots_adjust(left=0.5, right=0.94, bottom=0.16, top=0.97)
    titles = [row["title"] for row in rows][::-1]
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
    parser.add_argument("--with_jax", action="store_true", help="measure today's JAX as well")
    parser.add_argument("--run", type=int, default=1, help="its number, in the files' names")
    parser.add_argument(
        "--way", choices=[*ALL_WAYS, *FIGURES], metavar="NAME", help="measure and print it alone"
    )
    given = parser.parse_args()
    signal.signal(signal.SIGTERM, _end)
    with children.directory() as directory:  # of all children, which may be killed
        os.environ["TMPDIR"] = tempfile.tempdir = directory
        if given.way:
            print(_one_way(given.way, given.seconds))
            return
        names = list(WAYS)
        if given.with_jax:
            why_not = jax_environment.ENVIRONMENT.make()
            if why_not:
                print(f"JAX is not measured: {why_not}", flush=True)
            else:
                names += JAX_WAYS
        measure(names, given.rounds, given.seconds, given.run)


def _end(number: int, _: Any) -> None:
    """At a signal: what was made is removed, whatever comes meanwhile."""
    signal.signal(number, signal.SIG_IGN)
    sys.exit(128 + number)


def measure(names: List[str], number: int, given_seconds: float, run: int) -> None:
    """So many rounds: prints and writes them."""
    rounds: List[Dict[str, float]] = []
    path = os.path.join(HERE, f"speed_{run}")
    for index in range(number):
        rounds.append(one_round(names, given_seconds))
        shown = json.dumps({name: round(value, 2) for name, value in rounds[-1].items()})
        print(f"round {index + 1}: {shown}", flush=True)
        tables = summarise(rounds)
        with open(f"{path}.json", "w") as file:
            json.dump({"rounds": rounds, **tables}, file, indent=1)
            file.write("\n")
    _print(tables)
    draw(tables["ways"], f"{path}.png")


def _one_way(name: str, given_seconds: float) -> float:
    """Measures in this process."""
    if name not in ALL_WAYS or not ALL_WAYS[name].no_flags:
        from estimator import factory

        factory.load_tensorflow(-1)
    module, function = (ways, ALL_WAYS[name].function) if name in ALL_WAYS else (figures, name)
    return getattr(module, function)(given_seconds)


def _print(tables: Dict[str, List[Dict[str, Any]]]) -> None:
    print("\n| way | median it/s | times the published way |\n|---|---|---|")
    for row in tables["ways"]:
        print(f"| {row['title']} | {row['median']:,.0f} | {_spread(row['ratio'], 1)} |")
    print("\n| figure | median |\n|---|---|")
    for row in tables["figures"]:
        print(f"| {row['title']} | {row['median']:,.2f} |")
    print("\n| within a round | median [lowest; highest] |\n|---|---|")
    for row in tables["ratios"]:
        print(f"| {row['title']} | {_spread(row['ratio'], 2)} |")
    print("\n| where each second of a whole run goes | median s |\n|---|---|")
    for row in tables["seconds"]:
        print(f"| {row['title']} | {row['median']:.2f} |")


def _spread(ratio: List[float], digits: int) -> str:
    median, lowest, highest = (f"{value:.{digits}f}" for value in ratio)
    return f"{median} [{lowest}; {highest}]"


if __name__ == "__main__":
    main()
