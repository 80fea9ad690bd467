"""A sweep's file: what it holds, and that it is refused where main.py refuses."""

import os
import re

import pytest

from base.errors import UsageError
from benchmarks.tables import sweep
from tests.benchmarks.sweeps import written

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
