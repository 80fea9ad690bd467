"""Data beside a work directory: written whole, removed with what was made for them."""

import os

import pytest

from commands import given_data
from storage import paths


def test_a_copy_has_its_name_from_its_content_and_is_written_once(tmp_path):
    workdir = str(tmp_path / "a" / "b" / "run")
    copy = given_data.write(b"x,y\n", workdir, ".csv")
    assert copy.path.startswith(f"{workdir}.data-")
    with open(copy.path, "rb") as file:
        assert file.read() == b"x,y\n"
    again = given_data.write(b"x,y\n", workdir, ".csv")
    assert again == (copy.path, ())
    other = given_data.write(b"z\n", workdir, ".csv")
    again.remove()
    other.remove()
    assert os.listdir(os.path.dirname(workdir)) == [os.path.basename(copy.path)]
    copy.remove()
    assert os.listdir(str(tmp_path)) == []


def test_directories_that_others_use_by_now_stay(tmp_path):
    copy = given_data.write(b"x", str(tmp_path / "a" / "run"), ".npy")
    (tmp_path / "a" / "mine").write_text("")
    copy.remove()
    assert os.listdir(str(tmp_path)) == ["a"]
    assert os.listdir(str(tmp_path / "a")) == ["mine"]


def test_a_disk_that_is_full_leaves_nothing(tmp_path, monkeypatch):
    def full(_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space left"):
        given_data.write(b"x", str(tmp_path / "a" / "run"), ".npy")
    assert os.listdir(str(tmp_path)) == []


def test_where_nothing_can_be_written_is_told_as_the_command_line_tells_it(tmp_path, monkeypatch):
    (tmp_path / "file").write_text("")
    inside = str(tmp_path / "file" / "run")
    with pytest.raises(ValueError, match=r"^--workdir=.*: .* is a file; needs the path of"):
        given_data.check(inside)
    monkeypatch.setattr(paths, "why_not_writable", lambda path: f"{path} is not writable")
    with pytest.raises(ValueError, match=r"^--workdir=.*: .*beside it; .* is not writable"):
        given_data.write(b"x", str(tmp_path / "run"), ".npy")
    assert os.listdir(str(tmp_path)) == ["file"]
