"""Files that hang, never end or are too large: each is refused in one line."""

import os
import subprocess
import sys

import numpy as np
import pytest

from base.errors import UsageError
from tests.conftest import ROOT
from tests.input_fn import loading
from tests.input_fn.loading import header, npy


def test_special_files_are_refused_and_never_waited_for(tmp_path):
    os.mkdir(str(tmp_path / "d.npy"))
    os.mkfifo(str(tmp_path / "p.npy"))
    os.mkfifo(str(tmp_path / "p.npz"))
    os.mkfifo(str(tmp_path / "p.csv"))
    os.symlink("/dev/zero", str(tmp_path / "zero.csv"))
    os.symlink(str(tmp_path / "nowhere"), str(tmp_path / "dangling.npy"))
    os.symlink(str(tmp_path / "loop.npy"), str(tmp_path / "loop.npy"))
    for name, message in [
        ("d.npy", "is a directory; needs the path of a file"),
        ("p.npy", "is a pipe, device or socket; needs a file on disk"),
        ("p.npz", "is a pipe"),
        ("p.csv", "is a pipe"),
        ("zero.csv", "is a pipe, device"),
        ("dangling.npy", "No such file"),
        ("loop.npy", "Too many levels of symbolic links"),
        ("d.npy/x.npy", "No such file"),
        ("x" * 300 + ".npy", "File name too long"),
        ("a\0b.npy", "null byte"),
        ("a\nb.npy", r"a\\nb.npy: No such file"),
    ]:
        with pytest.raises(UsageError, match=message) as error:
            loading.read(tmp_path / name)
        assert str(error.value).isprintable()


def test_files_load_whatever_they_are_called(tmp_path):
    long = str(tmp_path)
    while len(long) < 3800:
        long = os.path.join(long, "x" * 200)
    os.makedirs(long)
    names = [os.path.join(long, "y" * (4030 - len(long) - 5) + ".npy")]
    names += [str(tmp_path / n) for n in ("[a]*?.npy", "a\\b.npy", "a\nb.npy", "gr\xf6\xdfe.NPY")]
    names += [str(tmp_path / n) for n in ("\udcff.npy", "%s{0}'\".npy", ".npy")]
    for name in names:
        with open(name, "wb") as file:
            file.write(npy())
    os.symlink(names[0], str(tmp_path / "link.npy"))
    for name in [*names, str(tmp_path / "link.npy")]:
        assert loading.read(name).rows.shape == (200, 2)
    key = "a\nb[\\"
    np.savez(str(tmp_path / "a.npz"), **{key: np.eye(3), "gr\xf6\xdfe": np.eye(4)})
    assert loading.read(tmp_path / "a.npz", key).rows.shape == (3, 3)
    with pytest.raises(UsageError, match="--data_key=no: not in .*a.npz, which holds") as error:
        loading.read(tmp_path / "a.npz", "no")
    assert str(error.value).isprintable()


def test_a_file_that_cannot_be_read_is_told(tmp_path, monkeypatch):
    for name in ("a.npy", "a.npz", "a.csv"):
        path = tmp_path / name
        path.write_bytes(b"x")

        def denied(*_, **__):
            raise PermissionError(13, "Permission denied")

        with monkeypatch.context() as patched:
            patched.setattr("builtins.open", denied)
            with pytest.raises(UsageError, match=f"{name}: Permission denied"):
                loading.read(path)


def test_points_of_too_many_numbers_are_refused(tmp_path):
    path = tmp_path / "a.npy"
    text = header("'|u1'", shape=f"(20, {1 << 25})")
    path.write_bytes(npy(text, data=b""))
    os.truncate(str(path), len(npy(text, data=b"")) + 20 * (1 << 25))  # a hole takes no disk
    with pytest.raises(UsageError, match=r"points of shape \[33554432\]; a point may have at most"):
        loading.read(path)


LIMITED = """
import resource, sys
import pandas
from input_fn import files
from input_fn.settings import DataSettings
from base.errors import UsageError
def mapped():
    return int(open("/proc/self/statm").read().split()[0]) * resource.getpagesize()
resource.setrlimit(resource.RLIMIT_AS, (mapped() + int(sys.argv[2]),) * 2)
try:
    print(files.load(DataSettings(dataset="file", data_file=sys.argv[1])).rows.shape)
except UsageError as error:
    print(error)
"""


def load_limited(path, limit):
    done = subprocess.run(
        [sys.executable, "-c", LIMITED, str(path), str(limit)],
        capture_output=True,
        text=True,
        cwd=ROOT,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def test_memory_stays_within_the_data_and_a_gibibyte(tmp_path):
    gibibyte = 1 << 30
    lines = "".join(f"{i}.5,{i % 7}\n" for i in range(50000))
    (tmp_path / "a.csv").write_text(lines * 20)
    assert load_limited(tmp_path / "a.csv", 16 * 10**6 + gibibyte) == "(1000000, 2)"
    with open(str(tmp_path / "hole.csv"), "wb") as file:
        file.write(b"1,2")
        file.truncate(8 * gibibyte)
    assert "a line of more than 32 MiB" in load_limited(tmp_path / "hole.csv", gibibyte)
    text = header("'|u1'", shape=f"(16, {1 << 24})")
    (tmp_path / "wide.npy").write_bytes(npy(text, data=b"\1"))
    os.truncate(str(tmp_path / "wide.npy"), len(npy(text, data=b"")) + (1 << 28))
    assert load_limited(tmp_path / "wide.npy", (1 << 28) + gibibyte) == "(16, 16777216)"
