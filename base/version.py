"""Which program this is: its number, and a digest of its own source."""

import glob
import hashlib
import os
from typing import List

NUMBER = "0.9.0"
"""Of the version; CHANGES.md says what it brought."""
ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
NOT_OF_THE_PROGRAM = ("tests", "benchmarks")


def digest() -> str:
    """Hexadecimal, the same wherever the source is the same."""
    found = hashlib.sha256()
    for room in [".", *rooms()]:
        for path in sorted(glob.glob(os.path.join(glob.escape(ROOT), room, "*.py"))):
            with open(path, "rb") as file:
                found.update(f"{room}/{os.path.basename(path)}\n".encode() + file.read())
    return found.hexdigest()[:16]


def rooms() -> List[str]:
    """The program's packages: all that are there but what measures and tests it."""
    inits = glob.glob(os.path.join(glob.escape(ROOT), "*", "__init__.py"))
    names = sorted(os.path.basename(os.path.dirname(path)) for path in inits)
    return [name for name in names if name not in NOT_OF_THE_PROGRAM]
