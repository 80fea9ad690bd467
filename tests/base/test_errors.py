"""How a run ends badly is one line that any terminal can show."""

import signal

import pytest
import tensorflow as tf
from hypothesis import given
from hypothesis import strategies as st

from base import errors
from base.errors import Stopped, UsageError


@given(st.text(st.characters(), max_size=2000))
def test_any_value_makes_one_printable_line_of_bounded_length(value):
    message = str(UsageError(f"--flag={value}: must be small"))
    assert message.isprintable()
    assert len(message) <= 1005
    assert message.startswith("--flag=")
    assert message.endswith(": must be small")


@pytest.mark.parametrize(
    ("value", "shown"),
    [("a\nb", "a\\nb"), ("\x1b[31m", "\\x1b[31m"), ("\udcff", "\\udcff"), ("é 数", "é 数")],
)
def test_letters_that_no_terminal_shows_are_escaped(value, shown):
    assert str(UsageError(f"{value}: no")) == f"{shown}: no"


def test_a_stop_has_the_status_of_a_shell_and_is_no_exception_that_others_catch():
    stopped = Stopped(signal.SIGTERM)
    assert (str(stopped), stopped.status) == ("SIGTERM", 143)
    assert not isinstance(stopped, Exception)


OF_INPUT = "PermissionError: [Errno 13] Permission denied: '/a/x.npy'\nTraceback (most recent call"


@pytest.mark.parametrize(
    ("error", "told"),
    [
        (MemoryError("3 GiB"), "not enough memory: 3 GiB"),
        (OSError(28, "No space left on device", "/a/b"), "/a/b: No space left on device"),
        (OSError(28, "No space left on device"), "[Errno 28] No space left on device"),
        (OSError("odd"), "odd"),
        (tf.errors.ResourceExhaustedError(None, None, "disk  full\n\nmore"), "disk full"),
        (tf.errors.UnknownError(None, None, OF_INPUT + " last)"), "/a/x.npy: Permission denied"),
        (tf.errors.InvalidArgumentError(None, None, "a bug"), None),
        (ValueError("a bug"), None),
    ],
)
def test_what_the_system_did_is_told_and_errors_of_the_program_are_not_its(error, told):
    assert errors.of_the_system(error) == told
