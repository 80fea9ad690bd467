"""Fixtures of the commands' tests."""

from tests.commands.calls import engine, run  # noqa: F401
