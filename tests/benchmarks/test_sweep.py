"""A sweep runs every combination of its values over its seeds, and refuses what main.py refuses."""

import csv
import glob
import json
import os
import re
import signal
import subprocess
import sys
import time

import numpy as np
import pytest

from base.errors import UsageError
from benchmarks.tables import __main__ as tables
from benchmarks.tables import runs, sweep

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))


def written(directory, content):
    path = str(directory / "mine.json")
    text = content if isinstance(content, (str, bytes)) else json.dumps(content)
    with open(path, "wb") as file:
        file.write(text if isinstance(text, bytes) else text.encode())
    return path


BAD = [
    ("{steps", "is no JSON: Expecting property name"),
    ("[" * 100000, "is no JSON: "),
    ([1, 2], r'must be of the form {"flag": \[values, ...\], ...}'),
    ({}, "must be of the form"),
    ({"steps": 3}, "steps: needs a list of numbers, texts of one line, true or false, got 3"),
    ({"steps": []}, r"steps: needs a list .* got \[\]"),
    ({"steps": [[1]]}, r"steps: needs a list .* got \[\[1\]\]"),
    ({"stepz": [1]}, "stepz: is no setting of a run; see main.py --help"),
    ({"steps": [1, 0]}, r"--steps=0: must lie in \[1, 10000\]"),
    ({"steps": ["many"]}, "flag --steps=many: "),
    ({"seed": [1, -1]}, "--seed=-1: must lie in"),
    ({"device": ["abacus"]}, "--device=abacus: must be one of"),
    *(
        ({key: [1]}, f"{key}: is no setting of a run")
        for key in "mode workdir output repair mode=sample steps=2 --mode --steps nounrolled "
        "unroll zdim verbosity helpfull undefok Steps".split()
    ),
    ({"": [1], " steps": [1]}, ": is no setting of a run"),
    ({"data_file": ["a\n--mode=sample"]}, "data_file: needs a list of .* texts of one line"),
    ({"data_file": ["a\0b"]}, "texts of one line"),
    ({"data_file": ["a\ud800b"]}, "texts of one line"),
    ({"steps": [None]}, r"steps: needs a list .* got \[null\]"),
    ({"steps": {"a": [1]}}, "steps: needs a list"),
    ('{"gmm_max_val": [NaN]}', "is no JSON: NaN is no number"),
    ('{"gmm_max_val": [1, -Infinity]}', "is no JSON: -Infinity is no number"),
    ('{"gmm_max_val": [1e999]}', "gmm_max_val: needs a list of numbers"),
    ('{"steps": [1], "steps": [2]}', "is no JSON: steps stands there twice"),
    ('{"steps": [1%s]}' % ("0" * 3999), "--steps=1000.*: must lie in"),
    ('{"steps": %s}' % ("[" * 900 + "]" * 900), "steps: needs a list"),
    (b'{"steps": [1]}\xff', "is no text in UTF-8"),
    (b" " * 300000, "is longer than"),
    ({"steps": [1, 2, 1]}, "--steps=1 and --steps=1 make the same run"),
    ({"gmm_max_val": [7, 7.0]}, "--gmm_max_val=7 and --gmm_max_val=7.0 make the same run"),
    ({"unrolled": [True, "true"]}, "make the same run"),
    ({"steps": [1], "seed": [3, "03"]}, "--seed=3 and --seed=3 make the same run"),
    ({"steps": [1], "seed": ["many"]}, "flag --seed=many: "),
    ({"steps": [*range(1, 999)], "seed": [*range(999)]}, "asks for 997002 runs; needs 10000"),
    (
        {"dataset": ["file"], "data_file": ["absent.npy"]},
        "--data_file=absent.npy: No such file",
    ),
    ({"dataset": ["file"], "data_file": ["/dev/null"]}, "/dev/null: is no regular file"),
    ({"meta_algorithm": ["vanilla"], "steps": [1, 2]}, "vanilla: is one GAN, needs --steps=1"),
    ({"flagfile": ["absent.flags"]}, "--flagfile=absent.flags: No such file"),
]


