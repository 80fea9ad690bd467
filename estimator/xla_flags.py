"""XLA's flags: ours, and what is in the environment already.

Imports no TensorFlow, which reads the variables when it loads and ends the process, with a dump of
all threads, where they hold a flag that it does not know.
"""

import importlib.util
import mmap
import os
from typing import List

from base.errors import UsageError

VARIABLES = {"XLA_FLAGS": "--xla_", "TF_XLA_FLAGS": "--tf_xla_"}
"""And how each one's flags start."""
LIBRARY = "_pywrap_tensorflow_internal.so"

SMALL_UNITS, MANY_UNITS = 64, 512
"""Hidden layers below the first are small to XLA's matrix products, from the second on large."""


def fastest(units: int) -> List[str]:
    """How XLA compiles a training loop fastest, measured on hidden layers of 16 to 512 units.

    Args:
      units: of the widest hidden layer.
    """
    # Less optimisation compiles sooner and, with small matrices, runs faster. (Two vectors at a
    # time, -force-vector-interleave=2, would be 5 % faster still, but writes beyond small arrays.)
    flags = ["--xla_llvm_disable_expensive_passes=true"]
    if units < SMALL_UNITS:
        # Matrix products are compiled into the loop instead of calls into Eigen; of what fits into
        # the registers of AVX2, six rows by two vectors is the fastest tile.
        flags.append(
            "--xla_backend_extra_options=xla_force_enable_experimental_llvm_ir_gemm,"
            "xla_llvm_ir_gemm_tile_size=6:8:2*vectwidth"
        )
    if units < MANY_UNITS:
        # One iteration is a chain of small operations: threads cost more than they give.
        flags.append("--xla_cpu_multi_thread_eigen=false")
    return flags


def set_in_environment(units: int) -> None:
    """Adds our flags to the user's, which count where both are given.

    Raises:
      UsageError: names a flag of the user's that this TensorFlow does not know.
    """
    for variable, start in VARIABLES.items():
        _check(variable, start, os.environ.get(variable, "").split())
    present = os.environ.get("XLA_FLAGS", "").split()
    named = {_name(flag) for flag in present}
    ours = [flag for flag in fastest(units) if _name(flag) not in named]
    os.environ["XLA_FLAGS"] = " ".join(present + ours)


def _check(variable: str, start: str, flags: List[str]) -> None:
    known = {_name(flag) for flag in fastest(1)}
    for flag in flags:
        if not flag.startswith(start):
            raise UsageError(
                f"{variable}={' '.join(flags)}: {flag} is no flag of it; needs {start}NAME=VALUE"
            )
    foreign = [flag for flag in flags if _name(flag) not in known]
    path = os.path.join(_directory(), "python", LIBRARY)
    if not foreign or not os.path.exists(path):
        return
    # The library holds the name of each flag that it knows as a text, or at the end of one.
    with open(path, "rb") as file:
        content = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
        for flag in foreign:
            name = _name(flag).encode() + b"\0"
            if content.find(b"\0" + name) < 0 and content.find(b"." + name) < 0:
                raise UsageError(
                    f"{variable}={' '.join(flags)}: TensorFlow here does not know {flag}, which "
                    f"is meant for another version or program; unset it for this one"
                )


def _name(flag: str) -> str:
    return flag.lstrip("-").partition("=")[0]


def _directory() -> str:
    """Where TensorFlow lies; "" if it is not to be found."""
    found = importlib.util.find_spec("tensorflow_core")
    places = list(found.submodule_search_locations or []) if found else []
    return places[0] if places else ""
