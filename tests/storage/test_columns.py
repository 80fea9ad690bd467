"""The file of a run's columns: written, read, and told where it is not the run's."""

import os

import pytest

from base.errors import UsageError
from storage.workdir import Workdir
from tests.storage.runs import make_state, on_a_table


def test_columns_are_read_as_they_were_written(tmp_path):
    workdir = Workdir(str(tmp_path))
    workdir.columns.write(b"some\0columns")
    assert workdir.columns.read(on_a_table(make_state(), b"some\0columns")) == b"some\0columns"
    assert os.listdir(workdir.path) == ["columns.npz"]


def test_columns_are_written_anew_only_where_they_are_others(tmp_path):
    workdir = Workdir(str(tmp_path))
    path = workdir.join("columns.npz")
    workdir.columns.write(b"columns")
    os.utime(path, (1, 1))
    workdir.columns.write(b"columns")
    assert os.stat(path).st_mtime == 1
    with open(path, "wb") as file:
        file.write(b"damaged")
    workdir.columns.write(b"columns")
    assert workdir.columns.read(on_a_table(make_state(), b"columns")) == b"columns"


@pytest.mark.parametrize(
    ("there", "told"),
    [
        (None, "is missing"),
        (b"other columns", "was changed since the run was started"),
        (b"", "was changed since the run was started"),
    ],
)
def test_columns_that_are_not_the_runs_are_named_with_the_way_out(tmp_path, there, told):
    workdir, state = Workdir(str(tmp_path)), on_a_table(make_state())
    if there is not None:
        workdir.columns.write(there)
    with pytest.raises(UsageError, match=f"columns.npz: {told}; --mode=train .* writes it anew"):
        workdir.columns.read(state)
