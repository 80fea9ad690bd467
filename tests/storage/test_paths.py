"""Paths that can be no work directory, each with its reason."""

import os
import tempfile

import pytest

from base.errors import UsageError
from storage import paths


@pytest.mark.parametrize(
    ("path", "told"),
    [
        ("", "needs the path of a directory"),
        ("a\0b", "needs the path of a directory"),
        ("s3://bucket/run", "needs a directory of this machine"),
        ("hdfs://host/run", "needs a directory of this machine"),
        ("\udcff", "is no text in UTF-8"),
    ],
)
def test_what_is_no_directory_is_told(path, told):
    with pytest.raises(UsageError, match=f"--workdir=.*: {told}"):
        paths.check_directory(path)


def test_names_in_a_directory_are_given_and_nothing_is_made(tmp_path):
    (tmp_path / "a").mkdir()
    assert paths.check_directory(str(tmp_path)) == ["a"]
    assert paths.check_directory(str(tmp_path / "b" / "c")) == []
    assert os.listdir(str(tmp_path)) == ["a"]


def test_what_cannot_be_written_is_seen_by_trying(tmp_path, monkeypatch):
    """As root, on a file system of the kernel's, and where a server refuses root."""
    assert paths.why_not_writable(str(tmp_path / "a" / "b")) == ""
    assert os.listdir(str(tmp_path)) == []
    told = paths.why_not_writable("/proc/nothing/there")
    assert told.startswith(("no file can be made in /proc (", "/proc is not writable"))

    def refused(**_):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(tempfile, "TemporaryFile", refused)
    told = paths.why_not_writable(str(tmp_path / "a"))
    assert told == f"no file can be made in {tmp_path} (Permission denied)"
