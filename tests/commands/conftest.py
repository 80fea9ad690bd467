"""Fixtures of the commands' tests."""

from tests.commands.calls import engine, made_once, run  # noqa: F401
