"""What is written outside a run: never over something that somebody needs."""

import csv
import io
import json
import os

import numpy as np
import pandas
import pytest

from base.errors import UsageError
from storage import outputs
from storage.workdir import Workdir
from tests.storage.runs import started


@pytest.fixture
def run(tmp_path):
    """A run beside a file of data, a pipe and a directory; the current directory is above it."""
    workdir, before, _ = started(tmp_path, 1)
    workdir.write_settings("{}")
    (tmp_path / "data.csv").write_text("1,2\n")
    (tmp_path / "directory.npy").mkdir()
    os.mkfifo(str(tmp_path / "pipe.npy"))
    os.symlink("nowhere", str(tmp_path / "broken.npy"))
    os.symlink("data.csv", str(tmp_path / "link.csv"))
    return workdir


def check_file(run, name):
    data = os.path.join(os.path.dirname(run.path), "data.csv")
    path = os.path.join(os.path.dirname(run.path), name)
    outputs.check_file(path, "sample", (".npy", ".csv"), [run], [data, "", "/absent"])


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("x.txt", "--mode=sample needs a file that ends in .npy or .csv"),
        ("directory.npy", "is a directory"),
        ("pipe.npy", "is a pipe"),
        ("broken.npy", "a broken link"),
        ("data.csv", "holds the data of the run"),
        ("link.csv", "holds the data of the run"),
        ("run/components/x.npy", "belongs to the run in"),
        ("run/columns.npz/x.npy", "belongs to the run in"),
        ("run/gaussian_mixture/x.npy", "belongs to the run in"),
        ("run/removed-then/x.npy", "belongs to the run in"),
        ("absent/x.npy", "absent is no directory that can be written"),
    ],
)
def test_a_file_that_should_not_be_written_is_named(run, name, told):
    with pytest.raises(UsageError, match=f"^--output=.*{name}: .*{told}"):
        check_file(run, name)


@pytest.mark.parametrize("name", ["x.npy", "x.CSV", "run/mine.npy", "directory.npy/x.npy"])
def test_other_files_may_be_written(run, name):
    check_file(run, name)


def test_a_run_that_is_not_the_one_in_use_is_spared_as_well(run, tmp_path):
    with pytest.raises(UsageError, match="belongs to the run in"):
        outputs.check_file(
            run.join("plots", "x.npy"), "sample", (".npy",), [Workdir(str(tmp_path / "other"))], []
        )


def check_export(run, directory, overwrite=False):
    data = os.path.join(os.path.dirname(run.path), "data.csv")
    outputs.check_export(str(directory), "ckpt", overwrite, run, data)


def test_only_an_earlier_export_is_replaced(run, tmp_path):
    directory = tmp_path / "export"
    check_export(run, directory)
    (directory / "variables").mkdir(parents=True)
    (directory / "variables" / "a").write_text("a")
    with pytest.raises(UsageError, match="is there already; use --overwrite"):
        check_export(run, directory)
    with pytest.raises(UsageError, match=r"holds no export \(export.json\)"):
        check_export(run, directory, overwrite=True)
    outputs.write_manifest(str(directory))
    assert json.loads((directory / "export.json").read_text()) == ["export.json", "variables/a"]
    check_export(run, directory, overwrite=True)
    (directory / "thesis").write_text("mine")
    with pytest.raises(UsageError, match="holds thesis, which no export wrote"):
        check_export(run, directory, overwrite=True)


@pytest.mark.parametrize("name", ["run", "run/plots", "."])
def test_an_export_neither_lies_in_a_run_nor_around_it(run, tmp_path, name):
    with pytest.raises(UsageError, match="belongs to the run in|holds .*; choose another"):
        check_export(run, os.path.normpath(str(tmp_path / name)), overwrite=True)


@pytest.mark.parametrize("shape", [(3,), (2, 2)])
def test_an_array_is_written_as_numpy_does(tmp_path, shape):
    points = np.random.RandomState(0).randn(30, *shape).astype("f4")[::2]  # not in one piece
    outputs.write_array(str(tmp_path / "x.npy"), points)
    np.testing.assert_array_equal(np.load(str(tmp_path / "x.npy")), points)
    expected = io.BytesIO()
    np.save(expected, points)
    assert (tmp_path / "x.npy").read_bytes() == expected.getvalue()


def test_frames_are_written_under_one_header_in_utf_8(tmp_path):
    frames = [
        pandas.DataFrame({"größe": [1, 2], "town, part": ['a"b', "c,d"]}),
        pandas.DataFrame({"größe": [3], "town, part": ["e"]}),
    ]
    outputs.write_csv(str(tmp_path / "x.csv"), iter(frames))
    with open(str(tmp_path / "x.csv"), encoding="utf-8", newline="") as file:
        rows = list(csv.reader(file))
    assert rows == [["größe", "town, part"], ["1", 'a"b'], ["2", "c,d"], ["3", "e"]]


def test_frames_that_fail_midway_leave_what_was_there(tmp_path):
    def frames():
        yield pandas.DataFrame({"a": [1]})
        raise RuntimeError

    (tmp_path / "x.csv").write_text("before")
    with pytest.raises(RuntimeError):
        outputs.write_csv(str(tmp_path / "x.csv"), frames())
    assert os.listdir(str(tmp_path)) == ["x.csv"]
    assert (tmp_path / "x.csv").read_text() == "before"
