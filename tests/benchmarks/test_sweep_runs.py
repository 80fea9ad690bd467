"""The runs of a sweep: their figures in a table, kept by their settings and data."""

import csv
import glob
import json
import os
import re

import numpy as np
import pytest

from base.errors import UsageError
from benchmarks.tables import runs, sweep, sweep_runs
from tests.benchmarks.sweeps import written


def test_figures_are_gathered_in_a_row_a_combination(tmp_path, monkeypatch):
    ran, broken = [], True

    def fresh(flags, seed, modes, judge, shown, data):
        ran.append((*flags, seed))
        assert (modes, judge, shown, data) == ((), None, "", None)
        steps = int(flags[0].split("=")[1])
        if broken and (steps, seed) == (3, 6):
            raise RuntimeError("went wrong")
        figures = {name: [0.0] * (steps - 1) + [steps + seed / 10] for name in sweep_runs.COLUMNS}
        return {**figures, "width": [np.nan] * steps}

    monkeypatch.setattr(runs, "fresh", fresh)
    path = written(tmp_path, {"steps": [2, 3], "epochs": [4], "seed": [5, 6, 7]})
    directory = str(tmp_path / "kept")
    text, whole = sweep_runs.run(sweep.read(path), directory, 2, "")
    assert not whole
    assert len(ran) == 6
    assert "| 3 | 2 | 3.600 [3.510; 3.690] |" in text
    broken = False
    text, whole = sweep_runs.run(sweep.read(path), directory, 2, "")
    assert whole
    assert ran[6:] == [("--steps=3", "--epochs=4", 6)]
    assert "`main.py --epochs=4`" in text
    assert "| steps | seeds | coverage | log_p | modes | high_quality | reverse_kl |" in text
    with open(os.path.join(directory, "mine", "table.md")) as file:
        assert file.read() == text
    with open(os.path.join(directory, "mine", "table.csv")) as file:
        rows = list(csv.DictReader(file))
    of_rows = [(row["steps"], row["epochs"], row["seeds"]) for row in rows]
    assert of_rows == [("2", "4", "3"), ("3", "4", "3")]
    expected = np.percentile([3.5, 3.6, 3.7], [50, 5, 95])
    found = [float(rows[1][f"log_p {part}"]) for part in ("median", "5 %", "95 %")]
    np.testing.assert_allclose(found, expected)
    assert rows[1]["width median"] == "nan"
    kept = glob.glob(os.path.join(glob.escape(directory), "mine", "*", "?.json"))
    events = glob.glob(os.path.join(glob.escape(directory), "mine", "*", "?", "events.*"))
    assert {os.path.dirname(path) + ".json" for path in events} == set(kept)
    assert len(events) == 6


@pytest.mark.parametrize("damage", [b"{", b"[]", b'{"log_p": [1, 2]}', None], ids=range(4))
def test_a_table_is_never_made_of_figures_that_are_not_whole(tmp_path, monkeypatch, damage):
    whole = {name: [0.1, float("nan")] for name in sweep_runs.COLUMNS}
    monkeypatch.setattr(runs, "fresh", lambda *arguments: whole)
    path = written(tmp_path, {"steps": [2]})
    sweep_runs.run(sweep.read(path), str(tmp_path), 1, "")
    (kept,) = glob.glob(f"{glob.escape(str(tmp_path))}/mine/*/0.json")
    texts = [damage] if damage else []
    for change in ([0.1], [0.1, None], [0.1, True], "ab", [0.1, 0.2, 0.3], [[1], [2]]):
        texts += [] if damage else [json.dumps({**whole, "width": change}).encode()]
    os.remove(str(tmp_path / "mine" / "table.md"))
    for text in texts:
        with open(kept, "wb") as file:
            file.write(text)
        with pytest.raises(UsageError, match=f"^{re.escape(kept)}: is not what .* remove it"):
            sweep_runs.run(sweep.read(path), str(tmp_path), 1, "")
    assert not (tmp_path / "mine" / "table.md").exists()
    os.remove(kept)
    assert sweep_runs.run(sweep.read(path), str(tmp_path), 1, "")[1]


def test_other_data_are_other_runs(tmp_path, monkeypatch):
    def found():
        (combination,) = sweep.read(path).combinations
        return combination.made.data, combination.directory.split("-")[-1]

    monkeypatch.setenv("HOME", str(tmp_path))
    points = tmp_path / "my | points [ö]*.npy"
    path = written(tmp_path, {"dataset": ["file"], "data_file": [f"~/{points.name}"]})
    np.save(str(points), np.zeros((20, 2)))
    data, first = found()
    points.rename(tmp_path / "else.npy")
    path = written(tmp_path, {"dataset": ["file"], "data_file": [str(tmp_path / "else.npy")]})
    assert found()[1] == first
    (tmp_path / "else.npy").rename(points)
    data.check()
    np.save(str(points), np.ones((20, 2)))
    with pytest.raises(RuntimeError, match="^--data_file=~/my .*: was changed, or differs on this"):
        runs.fresh(["--steps=0"], 1, (), data=data)
    path = written(tmp_path, {"dataset": ["file"], "data_file": [f"~/{points.name}"]})
    other, second = found()
    assert other.sha256 != data.sha256
    assert second != first
    both = {"dataset": ["file"], "data_file": [str(points), f"~/{points.name}"]}
    with pytest.raises(UsageError, match="make the same run"):
        sweep.read(written(tmp_path, both))


def test_a_run_of_main_py_comes_back_as_figures():
    flags = ["--gmm_modes_num=2", "--toy_dataset_size=200", "--epochs=1", "--steps=1"]
    figures = runs.fresh([*flags, "--eval_points_num=50", "--device=cpu"], 3, ())
    assert len(figures["log_p"]) == 1
    assert np.isfinite(figures["log_p"][0])
    with pytest.raises(RuntimeError, match="^error: --steps=0: must lie in"):
        runs.fresh(["--steps=0"], 3, ())
