"""Files written whole: two writers, kills at every point, file systems that refuse."""

import errno
import logging
import os
import subprocess
import sys
import threading

import pytest

from base import durable, machine, unfinished
from tests.conftest import ROOT

KILLED = """
import os, sys
from base import durable, unfinished

point, kind, path = sys.argv[1:]
durable.reached = lambda name: os._exit(9) if name == point else None
if kind == "no exchange":
    unfinished.ctypes.CDLL = lambda *_: None
if kind == "file":
    durable.write_atomically(path, "new")
else:
    with durable.replacing_directory(path) as temporary:
        with open(os.path.join(temporary, "new"), "w"):
            pass
"""


def killed(point, kind, path):
    done = subprocess.run([sys.executable, "-c", KILLED, point, kind, str(path)], cwd=ROOT)
    assert done.returncode == 9


@pytest.mark.parametrize("point", ["written", "on disk", "renamed", "durable"])
def test_a_killed_writer_leaves_one_text_or_the_other(tmp_path, point):
    path = tmp_path / "file"
    path.write_text("old")
    killed(point, "file", path)
    assert path.read_text() == ("old" if point in ("written", "on disk") else "new")
    durable.write_atomically(str(path), "newer")
    assert os.listdir(str(tmp_path)) == ["file"]  # what the killed one left has gone


@pytest.mark.parametrize(
    ("kind", "point"),
    [
        ("exchange", "whole"),
        ("exchange", "exchanged"),
        ("no exchange", "whole"),
        ("no exchange", "aside"),  # between the two renames
        ("no exchange", "exchanged"),
    ],
)
def test_a_killed_writer_leaves_one_directory_or_the_other(tmp_path, kind, point):
    path = tmp_path / "export"
    path.mkdir()
    (path / "old").write_text("")
    killed(point, kind, path)
    unfinished.bring_back(str(path))
    assert os.listdir(str(path)) == ["new" if point == "exchanged" else "old"]
    with durable.replacing_directory(str(path)) as temporary:
        open(os.path.join(temporary, "newer"), "w").close()
    assert os.listdir(str(path)) == ["newer"]
    assert os.listdir(str(tmp_path)) == ["export"]


def test_two_writers_never_mix(tmp_path):
    path, together, bad = str(tmp_path / "file"), threading.Barrier(4), []

    def write(letter):
        together.wait()
        for _ in range(30):
            with durable.replacing(path) as file:
                for _ in range(50):
                    file.write(letter * 1000)
            with open(path, "rb") as file:
                found = file.read()
            if len(set(found)) != 1 or len(found) != 50000:
                bad.append(found)

    threads = [
        threading.Thread(target=write, args=(letter,)) for letter in (b"a", b"b", b"c", b"d")
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not bad
    assert os.listdir(str(tmp_path)) == ["file"]


def test_nothing_is_written_through_a_link_that_somebody_laid(tmp_path, monkeypatch):
    (tmp_path / "theirs").write_text("theirs")
    monkeypatch.setattr(unfinished.secrets, "token_hex", lambda _: "00000000")
    os.symlink(str(tmp_path / "theirs"), str(tmp_path / "file.00000000.tmp"))
    with pytest.raises(OSError, match="exists"), durable.replacing(str(tmp_path / "file")) as file:
        file.write(b"ours")
    assert (tmp_path / "theirs").read_text() == "theirs"


def test_what_fails_leaves_what_was_there(tmp_path):
    (tmp_path / "file").write_text("old")
    with pytest.raises(ZeroDivisionError), durable.replacing(str(tmp_path / "file")):
        raise ZeroDivisionError
    with pytest.raises(ZeroDivisionError), durable.replacing_directory(str(tmp_path / "x")):
        raise ZeroDivisionError
    assert os.listdir(str(tmp_path)) == ["file"]
    assert (tmp_path / "file").read_text() == "old"


@pytest.mark.parametrize("number", [errno.EINVAL, errno.ENOTSUP, errno.ENOSYS])
def test_a_file_system_that_syncs_no_directories_is_named_once(
    tmp_path, monkeypatch, caplog, number
):
    really = os.fsync

    def fsync(descriptor):
        if os.path.isdir(f"/proc/self/fd/{descriptor}"):
            raise OSError(number, os.strerror(number))
        really(descriptor)

    monkeypatch.setattr(os, "fsync", fsync)
    monkeypatch.setattr(durable, "_unsynced", set())
    monkeypatch.setattr(logging.getLogger("adagan"), "propagate", True)
    with caplog.at_level(logging.WARNING):
        for text in ("a", "b"):
            durable.write_atomically(str(tmp_path / "file"), text)
    assert (tmp_path / "file").read_text() == "b"
    (line,) = caplog.messages
    assert line.startswith(f"{machine.mount_of(str(tmp_path))} does not bring directories to disk")


def test_other_errors_of_a_sync_are_raised(tmp_path, monkeypatch):
    def fsync(descriptor):
        raise OSError(errno.EIO, os.strerror(errno.EIO))

    monkeypatch.setattr(os, "fsync", fsync)
    with pytest.raises(OSError, match="Input/output error"):
        durable.write_atomically(str(tmp_path / "file"), "a")
    assert os.listdir(str(tmp_path)) == []


def test_directories_are_on_disk_with_those_above_them(tmp_path, monkeypatch):
    synced = []
    monkeypatch.setattr(durable, "_sync", synced.append)
    durable.make_directories(str(tmp_path / "a" / "b"))
    assert synced == [str(tmp_path), str(tmp_path / "a")]


def test_only_regular_files_are_read(tmp_path):
    os.mkfifo(str(tmp_path / "pipe"))
    for path in (str(tmp_path / "pipe"), "/dev/zero", str(tmp_path)):
        for read in (durable.read_text, durable.sha256):
            with pytest.raises((ValueError, IsADirectoryError)):
                read(path)
    (tmp_path / "long").write_bytes(b"x" * 101)
    with pytest.raises(ValueError, match="longer than 100 bytes"):
        durable.read_text(str(tmp_path / "long"), 100)


def test_the_longest_name_can_be_written(tmp_path):
    path = str(tmp_path / ("é" * 125 + ".json"))
    durable.write_atomically(path, "x")
    assert os.listdir(str(tmp_path)) == [os.path.basename(path)]
