"""How the cost grows with the work: one curve a quantity, each point in a process of its own.

python -m benchmarks.curves [--only=NAME ...] [--seconds=2]     (or: make curves)

Writes benchmarks/curves.json and one picture a curve, benchmarks/curve_NAME.png. Loops are measured
inside Estimator.train, beside the published way on the same sizes; data sizes and steps by whole
runs of main.py.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from typing import Any, Callable, Dict, List, NamedTuple, Sequence

import numpy as np

from benchmarks import children, trainings

HERE = os.path.dirname(os.path.abspath(__file__))
COORDINATES = 16
"""Of the points in the curve over data sizes."""
Row = Dict[str, Any]


class Curve(NamedTuple):
    """One quantity, and how a point is measured."""

    title: str
    values: Sequence[int]
    measure: Callable[[int, float], Row]
    shown: Sequence[str]  # names in a row that share the picture's axis
    unit: str
    scale: str = "log"


def _loop(value: int, seconds: float, **changed: Any) -> Row:
    """Our loop and the published one, with some settings changed."""
    from benchmarks import feed_dict

    dataset, params, stream = trainings.setting(**changed)
    batch = changed.get("batch_size", 64)
    published = feed_dict.iterations_per_second(params, dataset.points, batch, seconds)
    iterations = int(np.clip(published * 8 * seconds, 200, 30_000))
    ours = trainings.train(params, stream, iterations)
    return {"value": value, "published": published, "ours": ours.iterations_per_second}


def batch(value: int, seconds: float) -> Row:
    """Points a minibatch."""
    return _loop(value, seconds, batch_size=value)


def width(value: int, seconds: float) -> Row:
    """Units a hidden layer, in all networks."""
    return _loop(value, seconds, network={"g_num_filters": value, "d_num_filters": value})


def unrolling(value: int, seconds: float) -> Row:
    """Look-ahead steps."""
    return _loop(value, seconds, gan={"unrolling_steps": value})


def dimension(value: int, seconds: float) -> Row:
    """Coordinates of a point."""
    return _loop(value, seconds, data={"toy_dataset_dim": value})


def points(value: int, seconds: float) -> Row:
    """Training points in a memory-mapped file."""
    from boost import weights

    rng = np.random.RandomState(0)
    with tempfile.TemporaryDirectory() as directory:
        path = os.path.join(directory, "points.npy")
        made = np.lib.format.open_memmap(path, "w+", np.float32, (value, COORDINATES))
        for start in range(0, value, 64_000):
            made[start : start + 64_000] = rng.standard_normal((64_000, COORDINATES))
        del made
        data = os.path.getsize(path) / 2**20
        epochs = max(1, 640_000 // value)
        done = children.run_main(
            "--device=cpu",
            "--dataset=file",
            f"--data_file={path}",
            "--steps=2",
            f"--epochs={epochs}",
            "--mixture_c_epoch_num=1",
        )
    ratios: np.ndarray = np.exp(rng.standard_normal(value))
    began = time.perf_counter()
    weights.star_weights(ratios, 0.5)
    star = time.perf_counter() - began
    loop = done["state"]["steps"][-1]["iterations_per_second"]
    return {
        "value": value,
        "ours": loop,
        "MiB": done["MiB"],
        "data MiB": data,
        "star seconds": star,
    }


def steps(value: int, seconds: float) -> Row:
    """Seconds of the parts of one step, by the number of the step; one run of so many steps."""
    done = children.run_main("--device=cpu", f"--steps={value}", "--epochs=5")
    parts = [record["seconds"] for record in done["state"]["steps"]]
    row = {name: [part[name] for part in parts] for name in parts[-1]}
    return {"value": value, "seconds": done["seconds"], **row}


CURVES = {
    "points": Curve(
        f"training points of {COORDINATES} coordinates, memory-mapped",
        (64_000, 640_000, 6_400_000),
        points,
        ("ours", "MiB", "data MiB"),
        "it/s; MiB",
    ),
    "batch": Curve(
        "points a minibatch",
        (64, 256, 1024, 4096),
        batch,
        ("ours", "published"),
        "iterations a second",
    ),
    "width": Curve(
        "units a hidden layer",
        (16, 32, 64, 128, 256, 512),
        width,
        ("ours", "published"),
        "iterations a second",
    ),
    "unrolling": Curve(
        "look-ahead steps",
        (0, 1, 2, 5, 10, 20),
        unrolling,
        ("ours", "published"),
        "iterations a second",
        "linear",
    ),
    "dimension": Curve(
        "coordinates of a point",
        (2, 8, 32, 128, 512, 1024),
        dimension,
        ("ours", "published"),
        "iterations a second",
    ),
    "steps": Curve("boosting step", (40,), steps, (), "seconds", "linear"),
}


def _measure(name: str, value: int, seconds: float) -> Row:
    command = [sys.executable, "-m", "benchmarks.curves", f"--point={name}={value}"]
    done = subprocess.run(
        [*command, f"--seconds={seconds}"],
        check=True,
        stdout=subprocess.PIPE,
        text=True,
        cwd=children.ROOT,
    )
    row: Row = json.loads(done.stdout.splitlines()[-1])
    return row


def draw(name: str, rows: List[Row]) -> None:
    """One curve's picture."""
    from matplotlib.figure import Figure

    curve = CURVES[name]
    figure = Figure(figsize=(5.2, 3.4), constrained_layout=True)
    axis = figure.subplots()
    if name == "steps":
        (row,) = rows
        for part in ("training", "discriminator", "evaluation"):
            axis.plot(range(1, len(row[part]) + 1), row[part], ".-", label=part)
    else:
        for shown in curve.shown:
            axis.plot([r["value"] for r in rows], [r[shown] for r in rows], "o-", label=shown)
        axis.set_xscale(curve.scale)
        axis.set_yscale("log")
    axis.set_xlabel(curve.title)
    axis.set_ylabel(curve.unit)
    axis.grid(alpha=0.3)
    axis.legend()
    figure.savefig(os.path.join(HERE, f"curve_{name}.png"), dpi=140)


def main() -> None:
    """Measures, prints, writes."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--only", choices=sorted(CURVES), nargs="*", default=list(CURVES))
    parser.add_argument("--seconds", type=float, default=2.0, help="of the published way a point")
    parser.add_argument("--point", help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.point:
        from estimator import factory

        name, value = given.point.split("=")
        factory.load_tensorflow(-1, int(value) if name == "width" else 16)
        print(json.dumps(CURVES[name].measure(int(value), given.seconds)))
        return
    path = os.path.join(HERE, "curves.json")
    found: Dict[str, List[Row]] = {}
    if os.path.exists(path):
        with open(path) as file:
            found = json.load(file)
    for name in given.only:
        found[name] = []
        for value in CURVES[name].values:
            row = _measure(name, value, given.seconds)
            print(name, json.dumps(row), flush=True)
            found[name].append(row)
        draw(name, found[name])
        with open(path, "w") as file:
            json.dump(found, file, indent=1)
            file.write("\n")


if __name__ == "__main__":
    main()
