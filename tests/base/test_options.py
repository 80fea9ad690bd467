"""Declared settings: what they are and what they refuse."""

import dataclasses

import pytest
from hypothesis import given
from hypothesis import strategies as st

from base import options
from base.errors import UsageError
from base.options import option


@dataclasses.dataclass(frozen=True)
class Declared:
    whole: int = option(3, "A number.", bounds="[1, 10]")
    real: float = option(0.5, "Another.", bounds="(0, 1)")
    word: str = option("a", "A word.", choices=("a", "b"))
    flag: bool = option(False, "Or not.")
    free: str = option("", "Any.")


@given(
    whole=st.integers(1, 10),
    real=st.floats(1e-300, 0.999),
    word=st.sampled_from("ab"),
    flag=st.booleans(),
    free=st.text(),
)
def test_good_values_pass(**values):
    options.check(Declared(**values))


def test_a_whole_number_may_stand_for_a_float():
    with pytest.raises(UsageError, match=r"^--real=1: must lie in \(0, 1\)$"):
        options.check(Declared(real=1))


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"whole": 0}, "--whole=0: must lie in [1, 10]"),
        ({"whole": 11}, "--whole=11: must lie in [1, 10]"),
        ({"whole": 3.0}, "--whole=3.0: must be of type int"),
        ({"whole": True}, "--whole=True: must be of type int"),
        ({"real": 0.0}, "--real=0.0: must lie in (0, 1)"),
        ({"real": float("nan")}, "--real=nan: must lie in (0, 1)"),
        ({"real": True}, "--real=True: must be of type float"),
        ({"word": "c"}, "--word=c: must be one of a, b"),
        ({"flag": 1}, "--flag=1: must be of type bool"),
        ({"free": None}, "--free=None: must be of type str"),
    ],
)
def test_bad_values_name_the_flag_the_value_and_what_would_be_right(values, message):
    with pytest.raises(UsageError) as error:
        options.check(Declared(**values))
    assert str(error.value) == message


@given(value=st.floats(allow_nan=False))
def test_intervals(value):
    assert options.inside(value, "(0, 1]") == (0 < value <= 1)
    assert options.inside(value, "[-1, inf)") == (-1 <= value < float("inf"))


def test_settings_as_the_command_line_takes_them():
    values = [("steps", 0), ("refine", True), ("refine", False), ("drop", "a"), ("drop", "")]
    flags = [options.as_flag(name, value) for name, value in values]
    assert flags == ["--steps=0", "--refine", "--norefine", "--drop=a", "no --drop"]
