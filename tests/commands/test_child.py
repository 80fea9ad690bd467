"""Flags as the command line takes them, and one command with its errors as exceptions."""

from types import SimpleNamespace

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


@pytest.mark.parametrize("label", ["Component 2/10", "Refining discriminator 1/2"])
def test_progress_is_a_bar_and_no_line(label, capsys):
    lines = [f"{label}: 50% 20/40, 8 it/s, some_loss=0.4000\n", f"{label}: 100% 40/40\n", "Done\n"]
    child._show(SimpleNamespace(stdout=lines))
    printed = capsys.readouterr()
    assert printed.out == "Done\n"
    assert f"{label}: 100%" in printed.err
    assert "40/40" in printed.err


@pytest.mark.parametrize(
    ("line", "rate"),
    [
        ("50% 2000000/4000000", "?it/s"),
        ("50% 2000000/4000000, loss=0.4", "?it/s"),
        ("50% 2000000/4000000, 0.5 it/s", "2.00s/it"),
        ("50% 2000000/4000000, 2 it/s, loss=0.4", "2.00it/s"),
        ("100% 60/60", "?it/s"),
        ("100% 60/60, 0.5 it/s", "2.00s/it"),
    ],
)
def test_a_bar_tells_from_its_first_line_how_fast_it_goes(line, rate, capsys):
    child._show(SimpleNamespace(stdout=[f"Component 1/1: {line}\n"]))
    assert f"{rate}]" in capsys.readouterr().err.rpartition("\r")[2]
