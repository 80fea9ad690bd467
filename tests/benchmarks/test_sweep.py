"""A sweep runs every combination of its values over its seeds, and refuses what main.py refuses."""

import csv
import json
import os
import subprocess
import sys

import numpy as np
import pytest

from benchmarks.tables import runs, sweep
from options import UsageError

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))


def written(directory, content):
    path = str(directory / "mine.json")
    with open(path, "w") as file:
        file.write(content if isinstance(content, str) else json.dumps(content))
    return path


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("{steps", "is no JSON: Expecting property name"),
        ("[" * 100000, "is no JSON: "),
        ([1, 2], r'must be of the form {"flag": \[values, ...\], ...}'),
        ({}, "must be of the form"),
        ({"steps": 3}, "steps: needs a list of numbers, texts, true or false, got 3"),
        ({"steps": []}, r"steps: needs a list .* got \[\]"),
        ({"steps": [[1]]}, r"steps: needs a list .* got \[\[1\]\]"),
        ({"stepz": [1]}, "Unknown command line flag 'stepz'"),
        ({"steps": [1, 0]}, r"--steps=0: must lie in \[1, 10000\]"),
        ({"steps": ["many"]}, "flag --steps=many: "),
        ({"seed": [1, -1]}, "--seed=-1: must lie in"),
        ({"device": ["abacus"]}, "--device=abacus: must be one of"),
        ({"mode": ["sample"]}, "mode: is no setting of a run"),
        ({"meta_algorithm": ["vanilla"], "steps": [1, 2]}, "vanilla: is one GAN, needs --steps=1"),
        ({"flagfile": ["absent.flags"]}, "--flagfile=absent.flags: No such file"),
    ],
)
def test_bad_sweeps_are_refused_in_one_line(tmp_path, content, message):
    path = written(tmp_path, content)
    with pytest.raises(UsageError, match=f"^--sweep={path}: .*{message}"):
        sweep.read(path)


def test_the_command_refuses_before_anything_runs(tmp_path):
    def tables(*arguments):
        command = [sys.executable, "-m", "benchmarks.tables", *arguments]
        return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=60)

    done = tables(f"--sweep={written(tmp_path, {'steps': [0]})}", f"--directory={tmp_path}/kept")
    assert done.returncode == 2
    assert done.stderr.startswith("error: --sweep=")
    assert done.stderr.count("\n") == 1
    assert not (tmp_path / "kept").exists()
    seeds = (["gmm", "--seeds=-1"], ["gmm", "--seeds=1000"])
    for wrong in ([], ["gmm", "--sweep=mine.json"], ["gmm", "--jobs=0"], *seeds):
        done = tables(*wrong)
        assert done.returncode == 2
        assert "Traceback" not in done.stderr


def test_combinations_are_the_product_of_the_values(tmp_path):
    path = written(
        tmp_path,
        {"steps": [2, 3], "unrolled": [True, False], "flagfile": ["cpu.flags"], "seed": [4, 5]},
    )
    made = sweep.read(path)
    assert (made.name, made.seeds, made.varied()) == ("mine", (4, 5), ["steps", "unrolled"])
    assert [(c.values["steps"], c.values["unrolled"]) for c in made.combinations] == [
        (2, True),
        (2, False),
        (3, True),
        (3, False),
    ]
    # What stands beside a flag file counts, not what is in it.
    first, *rest = sweep.arguments(made.combinations[0].values)
    assert first == "--flagfile=cpu.flags"
    assert rest == ["--steps=2", "--unrolled=True"]
    assert len({c.directory for c in made.combinations}) == 4


def test_a_kept_run_belongs_to_its_settings_however_they_are_written(tmp_path):
    def digest(**values):
        (combination,) = sweep.read(written(tmp_path, values)).combinations
        return combination.directory.split("-")[-1]

    flags = tmp_path / "my.flags"
    flags.write_text("--steps=7\n")
    before = digest(flagfile=[str(flags)])
    assert before == digest(steps=[7])
    flags.write_text("--steps=8\n")
    assert digest(flagfile=[str(flags)]) != before


def test_figures_are_gathered_in_a_row_a_combination(tmp_path, monkeypatch):
    ran, broken = [], True

    def fresh(flags, seed, modes):
        ran.append((*flags, seed))
        steps = int(flags[0].split("=")[1])
        if broken and (steps, seed) == (3, 6):
            raise RuntimeError("went wrong")
        figures = {name: [0.0, steps + seed / 10] for name in sweep.COLUMNS}
        return {**figures, "width": [np.nan, np.nan]}

    monkeypatch.setattr(runs, "fresh", fresh)
    path = written(tmp_path, {"steps": [2, 3], "epochs": [4], "seed": [5, 6, 7]})
    directory = str(tmp_path / "kept")
    text, whole = sweep.run(sweep.read(path), directory, 2, "")
    assert not whole
    assert len(ran) == 6
    assert "| 3 | 2 | 3.600 [3.510; 3.690] |" in text
    broken = False
    text, whole = sweep.run(sweep.read(path), directory, 2, "")
    assert whole
    assert ran[6:] == [("--steps=3", "--epochs=4", 6)]
    assert "`main.py --epochs=4`" in text
    assert "| steps | seeds | coverage | log_p | modes | high_quality | reverse_kl |" in text
    with open(os.path.join(directory, "mine", "table.md")) as file:
        assert file.read() == text
    with open(os.path.join(directory, "mine", "table.csv")) as file:
        rows = list(csv.DictReader(file))
    assert [(row["steps"], row["epochs"], row["seeds"]) for row in rows] == [
        ("2", "4", "3"),
        ("3", "4", "3"),
    ]
    expected = np.percentile([3.5, 3.6, 3.7], [50, 5, 95])
    found = [float(rows[1][f"log_p {part}"]) for part in ("median", "5 %", "95 %")]
    np.testing.assert_allclose(found, expected)
    assert rows[1]["width median"] == "nan"


def test_a_run_of_main_py_comes_back_as_figures():
    flags = ["--gmm_modes_num=2", "--toy_dataset_size=200", "--epochs=1", "--steps=1"]
    figures = runs.fresh([*flags, "--eval_points_num=50", "--device=cpu"], 3, ())
    assert len(figures["log_p"]) == 1
    assert np.isfinite(figures["log_p"][0])
    with pytest.raises(RuntimeError, match="^error: --steps=0: must lie in"):
        runs.fresh(["--steps=0"], 3, ())
