"""What a fuzzed call may end in, and what it must not do on the way."""

import builtins
import contextlib
import io
import os
import resource
import signal
import time
from unittest import mock

from base.errors import UsageError

LONGEST = 10.0
"""Seconds."""
MEMORY = 1 << 30
"""Bytes that a call may take beside its data."""


class Finding(AssertionError):
    """A defect: says what was done and what came of it."""


class TooLong(BaseException):
    """Raised by the alarm."""


@contextlib.contextmanager
def guarded(directory, memory):
    """Within it nothing is written outside a directory, and neither time nor memory runs away.

    Args:
      directory: where writing is allowed.
      memory: bytes more than now that may be mapped.
    """
    outside, descriptors, start = [], _descriptors(), time.perf_counter()
    with contextlib.ExitStack() as stack:
        stack.enter_context(_watched(os.path.realpath(directory), outside))
        stack.enter_context(_alarm())
        stack.enter_context(_limited(memory))
        stack.enter_context(contextlib.redirect_stdout(io.StringIO()))
        stack.enter_context(contextlib.redirect_stderr(io.StringIO()))
        yield
    for descriptor in _descriptors() - descriptors:  # a lock is kept as long as its process lives
        with contextlib.suppress(OSError):
            os.close(descriptor)
    if outside:
        raise Finding(f"written outside: {outside}")
    if time.perf_counter() - start > LONGEST:
        raise Finding(f"took {time.perf_counter() - start:.1f} s")


@contextlib.contextmanager
def _alarm():
    def too_long(*_):
        raise TooLong

    before = signal.signal(signal.SIGALRM, too_long)
    signal.setitimer(signal.ITIMER_REAL, 2 * LONGEST)
    try:
        yield
    except TooLong:
        raise Finding("hangs") from None
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


@contextlib.contextmanager
def _limited(memory):
    with open("/proc/self/statm") as file:
        mapped = int(file.read().split()[0]) * resource.getpagesize()
    soft, hard = resource.getrlimit(resource.RLIMIT_AS)
    resource.setrlimit(resource.RLIMIT_AS, (mapped + memory, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_AS, (soft, hard))


@contextlib.contextmanager
def _watched(directory, outside):
    """Notes paths outside that are opened for writing, made, moved or removed."""

    def note(name, *paths):
        for path in paths:
            whole = os.path.realpath(os.path.join(os.getcwd(), os.fsdecode(path)))
            if not (whole + os.sep).startswith(directory + os.sep):
                outside.append((name, whole))

    def noted(holder, name, writes):
        really = getattr(holder, name)

        def call(*given, **named):
            note(name, *writes(*given, **named))
            return really(*given, **named)

        return mock.patch.object(holder, name, call)

    with contextlib.ExitStack() as stack:
        stack.enter_context(noted(builtins, "open", _opened))
        stack.enter_context(noted(io, "open", _opened))
        stack.enter_context(noted(os, "open", _opened_low))
        for name in ("mkdir", "remove", "unlink", "rmdir", "truncate"):
            stack.enter_context(noted(os, name, lambda path, *_, **__: [path]))
        for name in ("rename", "replace", "link"):
            stack.enter_context(noted(os, name, lambda old, new, **_: [old, new]))
        yield


def _opened(path, mode="r", *_, **__):
    return [path] if set(mode) & set("wax+") and not isinstance(path, int) else []


def _opened_low(path, flags, *_, **__):
    return [path] if flags & (os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC) else []


def _descriptors():
    return {int(name) for name in os.listdir("/proc/self/fd")}


def outcome(call):
    """What a call returns, or "refused" for bad input that is told in one line.

    Raises:
      Finding: for any other end.
    """
    try:
        return call()
    except UsageError as error:
        check_line(str(error))
        return "refused"
    except Finding:
        raise
    except Exception as error:
        raise Finding(f"{type(error).__name__}: {error}") from error


def check_line(text):
    """A message is one line that a terminal can show."""
    if not text or not text.isprintable():
        raise Finding(f"is not one line: {text!r}")
