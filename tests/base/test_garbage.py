"""What is no longer needed goes; what stays is not looked at again."""

import gc
import weakref

import pytest

from base import garbage


class Node:
    """Of a cycle."""

    def __init__(self):
        self.itself = self


def test_dead_cycles_are_freed():
    gc.disable()
    try:
        node = weakref.ref(Node())
        assert node() is not None
        garbage.release()
        assert node() is None
    finally:
        gc.enable()


def test_what_is_settled_is_not_collected_any_more():
    before = gc.get_freeze_count()
    try:
        garbage.settle()
        assert gc.get_freeze_count() > before
    finally:
        gc.unfreeze()


@pytest.mark.parametrize("library", [object(), None])
def test_where_the_c_library_is_another_memory_is_freed_all_the_same(monkeypatch, library):
    monkeypatch.setattr("ctypes.CDLL", lambda _: library)
    node = weakref.ref(Node())
    garbage.release()
    assert node() is None