@pytest.mark.parametrize(("content", "message"), BAD, ids=range(len(BAD)))
def test_bad_sweeps_are_refused_in_one_line(tmp_path, content, message):
    path = written(tmp_path, content)
    with pytest.raises(UsageError, match=f"^--sweep={re.escape(path)}: .*{message}"):
        sweep.read(path)


@pytest.mark.parametrize(
    ("lines", "message"),
    [
        ("--mode=sample", "sets --mode, "),
        ("--repair", "sets --repair, "),
        ("--output=x.npy", "sets --output, "),
        ("--seed=3", "sets --seed, "),
        ("--only_check_args", "sets --only_check_args, "),
        ("--help", "Unknown command line flag 'help'"),
        ("compare", "holds compare, which is no flag"),
        ("--\n--steps=3", "holds --steps=3, which is no flag"),
    ],
    ids=range(8),
)
def test_flag_files_of_a_sweep_hold_settings_only(tmp_path, lines, message):
    inner, outer = tmp_path / "inner.flags", tmp_path / "outer.flags"
    inner.write_text(f"--epochs=3\n{lines}\n")
    outer.write_text(f"--workdir=elsewhere\n--verbosity=0\n--zdim=3\n--flagfile={inner}\n")
    path = written(tmp_path, {"flagfile": [str(outer)]})
    with pytest.raises(UsageError, match=f"^--sweep={re.escape(path)}: .*{message}"):
        sweep.read(path)
    inner.write_text("--epochs=3\n")
    (combination,) = sweep.read(path).combinations
    assert "--epochs=3" in combination.made.flags
    assert str(outer) not in combination.made.flags


def test_a_sweep_that_is_no_file_is_refused(tmp_path):
    os.mkfifo(str(tmp_path / "pipe"))
    for path, why in ((tmp_path / "pipe", "is no regular"), (tmp_path / "absent", "No such file")):
        with pytest.raises(UsageError, match=f"^--sweep={re.escape(str(path))}: {why}"):
            sweep.read(str(path))


def test_the_command_refuses_before_anything_runs(tmp_path, monkeypatch, capsys):
    sweep_file = f"--sweep={written(tmp_path, {'steps': [0]})}"
    command = [
        sys.executable,
        "-m",
        "benchmarks.tables",
        sweep_file,
        f"--directory={tmp_path}/kept",
    ]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=60)
    assert done.returncode == 2
    assert done.stderr.startswith("error: --sweep=")
    assert done.stderr.count("\n") == 1
    assert not (tmp_path / "kept").exists()
    seeds = (["gmm", "--seeds=-1"], ["gmm", "--seeds=1000"])
    for wrong in ([], ["gmm", "--sweep=mine.json"], ["gmm", "--jobs=0"], *seeds):
        monkeypatch.setattr("sys.argv", ["tables", *wrong])
        with pytest.raises(SystemExit) as ended:
            tables.main()
        assert ended.value.code == 2
        assert "error: " in capsys.readouterr().err.splitlines()[-1]


def test_a_directory_that_cannot_be_written_is_told_in_one_line(tmp_path, monkeypatch, capsys):
    (tmp_path / "file").write_text("")
    path = written(tmp_path, {"steps": [1]})
    arguments = [f"--sweep={path}", f"--directory={tmp_path / 'file'}"]
    monkeypatch.setattr("sys.argv", ["tables", *arguments])
    monkeypatch.setattr(runs, "fresh", pytest.fail)
    with pytest.raises(SystemExit) as ended:
        tables.main()
    assert ended.value.code == 1
    assert capsys.readouterr().err.startswith(f"error: {tmp_path / 'file'}")


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

    def fresh(flags, seed, modes, judge, shown, data):
        ran.append((*flags, seed))
        assert (modes, judge, shown, data) == ((), None, "", None)
        steps = int(flags[0].split("=")[1])
        if broken and (steps, seed) == (3, 6):
            raise RuntimeError("went wrong")
        figures = {name: [0.0] * (steps - 1) + [steps + seed / 10] for name in sweep.COLUMNS}
        return {**figures, "width": [np.nan] * steps}

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


