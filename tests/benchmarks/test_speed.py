"""What the speed benchmark makes of what it measures; its processes."""

import json
import os
import signal
import subprocess
import sys
import time

import numpy as np
import psutil
import pytest

from benchmarks import children, jax_environment, seconds, speed

STEPS = [
    {"seconds": {"discriminator": 0.0, "training": 2.0, "evaluation": 0.5}},
    {"seconds": {"discriminator": 1.0, "training": 3.0, "evaluation": 0.25}},
    {"seconds": {"discriminator": 1.5, "training": 4.0, "evaluation": 0.25}},
]
LINES = [
    (0.5, "Data: 64000 training points\n"),
    (4.0, "Evaluating: log_p=-60\n"),
    (4.1, "  modes=8/10\n"),
    (9.0, "Evaluating: log_p=-40\n"),
    (15.0, "Evaluating: log_p=-4\n"),
    (16.0, "Done: 3 components\n"),
]


def test_the_parts_of_a_run_add_up_to_it():
    parts = seconds.parts(LINES, STEPS, 16.5)
    assert parts == {
        "start": 0.5,
        "tensorflow": 1.0,  # the first step began at 4 - 2.5
        "first_component": 2.0,
        "components": 7.0,
        "discriminators": 2.5,
        "evaluations": 1.0,
        "between": 1.0,  # 15 - 1.5 - 12.5
        "end": 1.5,
    }
    assert list(parts) == list(seconds.PARTS)
    assert sum(parts.values()) == 16.5


def a_round(published, estimator, whole_run, **others):
    names = {**speed.WAYS, **speed.FIGURES}
    measured = {
        **dict.fromkeys(names, 1.0),
        "published": published,
        "published_discriminator": 1000.0,  # 45 s
        "estimator": estimator,
        "discriminator": 45_000.0,  # 1 s
        **others,
    }
    rates = [{"iterations_per_second": rate, **step} for rate, step in zip((1.0, 5.0, 9.0), STEPS)]
    run = {
        "state": {"steps": rates},
        "lines": LINES,
        "seconds": whole_run,
        "cpu": 7.0,
        "cpu_beside": 3.0,
        "MiB": 400.0,
    }
    return {**measured, **speed.of_whole_run(run, measured)}


def test_ratios_are_within_a_round():
    rounds = [a_round(500.0, 15_000.0, 22.0), a_round(250.0, 10_000.0, 32.0)]
    tables = speed.summarise(rounds)
    ours = tables["ways"][-1]
    assert ours == {"title": speed.WAYS["estimator"].title, "median": 12_500, "ratio": [35, 30, 40]}
    published, alone, inside = (row["ratio"] for row in tables["ratios"])
    # 300 + 45 s against 22; 600 + 45 s against 32
    assert published == pytest.approx([np.mean([345 / 22, 645 / 32]), 345 / 22, 645 / 32])
    assert alone == [2.0, 2.0, 2.0]  # 22 / (10 + 1), 32 / (15 + 1)
    assert inside == pytest.approx([5 / 12_000, 5 / 15_000, 5 / 10_000])
    medians = {row["title"]: row["median"] for row in tables["figures"]}
    assert medians[speed.WHOLE_RUN["loops_alone"]] == 13.5
    assert medians[speed.WHOLE_RUN["cpu_beside"]] == 3.0


def test_jax_has_rows_where_it_was_measured():
    jax = {"jax_fori_loop": 2000.0, "jax_scan": 3000.0}
    rows = speed.summarise([a_round(500.0, 15_000.0, 22.0, **jax)])["ways"]
    assert "with our flags" in rows[-4]["title"]
    assert [row["ratio"][0] for row in rows[-3:]] == [4.0, 6.0, 30.0]
    assert all("JAX" in row["title"] for row in rows[-3:-1])


def test_a_failure_in_a_later_round_loses_no_earlier_one(tmp_path, monkeypatch):
    rounds = [a_round(500.0, 15_000.0, 22.0), a_round(250.0, 10_000.0, 32.0)]
    made = iter(rounds)

    def one_round(names, given_seconds):
        for each in made:
            return each
        raise RuntimeError("the third fails")

    monkeypatch.setattr(speed, "HERE", str(tmp_path))
    monkeypatch.setattr(speed, "one_round", one_round)
    with pytest.raises(RuntimeError, match="the third fails"):
        speed.measure(list(speed.WAYS), 3, 1.0, run=7)
    assert os.listdir(str(tmp_path)) == ["speed_7.json"]
    written = json.loads((tmp_path / "speed_7.json").read_text())
    assert written == {"rounds": rounds, **speed.summarise(rounds)}


