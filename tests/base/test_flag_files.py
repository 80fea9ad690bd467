"""Flag files: nested ones, and what is refused."""

import pytest

from base import flag_files
from base.errors import UsageError


@pytest.fixture
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_files_stand_for_their_flags_where_they_are_named(here):
    (here / "a").write_text("# comment\n\n--steps=3\n  --flagfile=b\n// too\n--unrolled\n")
    (here / "b").write_bytes(b"\xef\xbb\xbf--seed=1\r\n--workdir=\xc3\xa9 x\r\n")
    inner = ["--steps=3", "--seed=1", "--workdir=é x", "--unrolled"]
    assert flag_files.expand(["--x", "--flagfile=a", "y"]) == ["--x", *inner, "y"]
    assert flag_files.expand(["-flagfile", "a", "--flagfile=a"]) == inner * 2
    assert flag_files.expand(["--", "--flagfile=a"]) == ["--", "--flagfile=a"]


@pytest.mark.parametrize(
    ("path", "content", "message"),
    [
        ("absent", None, "--flagfile=absent: No such file"),
        (".", None, "--flagfile=.: Is a directory"),
        ("a", b"--flagfile=a\n", "--flagfile=a: leads back to itself"),
        ("a", b"\xff\xfe\x00", "is no text in UTF-8"),
        ("a", b"--steps=3\n--x=a\0b\n", "line 2 holds no flag"),
        ("a", b"--steps=" + b"9" * 100000, "line 1 holds no flag"),
        ("a", b"--steps=3\n" * 200000, "is longer than 1048576 bytes"),
        ("a", b"--x\n" * 20000, "leads to too many files, or flags"),
        ("/dev/zero", None, "is longer than"),
    ],
    ids=str.split("absent directory itself binary zero_byte long_line long_file many endless"),
)
def test_bad_files_are_told(here, path, content, message):
    if content is not None:
        (here / path).write_bytes(content)
    with pytest.raises(UsageError, match=message):
        flag_files.expand([f"--flagfile={path}"])


@pytest.mark.parametrize("last", ["--steps=3\n", ""])
def test_files_that_multiply_are_refused(here, last):
    for number in range(60):
        (here / f"f{number}").write_text(f"--flagfile=f{number + 1}\n" * 2)
    (here / "f60").write_text(last)
    with pytest.raises(UsageError, match="too many files"):
        flag_files.expand(["--flagfile=f0"])


def test_a_missing_path_is_told():
    for arguments in (["--flagfile"], ["--flagfile="]):
        with pytest.raises(UsageError, match="needs the path of a file"):
            flag_files.expand(arguments)
