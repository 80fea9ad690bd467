"""Command lines in fresh processes: refused ones as in process, tiny runs that must end well."""

import os
import resource
import signal
import subprocess
import sys

from tests.fuzz import command_lines
from tests.fuzz.guard import LONGEST, Finding

MAIN = os.path.join(os.path.dirname(os.path.abspath(command_lines.main.__file__)), "main.py")
MEMORY = command_lines.AVAILABLE
"""Bytes of address space: what is too large in process is too large here, and no long run."""
LONGEST_ARGUMENT = 100000
TINY = "--device=cpu --steps=2 --epochs=1 --mixture_c_epoch_num=1".split()


def refused(rng, place):
    """A command line that is refused in process, or None if there is none after some tries."""
    for _ in range(100):
        given = command_lines.arguments(rng)
        good = all("\0" not in text and len(text) < LONGEST_ARGUMENT for text in given)
        if good and command_lines.run(given, place) in ("refused", "flag error"):
            return given
    return None


def run_refused(given, place):
    """Runs main.py with a command line that is refused in process.

    Returns:
      Its exit status, in words.

    Raises:
      Finding: if it does more than to say one line.
    """
    before = _tree(place.directory)
    done = _run(given, place.directory, LONGEST, MEMORY)
    lines = done.stderr.splitlines()
    if done.returncode == 2 and len(lines) != 1:
        raise Finding(f"says more than one line: {done.stderr[-2000:]}")
    if done.returncode not in (1, 2) or "Traceback" in done.stderr:
        raise Finding(f"ends with status {done.returncode}: {done.stderr[-2000:]}")
    if _tree(place.directory) != before:
        raise Finding("leaves something behind")
    return f"status {done.returncode}"


def tiny(rng):
    """Flags of a run of a few iterations, with all that a run can be told varied."""

    def one(*values):
        return values[rng.randint(len(values))]

    size = one(2, 3, rng.randint(4, 60), rng.randint(4, 60))
    values = {
        "toy_dataset_size": size,
        "batch_size": rng.randint(1, min(size, 20) + 1),
        "gmm_modes_num": rng.randint(1, 5),
        "toy_dataset_dim": rng.randint(1, 5),
        "gmm_max_val": one(1e-3, 1.0, 15.0, 1e6),
        "eval_points_num": rng.randint(2, 60),
        "latent_space_dim": rng.randint(1, 8),
        "latent_space_distr": one("normal", "uniform"),
        "g_num_filters": one(1, 3, 16, 70),
        "d_num_filters": one(1, 3, 16, 70),
        "init_std": one(1e-6, 0.1, 0.8),
        "optimizer": one("sgd", "adam"),
        "adam_beta1": one(0.0, 0.5, 0.99),
        "unrolled": one("true", "false"),
        "unrolling_steps": rng.randint(0, 4),
        "d_steps": rng.randint(1, 3),
        "g_steps": rng.randint(1, 3),
        "objective": one("JS", "JS_modified"),
        "beta_heur": one("uniform", "constant"),
        "weights_heur": one("theory_star", "theory_dagger", "topk"),
        "is_bagging": one("false", "false", "true"),
        "mixture_c_folds": rng.randint(1, 3),
        "iterations_per_loop": one(0, 1, 3, 1000000),
        "seed": one(0, 4294967295),
    }
    return TINY + [f"--{name}={value}" for name, value in values.items()]


def run_tiny(given, directory):
    """Runs main.py with flags that are good.

    Returns:
      "done", or "diverged" where that is said in one line.

    Raises:
      Finding: for any other end.
    """
    done = _run([*given, "--workdir=run"], directory, 120)
    one_line = done.stderr.count("\n") == 1
    if done.returncode and one_line and ("lower --" in done.stderr or "choose" in done.stderr):
        return "diverged"
    if done.returncode or done.stderr:
        raise Finding(f"ends with status {done.returncode}: {done.stderr[-3000:]}")
    if os.listdir(directory) != ["run"]:
        raise Finding(f"leaves {os.listdir(directory)}")
    return "done"


def _run(given, directory, seconds, memory=None):
    def limit():
        if memory:
            resource.setrlimit(resource.RLIMIT_AS, (memory, memory))

    process = subprocess.Popen(
        [sys.executable, MAIN, *[os.fsencode(text) for text in given]],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        stdin=subprocess.DEVNULL,
        encoding="utf-8",
        cwd=directory,
        # Libraries keep caches in the home directory.
        env={**os.environ, "TMPDIR": directory, "HOME": os.path.dirname(directory)},
        preexec_fn=limit,
    )
    try:
        output, errors = process.communicate(timeout=seconds)
    except subprocess.TimeoutExpired:
        process.send_signal(signal.SIGABRT)  # absl then tells where every thread stands
        _, errors = process.communicate()
        raise Finding(f"hangs: {errors[-8000:]}") from None
    return subprocess.CompletedProcess(given, process.returncode, output, errors)


def _tree(directory):
    return sorted(
        os.path.join(top, name)
        for top, below, names in os.walk(directory)
        for name in below + names
    )