BUSY = "import time\nwhile time.process_time() < {}: pass\n"
WITH_CHILD = f"""
import subprocess, sys
{BUSY.format(0.2)}
print("one", flush=True)
subprocess.run([sys.executable, "-c", {BUSY.format(0.5)!r}])
print("two")
"""


def test_a_watched_process_is_told_apart_from_those_that_it_starts():
    watched = children.watch([sys.executable, "-c", WITH_CHILD])
    assert [line for _, line in watched.lines] == ["one\n", "two\n"]
    assert 0.2 < watched.lines[0][0] < watched.lines[1][0] - 0.5 < watched.seconds
    assert 0.45 < watched.cpu_beside < 1.5
    assert 0.15 < watched.cpu - watched.cpu_beside < 1.0
    assert watched.MiB > 5


def test_a_watched_process_that_fails_is_told():
    with pytest.raises(RuntimeError, match="went wrong$"):
        children.watch([sys.executable, "-c", "raise SystemExit('went wrong')"])


def test_a_killed_benchmark_leaves_no_process():
    sleeping = "import time; print('here', flush=True); time.sleep(60)"
    asking = (
        f"from benchmarks import children; children.watch([{sys.executable!r}, '-c', {sleeping!r}])"
    )
    benchmark = subprocess.Popen([sys.executable, "-c", asking], cwd=children.ROOT)
    try:
        deadline = time.monotonic() + 20
        started = []
        while not started and time.monotonic() < deadline:
            time.sleep(0.02)
            found = psutil.Process(benchmark.pid).children()
            started = [child for child in found if sleeping in child.cmdline()]
        (child,) = started
        benchmark.send_signal(signal.SIGKILL)
        child.wait(5)
    finally:
        benchmark.kill()
        benchmark.wait()


LEAVES_A_DIRECTORY = """
import tempfile, time
tempfile.mkdtemp()
print("here", flush=True)
time.sleep(60)
"""


def test_a_benchmark_that_is_asked_to_end_leaves_no_directory(tmp_path):
    benchmark = (
        "import sys\n"
        "from benchmarks import children, speed\n"
        f"watched = [sys.executable, '-c', {LEAVES_A_DIRECTORY!r}]\n"
        "speed.one_round = lambda *_: children.watch(watched)\n"
        "speed.main()\n"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", benchmark],
        cwd=children.ROOT,
        env={**os.environ, "TMPDIR": str(tmp_path)},
    )
    try:
        deadline = time.monotonic() + 20
        while not list(tmp_path.glob("*/*")) and time.monotonic() < deadline:
            time.sleep(0.02)
        assert list(tmp_path.glob("*/*"))
        process.terminate()
        assert process.wait(20) == 128 + signal.SIGTERM
        assert not list(tmp_path.iterdir())
    finally:
        process.kill()
        process.wait()


def test_a_directory_is_removed_while_another_still_writes(tmp_path):
    writing = """
import os, sys, time
end = time.monotonic() + 0.5
while time.monotonic() < end:
    os.makedirs(os.path.join(sys.argv[1], "deeper"), exist_ok=True)
    open(os.path.join(sys.argv[1], "deeper", str(time.monotonic())), "w").close()
"""
    with children.directory() as directory:
        writer = subprocess.Popen([sys.executable, "-c", writing, directory])
        while not os.listdir(directory):
            time.sleep(0.01)
    assert writer.wait() in (0, 1)  # 1: a file's directory went away beneath it
    assert not os.path.exists(directory)


def test_a_difference_is_relative_to_the_largest_number():
    ours = {"a": np.array([1.0, -4.0]), "b": np.array([[0.5]])}
    theirs = {"a": np.array([1.5, -4.0]), "b": np.array([[0.5]])}
    assert jax_environment.difference(ours, theirs) == 0.125
    for name in ours:  # wherever it stands, it is no agreement
        theirs = {**ours, name: np.full_like(ours[name], np.nan)}
        assert np.isnan(jax_environment.difference(ours, theirs))
