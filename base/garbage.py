"""Gives back what a step no longer needs: graphs are cycles, malloc keeps what threads freed."""

import ctypes
import gc


def settle() -> None:
    """Leaves what is there, modules above all, out of all later collections: they become fast."""
    gc.collect()
    gc.freeze()


def release() -> None:
    """Frees dead cycles and returns free pages to the system, where the C library is glibc."""
    gc.collect()
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
    if trim is not None:
        trim(0)
