"""Kills runs at random instants and compares what comes of them with a run that was never killed.

python -m benchmarks.chaos [--kills=200] [--seed=0]     (or: make chaos)

Each run is started again after every kill, by SIGKILL or SIGTERM, by the same command, until it
ends by itself; then the mixture is exported, under the same fire. All of it in a directory whose
name is hard on programs, by a relative path. Nothing committed may be lost at any kill, and in the
end state, metrics, checkpoints and export are those of a run never killed, and nothing else is
there.
"""

import argparse
import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from typing import Any, Dict, List, Tuple

from benchmarks.children import ROOT
from storage.workdir import Workdir

FLAGS = [
    "--device=cpu",
    "--gmm_modes_num=3",
    "--toy_dataset_size=640",
    "--epochs=400",
    "--steps=3",
    "--mixture_c_epoch_num=200",
    "--eval_points_num=100",
    "--iterations_per_loop=40",
    "--checkpoint_seconds=0.05",
]
TIMINGS = ("seconds", "iterations_per_second")
KILLS_A_RUN = 8
ODD = "wörk [1] \\x *"


def command(workdir: str, export: bool) -> List[str]:
    """A training or an export."""
    flags = ["--mode=export", "--format=ckpt", "--overwrite"] if export else FLAGS
    return [sys.executable, os.path.join(ROOT, "main.py"), *flags, f"--workdir={workdir}"]


def fingerprint(workdir: str) -> Dict[str, Any]:
    """What must not depend on kills: the state without timings, and the files that are there."""
    with open(os.path.join(workdir, "state.json")) as file:
        state = json.load(file)
    del state["sha256"]
    for record in state["steps"]:
        for name in TIMINGS:
            del record[name]
        # The picture's archive carries the time of day.
        record["sha256"] = {k: v for k, v in record["sha256"].items() if "picture" not in k}
    names = {
        os.path.relpath(os.path.join(directory, name), workdir)
        for directory, _, files in os.walk(workdir)
        for name in files
        if "tfevents" not in name
    }
    return {"state": state, "files": sorted(names)}


def committed(workdir: str) -> int:
    """Steps in the state; its files are checked."""
    directory = Workdir(workdir)
    state = directory.read_state()
    if state is None:
        return 0
    directory.verify(state)
    return len(state.steps)


def undisturbed(workdir: str) -> Tuple[Dict[str, Any], List[float]]:
    """A run and an export that nothing kills: what comes of them, and their seconds."""
    seconds = []
    for export in (False, True):
        start = time.perf_counter()
        subprocess.run(command(workdir, export), check=True, stdout=subprocess.DEVNULL)
        seconds.append(time.perf_counter() - start)
    return fingerprint(workdir), seconds


def under_fire(workdir: str, kills: int, seconds: List[float], rng: random.Random) -> int:
    """A run and an export, killed so often at most; returns how often."""
    done, before = 0, 0
    for export, usual in zip((False, True), seconds):
        allowed = kills - done if export else max(1, kills - 1)
        while True:
            process = subprocess.Popen(
                command(workdir, export), stdout=subprocess.DEVNULL, stderr=subprocess.PIPE
            )
            try:
                wait = rng.uniform(0.1, usual) if done < allowed else None
                status = process.wait(wait)
            except subprocess.TimeoutExpired:
                number = rng.choice([signal.SIGKILL, signal.SIGKILL, signal.SIGTERM])
                process.send_signal(number)
                status = process.wait()
                if status not in (-number, 128 + number, 0):
                    raise RuntimeError(f"main.py ended with {status} by {number.name}") from None
                done += 1
                now = committed(workdir) if os.path.isdir(workdir) else 0
                if now < before:
                    raise RuntimeError(f"{before} steps were committed, {now} are left") from None
                before = now
                continue
            if status:
                said = process.stderr.read().decode() if process.stderr else ""
                raise RuntimeError(f"main.py ended with {status} after {done} kills: {said}")
            break
    return done


def main() -> None:
    """Counts kills until there are enough."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--kills", type=int, default=200)
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args()
    rng, done, runs = random.Random(given.seed), 0, 0
    with tempfile.TemporaryDirectory() as directory:
        os.mkdir(os.path.join(directory, ODD))
        os.chdir(os.path.join(directory, ODD))
        expected, seconds = undisturbed("undisturbed")
        while done < given.kills:
            workdir = f"run{runs}"
            wanted = min(KILLS_A_RUN, given.kills - done)
            done, runs = done + under_fire(workdir, wanted, seconds, rng), runs + 1
            found = fingerprint(workdir)
            if found != expected:
                different = set(found["files"]) ^ set(expected["files"])
                raise SystemExit(f"seed {given.seed}, run {runs}: not the same; {different}")
            print(f"{done} kills, {runs} runs: each as if it had never been killed", flush=True)


if __name__ == "__main__":
    main()
