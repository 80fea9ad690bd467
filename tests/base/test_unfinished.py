"""What is not whole yet: held while it is written, removed once its writer is no more."""

import os
import subprocess
import sys

import pytest

from base import unfinished
from tests.conftest import ROOT


@pytest.fixture
def path(tmp_path):
    return str(tmp_path / "file")


def beside(path):
    return sorted(os.listdir(os.path.dirname(path)))


def test_what_is_being_written_is_left_alone_and_what_was_left_goes(path):
    held, descriptor = unfinished.new_file(path)
    other, closed = unfinished.new_directory(path)
    os.close(closed)  # as its end does to a process
    unfinished.remove_left(path)
    assert beside(path) == [os.path.basename(held)]
    os.close(descriptor)
    unfinished.remove_left(path)
    assert beside(path) == []
    unfinished.forget(held)
    unfinished.forget(other)


def test_names_that_only_look_alike_are_left_alone(path):
    names = ["file.tmp", "file.0123abcg.tmp", "file.0123abcd.old", "files.0123abcd.tmp"]
    for name in names:
        open(os.path.join(os.path.dirname(path), name), "w").close()
    unfinished.remove_left(path)
    assert beside(path) == sorted(names)


@pytest.mark.parametrize("make", [unfinished.new_file, unfinished.new_directory])
def test_the_sudden_end_removes_what_was_not_finished(path, make):
    temporary, descriptor = make(path)
    kept, other = make(path)
    unfinished.forget(kept)
    unfinished.remove_all()
    assert beside(path) == [os.path.basename(kept)]
    for each in (descriptor, other):
        os.close(each)
    unfinished.forget(temporary)


def test_a_directory_is_removed_at_the_end_of_its_process(tmp_path):
    code = "import sys; from base import unfinished; unfinished.remove_at_end(sys.argv[1])"
    (tmp_path / "a" / "b").mkdir(parents=True)
    subprocess.run([sys.executable, "-c", code, str(tmp_path / "a")], cwd=ROOT, check=True)
    assert os.listdir(str(tmp_path)) == []


def test_two_renames_with_a_kill_between_them_are_undone(path):
    os.mkdir(path)
    aside = unfinished.aside(path)
    os.rename(path, aside)
    unfinished.bring_back(path)
    assert beside(path) == ["file"]
    os.mkdir(aside)  # the second rename was done, what gave up its name was not removed yet
    unfinished.bring_back(path)
    assert beside(path) == ["file"]


def test_two_directories_get_each_others_name(tmp_path):
    for name in "ab":
        (tmp_path / name).mkdir()
        (tmp_path / name / f"was {name}").write_text("")
    if not unfinished.exchanged(str(tmp_path / "a"), str(tmp_path / "b")):
        pytest.skip("not of this kernel and file system")
    assert os.listdir(str(tmp_path / "a")) == ["was b"]
    assert os.listdir(str(tmp_path / "b")) == ["was a"]


def test_the_longest_names_have_room_for_an_ending(tmp_path):
    temporary, descriptor = unfinished.new_file(str(tmp_path / ("é" * 127)))
    assert len(os.fsencode(os.path.basename(temporary))) <= 255
    os.close(descriptor)
    unfinished.remove_all()