@pytest.mark.parametrize("damage", [b"{", b"[]", b'{"log_p": [1, 2]}', None], ids=range(4))
def test_a_table_is_never_made_of_figures_that_are_not_whole(tmp_path, monkeypatch, damage):
    whole = {name: [0.1, float("nan")] for name in sweep.COLUMNS}
    monkeypatch.setattr(runs, "fresh", lambda *arguments: whole)
    path = written(tmp_path, {"steps": [2]})
    sweep.run(sweep.read(path), str(tmp_path), 1, "")
    (kept,) = glob.glob(f"{glob.escape(str(tmp_path))}/mine/*/0.json")
    texts = [damage] if damage else []
    for change in ([0.1], [0.1, None], [0.1, True], "ab", [0.1, 0.2, 0.3], [[1], [2]]):
        texts += [] if damage else [json.dumps({**whole, "width": change}).encode()]
    os.remove(str(tmp_path / "mine" / "table.md"))
    for text in texts:
        with open(kept, "wb") as file:
            file.write(text)
        with pytest.raises(UsageError, match=f"^{re.escape(kept)}: is not what .* remove it"):
            sweep.run(sweep.read(path), str(tmp_path), 1, "")
    assert not (tmp_path / "mine" / "table.md").exists()
    os.remove(kept)
    assert sweep.run(sweep.read(path), str(tmp_path), 1, "")[1]


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


def test_a_sweep_of_odd_names_is_stopped_by_a_signal_and_leaves_nothing(tmp_path):
    temporary, home = tmp_path / "temporary [ö] files", tmp_path / "~"
    temporary.mkdir()
    home.mkdir()
    np.save(str(home / "points [ü]*.npy"), np.random.RandomState(0).randn(2000, 2))
    values = {
        "dataset": ["file"],
        "data_file": ["~/points [ü]*.npy"],
        "epochs": [1000, 2000],
        "device": ["cpu"],
    }
    (home / "a | `b` [ö]\n.json").write_text(json.dumps(values))
    process = subprocess.Popen(
        [sys.executable, "-m", "benchmarks.tables", "--sweep=~/a | `b` [ö]\n.json"]
        + ["--directory=~/kept [ö]"],
        cwd=str(tmp_path),
        env={**os.environ, "TMPDIR": str(temporary), "HOME": str(home), "PYTHONPATH": ROOT},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        deadline = time.monotonic() + 100
        while len(list(temporary.glob("*/stderr.txt"))) < 2:
            assert process.poll() is None, process.stderr.read()
            assert time.monotonic() < deadline
            time.sleep(0.05)
        process.send_signal(signal.SIGINT)
        said = process.communicate(timeout=100)
    finally:
        process.kill()
    assert process.returncode == 130, said
    directory = home / "kept [ö]"
    assert said == (
        "",
        f"Stopped by SIGINT. Finished runs are kept in {directory}; "
        "the same command goes on from there.\n",
    )
    assert not list(temporary.iterdir())
    assert not [path for path in directory.rglob("*") if path.is_file()]


def test_a_run_of_main_py_comes_back_as_figures():
    flags = ["--gmm_modes_num=2", "--toy_dataset_size=200", "--epochs=1", "--steps=1"]
    figures = runs.fresh([*flags, "--eval_points_num=50", "--device=cpu"], 3, ())
    assert len(figures["log_p"]) == 1
    assert np.isfinite(figures["log_p"][0])
    with pytest.raises(RuntimeError, match="^error: --steps=0: must lie in"):
        runs.fresh(["--steps=0"], 3, ())
