"""At which size of the networks two workers beat one, each worker pinned to a processor.

python -m benchmarks.workers [--seconds=4] [--only="mlp_1024x4, batch 64" ...]

For every size, the training of one component: by one worker, as a run without TF_CONFIG does it,
and by two over loopback, each with half of the minibatch. Where two processors are the hardware
threads of one core, a worker alone has all of it, and two could never gain; so the one is measured
while another, of its own, keeps the other processor as busy. Each measurement is made of processes
of its own. Writes benchmarks/workers.json, and the tables of docs/scale_out.md between their marks:
what was measured, and what follows for more workers. Needs an idle machine; about six minutes.
"""

import argparse
import json
import os
import socket
import subprocess
import sys
import tempfile
from typing import Any, Dict, List, NamedTuple

import numpy as np

from benchmarks import rings

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(HERE)
DOCS = os.path.join(ROOT, "docs", "scale_out.md")
BEGIN, END = "<!-- python -m benchmarks.workers -->", "<!-- end -->"
PATH = os.path.join(HERE, "workers.json")
BATCH = 64
IMAGE = (28, 28)
SHORT, MOST_ITERATIONS = 60, 20_000
"""Of a training that shows the pace, and of one that measures it."""


class Size(NamedTuple):
    """Networks of one size."""

    network: str
    units: int
    layers: int  # hidden ones; dcgan has its own
    batch: int = BATCH  # of all workers together

    @property
    def name(self) -> str:
        """As in --only and in the table."""
        layers = f"x{self.layers}" if self.network == "mlp" else ""
        return f"{self.network}_{self.units}{layers}, batch {self.batch}"


SIZES = [
    *(Size("mlp", units, 2) for units in (16, 128, 256, 512, 1024)),
    *(Size("mlp", units, 4) for units in (256, 512, 1024)),
    *(Size("mlp", 512, 2, batch) for batch in (256, 1024)),
    Size("mlp", 1024, 2, 1024),
    *(Size("dcgan", units, 0) for units in (8, 32)),
]


