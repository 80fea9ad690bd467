"""Our way of training against the published way, in one process tree and in alternation.

python -m benchmarks.speed [--rounds=3] [--seconds=4]     (or: make bench)

Each way of running the training loop is measured in a process of its own (XLA reads its flags when
TensorFlow loads), round by round, so that a machine whose speed drifts is as fair to one as to the
other. Prints a table of medians and of ratios within each round; writes benchmarks/speed.json and
benchmarks/speed.png.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from typing import Any, Callable, Dict, List, NamedTuple, Tuple

import numpy as np

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
ITERATIONS, DISCRIMINATOR_ITERATIONS = 150_000, 45_000
"""Of the default experiment: 10 components of 15,000, 9 mixture discriminators of 5,000."""


class Way(NamedTuple):
    """One way of running the loop."""

    title: str
    function: str  # of this module, called in a process of its own
    no_flags: bool = False  # whether our XLA flags are left out


WAYS = {
    "published": Way("published: a Session.run with feed_dict for each part", "published"),
    "fused": Way("one fused Session.run an iteration, feed_dict", "fused"),
    "loop": Way("in-graph loop, plain TensorFlow", "loop_without_xla"),
    "xla": Way("in-graph loop, XLA as it comes", "loop_with_xla", no_flags=True),
    "xla_flags": Way("in-graph loop, XLA with our flags", "loop_with_xla"),
    "estimator": Way("ours: the same inside Estimator.train, input drawn beside it", "estimator"),
    "whole_run": Way("ours: python main.py, all of it (seconds)", "whole_run"),
}


def setting(batch_size: int = 64, **changed: Dict[str, Any]) -> Tuple[Any, Any, Any]:
    """The default experiment's dataset, model parameters and stream, with some settings changed.

    Args:
      batch_size: points a minibatch.
      changed: settings by room: data, network, gan.
    """
    import streams
    from input_fn import datasets, weighted
    from input_fn.datasets import DataSettings
    from model_fn import gan
    from model_fn.settings import GanSettings, NetworkSettings, OptimizerSettings

    dataset = datasets.load(DataSettings(**changed.get("data", {})), 0, batch_size)
    network, shape = NetworkSettings(**changed.get("network", {})), dataset.shape
    rng = streams.generator(0, streams.Purpose.COMPONENT_INIT, 1)
    values = gan.initial_values(network, shape, np.zeros(shape), np.ones(shape), rng)
    settings = GanSettings(**changed.get("gan", {}))
    params = gan.GanParams(settings, network, OptimizerSettings(), shape, values, True)
    weights = np.full(dataset.number, 1 / dataset.number)
    stream = weighted.component_stream(dataset, weights, batch_size, 5, "normal", 0, 1)
    return dataset, params, stream


def published(seconds: float) -> float:
    """Iterations a second of `feed_dict.FeedDictGan`."""
    from benchmarks import feed_dict

    dataset, params, _ = setting()
    return feed_dict.iterations_per_second(params, dataset.points, 64, seconds)


def fused(seconds: float) -> float:
    """Iterations a second of our iteration, one Session.run each."""
    import tensorflow as tf

    from benchmarks.feed_dict import rate_of
    from model_fn import gan

    _, params, stream = setting()
    (chunk,) = stream.chunks(0, 1000, 1000)
    with tf.Graph().as_default(), tf.variable_scope("", use_resource=True):
        tf.train.create_global_step()
        features = {name: tf.placeholder(tf.float32, a.shape[1:]) for name, a in chunk.items()}
        spec = gan.model_fn(features, None, "train", {"params": params}, None)
        with tf.Session() as session:
            session.run(tf.global_variables_initializer())
            spec.scaffold.init_fn(session)
            feeds = {features[name]: array[0] for name, array in chunk.items()}
            return rate_of(lambda: session.run(spec.train_op, feeds), seconds)


def _loop(seconds: float, compiled: bool) -> float:
    import tensorflow as tf

    from benchmarks.feed_dict import rate_of
    from estimator import loops
    from input_fn.pipelines import COUNT
    from model_fn import gan

    tf.enable_resource_variables()
    _, params, stream = setting()
    (chunk,) = stream.chunks(0, 1000, 1000)
    with tf.Graph().as_default(), tf.Session() as session:
        tf.train.create_global_step()
        features = {name: tf.Variable(array, trainable=False) for name, array in chunk.items()}
        reads = {name: variable.read_value() for name, variable in features.items()}
        looped = loops.looped(gan.model_fn, lambda step, means: [], compiled)
        given = {**reads, COUNT: tf.constant(1000)}
        spec = looped(given, None, "train", {"params": params}, None)
        session.run([tf.global_variables_initializer(), tf.local_variables_initializer()])
        spec.scaffold.init_fn(session)
        return 1000 * rate_of(lambda: session.run(spec.train_op), seconds, warm_up=2)


def loop_without_xla(seconds: float) -> float:
    """Iterations a second of the in-graph loop in plain TensorFlow."""
    return _loop(seconds, compiled=False)


def loop_with_xla(seconds: float) -> float:
    """Iterations a second of the in-graph loop compiled by XLA."""
    return _loop(seconds, compiled=True)


def train(params: Any, stream: Any, iterations: int) -> Any:
    """Estimator.train as a run uses it; its TrainResult."""
    from estimator import backend
    from estimator.backend import DeviceSettings
    from input_fn.fixed import FixedInput
    from model_fn import gan

    engine = backend.choose(DeviceSettings(device="cpu"), "")
    latent = FixedInput("latent", (5,), [np.zeros((1, 5), np.float32)])
    with tempfile.TemporaryDirectory() as directory:
        return engine.train(
            gan.model_fn, directory, params, stream, iterations, lambda step, losses: None, latent
        )


def estimator(seconds: float) -> float:
    """Iterations a second inside Estimator.train, of 30,000 iterations."""
    _, params, stream = setting()
    return train(params, stream, 30_000).iterations_per_second


def whole_run(seconds: float) -> float:
    """Seconds of the default experiment, as a whole process."""
    with tempfile.TemporaryDirectory() as directory:
        start = time.perf_counter()
        command = [sys.executable, os.path.join(ROOT, "main.py"), "--flagfile=cpu.flags"]
        workdir = f"--workdir={os.path.join(directory, 'run')}"
        subprocess.run([*command, workdir], check=True, stdout=subprocess.DEVNULL, cwd=ROOT)
        return time.perf_counter() - start


def _measure(name: str, seconds: float) -> float:
    """One way, in a process of its own."""
    command = [sys.executable, "-m", "benchmarks.speed", f"--way={name}", f"--seconds={seconds}"]
    done = subprocess.run(command, check=True, capture_output=True, text=True, cwd=ROOT)
    return float(done.stdout.split()[-1])


def summarise(rounds: List[Dict[str, float]]) -> List[Dict[str, Any]]:
    """Medians, and ratios to the published way within each round: median, lowest, highest."""
    rows = []
    for name, way in WAYS.items():
        values = [each[name] for each in rounds]
        if name == "whole_run":
            ours = np.array(values)
            base = np.array([each["published"] for each in rounds])
            ratios = ITERATIONS / base / ours
        else:
            ratios = np.array([each[name] / each["published"] for each in rounds])
        rows.append(
            {
                "way": way.title,
                "median": float(np.median(values)),
                "ratio": [float(np.median(ratios)), float(ratios.min()), float(ratios.max())],
            }
        )
    return rows


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
    axis.set_xlabel("times the published way")
    axis.tick_params(axis="y", labelsize=8)
    figure.savefig(path, dpi=140)


def main() -> None:
    """Measures, prints and writes."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=4.0, help="a way's measurement takes")
    parser.add_argument("--way", choices=sorted(WAYS), help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.way:
        if given.way != "whole_run" and not WAYS[given.way].no_flags:
            from estimator import backend

            backend.load_tensorflow(-1)
        function: Callable[[float], float] = globals()[WAYS[given.way].function]
        print(function(given.seconds))
        return
    rounds = []
    for number in range(given.rounds):
        rounds.append({name: _measure(name, given.seconds) for name in WAYS})
        print(f"round {number + 1}: {json.dumps({k: round(v, 1) for k, v in rounds[-1].items()})}")
    rows = summarise(rounds)
    print("\n| way | median it/s | times the published way |\n|---|---|---|")
    for row in rows:
        middle, low, high = row["ratio"]
        print(f"| {row['way']} | {row['median']:,.1f} | {middle:.1f} [{low:.1f}; {high:.1f}] |")
    here = os.path.dirname(os.path.abspath(__file__))
    with open(os.path.join(here, "speed.json"), "w") as file:
        json.dump({"rounds": rounds, "table": rows}, file, indent=1)
        file.write("\n")
    draw(rows, os.path.join(here, "speed.png"))


if __name__ == "__main__":
    main()
