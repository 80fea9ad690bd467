"""Which program this is: a digest of its own source. A leaf."""

import glob
import hashlib
import os

ROOT = os.path.dirname(os.path.abspath(__file__))
ROOMS = (".", "boost", "estimator", "evaluation", "input_fn", "model_fn")


def digest() -> str:
    """Hexadecimal, the same wherever the source is the same."""
    found = hashlib.sha256()
    for room in ROOMS:
        for path in sorted(glob.glob(os.path.join(glob.escape(ROOT), room, "*.py"))):
            with open(path, "rb") as file:
                found.update(f"{room}/{os.path.basename(path)}\n".encode() + file.read())
    return found.hexdigest()[:16]
