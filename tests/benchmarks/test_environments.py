"""Environments of their own: when they are there, and where they cannot be had."""

import os
import shlex
import sys

import pytest

from benchmarks import environments
from benchmarks.environments import Environment

NEW_ENOUGH = '[ "$2" = -c ] && exit 0\n'
"""The start of a Python that is, whatever it does then."""


@pytest.fixture
def environment(tmp_path):
    return Environment(str(tmp_path / "environment"), (3, 11), ("package==1",), "import package")


def stand_in(path, script):
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)
    return str(path)


def making(script):
    """What makes an environment, whose own Python is a script without single quotes."""
    own = '"$5/bin/python"'
    return f"mkdir -p \"$5/bin\"; printf '%s\\n' '#!/bin/sh' '{script}' > {own}; chmod +x {own}"


def test_where_one_cannot_be_had_the_reason_is_one_line(environment, tmp_path, monkeypatch):
    monkeypatch.setattr(environments, "PYTHONS", ("no-such-python", sys.executable))
    assert environment.make() == "no Python 3.11 or later found that makes environments"

    cannot = "echo first >&2; echo last >&2; exit 1"
    python = stand_in(tmp_path / "python", NEW_ENOUGH + cannot)
    monkeypatch.setattr(environments, "PYTHONS", (python,))
    assert environment.make() == "last"
    assert os.listdir(str(tmp_path)) == ["python"]

    stand_in(tmp_path / "python", NEW_ENOUGH + making("echo no network >&2; exit 1"))
    assert environment.make() == "no network"
    assert os.listdir(str(tmp_path)) == ["python"]
    assert not environment.is_there()


def test_one_that_is_there_is_not_made_again(environment, monkeypatch):
    os.makedirs(os.path.dirname(environment.python))
    asked = os.path.join(environment.directory, "asked")
    with open(environment.python, "w") as file:
        file.write(f'#!/bin/sh\necho "$@" >> {shlex.quote(asked)}\n')
    os.chmod(environment.python, 0o755)
    monkeypatch.setattr(environments, "PYTHONS", ())
    assert environment.is_there()
    assert environment.make() == ""
    with open(asked) as file:
        assert file.read() == "-I -c import package\n" * 2


def test_what_is_found_there_goes_into_it(environment, tmp_path, monkeypatch):
    """The Python that makes it, then its own, which installs the packages and finds them."""
    python = stand_in(tmp_path / "python", NEW_ENOUGH + making('echo "$@" >> "$0.asked"'))
    monkeypatch.setattr(environments, "PYTHONS", (python,))
    assert environment.make() == ""
    with open(f"{environment.python}.asked") as file:
        install, check = file.read().splitlines()
    assert install.startswith("-I -m pip install")
    assert install.endswith(" package==1")
    assert check == "-I -c import package"