def train(size: Size, iterations: int, directory: str) -> Dict[str, float]:
    """Trains one component, in this process and whichever others TF_CONFIG names.

    Returns:
      Iterations a second, and how many weights the component has.
    """
    from benchmarks import trainings
    from estimator import factory
    from estimator.engine import DeviceSettings, Training
    from input_fn.fixed import FixedInput

    factory.load_tensorflow(-1, size.units)  # before anything else loads it
    from model_fn import gan

    data: Dict[str, Any] = {"toy_dataset_size": 10_000}
    if size.network == "dcgan":
        images = os.path.join(directory, f"images{os.getpid()}.npy")
        np.save(images, np.random.RandomState(0).standard_normal((2000, *IMAGE)).astype(np.float32))
        data = {"dataset": "file", "data_file": images}
    layers = max(1, size.layers)
    network = {
        "network": size.network,
        "g_num_filters": size.units,
        "d_num_filters": size.units,
        "g_num_layers": layers,
        "d_num_layers": layers,
        "initialisation": "he",
    }
    _, params, stream = trainings.setting(size.batch, data=data, network=network)
    loop = 0 if factory.several_workers() else int(np.clip(iterations // 10, 1, 1000))
    device = DeviceSettings(device="cpu", iterations_per_loop=loop)
    engine = factory.choose(device, directory, size.network == "dcgan")
    lock_path, text = os.path.join(directory, "lock"), f"{os.getpid()}\n"
    if engine.rank == 0:
        with open(lock_path, "w", encoding="utf-8") as file:
            file.write(text)
    engine.join_workers({}, lock_path, text)
    own = os.path.join(directory, f"worker{engine.rank}")
    latent = FixedInput("latent", (5,), [np.zeros((1, 5), np.float32)])
    training = Training(gan.model_fn, own, params, stream, iterations, latent)
    trained = engine.train(training, lambda step, losses: None)
    weights = sum(v.size for n, v in params.initial_values.items() if "layer" in n)
    return {"rate": trained.iterations_per_second, "weights": weights}


def _measure(size: Size, workers: int, iterations: int) -> Dict[str, float]:
    """What the first of so many workers measures; one of two is beside another on its own."""
    processors = sorted(os.sched_getaffinity(0))[:2]
    sockets = [socket.socket() for _ in processors]
    for each in sockets:
        each.bind(("127.0.0.1", 0))
    addresses = [f"127.0.0.1:{each.getsockname()[1]}" for each in sockets]
    for each in sockets:
        each.close()
    with tempfile.TemporaryDirectory() as directory:
        started = []
        for index, processor in enumerate(processors):
            together, rank = (
                (addresses, index) if workers == 2 else (addresses[index : index + 1], 0)
            )
            task = {"type": "worker", "index": rank}
            config = json.dumps({"cluster": {"worker": together}, "task": task})
            own = os.path.join(directory, "" if workers == 2 else str(index))
            os.makedirs(own, exist_ok=True)
            started.append(_start(size, iterations, processor, own, config))
        outputs = [process.communicate()[0] for process in started]
        if any(process.returncode for process in started):
            raise RuntimeError(f"{size.name}: a worker failed")
    first: Dict[str, float] = json.loads(outputs[0].splitlines()[-1])
    return first


def _start(
    size: Size, iterations: int, processor: int, directory: str, config: str
) -> subprocess.Popen:
    command = [sys.executable, "-m", "benchmarks.workers", f"--iterations={iterations}"]
    pinned = [f"--only={size.name}", f"--core={processor}", f"--directory={directory}"]
    return subprocess.Popen(
        [*command, *pinned],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "TF_CONFIG": config},
    )


def compare(size: Size, seconds: float) -> Dict[str, Any]:
    """One row of the table; each training takes about so many seconds."""
    row: Dict[str, Any] = {"size": size.name}
    for workers in (1, 2):
        measured = _measure(size, workers, SHORT)
        wanted = int(min(measured["rate"] * seconds, MOST_ITERATIONS))
        if wanted > SHORT:
            measured = _measure(size, workers, wanted)
        row[f"workers_{workers}"] = measured["rate"]
        row["weights"] = int(measured["weights"])
    row["efficiency"] = row["workers_2"] / row["workers_1"] / 2
    return row


def write_docs(text: str) -> None:
    """Replaces what stands between the marks."""
    with open(DOCS, encoding="utf-8") as file:
        before, rest = file.read().split(BEGIN)
    _, after = rest.split(END)
    with open(DOCS, "w", encoding="utf-8") as file:
        file.write(f"{before}{BEGIN}\n{text}\n{END}{after}")


def table(rows: List[Dict[str, Any]]) -> str:
    """The rows as Markdown."""
    lines = [
        "| networks | weights | one worker, it/s | two workers, it/s | two to one | efficiency |",
        "|---|---|---|---|---|---|",
    ]
    for row in rows:
        one, two = row["workers_1"], row["workers_2"]
        lines.append(
            f"| {row['size']} | {row['weights']:,} | {one:,.1f} | {two:,.1f} | {two / one:.2f} | "
            f"{row['efficiency']:.0%} |"
        )
    return "\n".join(lines)


def main() -> None:
    """Measures, prints, writes."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    names = [size.name for size in SIZES]
    parser.add_argument("--only", choices=names, nargs="*", default=names)
    parser.add_argument("--seconds", type=float, default=4.0, help="of a training")
    for hidden, kind in (("--iterations", int), ("--core", int), ("--directory", str)):
        parser.add_argument(hidden, type=kind, help=argparse.SUPPRESS)
    given = parser.parse_args()
    chosen = [size for size in SIZES if size.name in given.only]
    if given.iterations:
        os.sched_setaffinity(0, {given.core})
        print(json.dumps(train(chosen[0], given.iterations, given.directory)))
        return
    rows = []
    for size in chosen:
        rows.append(compare(size, given.seconds))
        print(json.dumps(rows[-1]), flush=True)
    text = f"{table(rows)}\n\n{rings.expected(rows)}"
    print(text)
    if len(rows) == len(SIZES):
        with open(PATH, "w", encoding="utf-8") as file:
            json.dump(rows, file, indent=1)
            file.write("\n")
        write_docs(text)


if __name__ == "__main__":
    main()
