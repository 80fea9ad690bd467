"""Flags as the command line takes them, and one command with its errors as exceptions."""

import pytest

from commands import child


def test_values_become_flags():
    values = {"steps": 3, "refine": True, "overwrite": False, "output": "", "seed": 0}
    assert child.as_flags(values) == ["--steps=3", "--refine", "--nooverwrite", "--seed=0"]


def test_what_is_refused_is_a_value_error_in_its_own_words():
    with pytest.raises(ValueError, match=r"^--steps=0: must lie in \[1, "):
        child.run(["--steps=0"])


def test_what_is_said_is_passed_on(capsys):
    child.run(["--version"])
    assert capsys.readouterr().out.strip()
