"""What is written outside a run: never over something that somebody needs."""

import io
import json
import os

import numpy as np
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


@pytest.mark.parametrize("name", ["x.npy", "x.csv"])
@pytest.mark.parametrize("shape", [(3,), (2, 2)])
def test_points_are_read_back_by_numpy_as_they_were(tmp_path, monkeypatch, name, shape):
    monkeypatch.setattr(outputs, "ROWS_AT_A_TIME", 7)
    path, points = str(tmp_path / name), np.random.RandomState(0).randn(30, *shape).astype("f4")
    outputs.write_points(path, points[::2])  # not in one piece
    if name.endswith(".npy"):
        np.testing.assert_array_equal(np.load(path), points[::2])
        expected = io.BytesIO()
        np.save(expected, points[::2])
        with open(path, "rb") as file:
            assert file.read() == expected.getvalue()
    else:
        with open(path) as file:
            assert file.readline() == ",".join(f"x{i}" for i in range(np.prod(shape))) + "\n"
            read = np.loadtxt(file, delimiter=",", dtype=np.float32)
        np.testing.assert_array_equal(read, points[::2].reshape(15, -1))
