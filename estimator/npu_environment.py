"""What one Ascend card needs of the environment, and which of several cards this process has."""

import importlib
import inspect
import os
from typing import Any

import tensorflow as tf

from base.errors import UsageError
from estimator.engine import DeviceMissing

SINGLE_CARD = {"JOB_ID": "10087", "RANK_SIZE": "1", "RANK_ID": "0", "RANK_TABLE_FILE": ""}
"""What npu_bridge reads from the environment, as one card needs it."""
WARM_STARTS = ("RESTORE_FROM", "LOCAL_CHECKPOINT_DIR")
"""Variables that npu_bridge turns into a warm start of every Estimator."""


def prepare() -> None:
    """Sets what one card needs and what is missing; npu_bridge reads it once a process.

    Raises:
      UsageError: names a variable that does not fit.
    """
    for name in WARM_STARTS:
        if os.environ.get(name):
            raise UsageError(
                f"{name}={os.environ[name]}: npu_bridge would start every component from it; "
                f"unset it, each component starts afresh"
            )
    # July 2026's release takes the size from CM_WORKER_SIZE too, and refuses both together.
    skipped = {"RANK_SIZE"} if os.environ.get("CM_WORKER_SIZE") else set()
    if skipped and os.environ.get("RANK_SIZE"):
        raise UsageError(
            f"CM_WORKER_SIZE={os.environ['CM_WORKER_SIZE']}: npu_bridge does not take it together "
            f"with RANK_SIZE={os.environ['RANK_SIZE']}; unset one of them"
        )
    if rank_size() > 1:
        skipped.add("RANK_ID")
    for name, value in SINGLE_CARD.items():
        if name not in skipped and not os.environ.get(name):
            os.environ[name] = value
    if rank_size() > 1 and not os.environ.get("RANK_TABLE_FILE"):
        raise UsageError(
            f"RANK_TABLE_FILE=: {rank_size()} cards need the path of the HCCL rank table"
        )


def rank_size() -> int:
    """How many cards train together.

    Raises:
      UsageError: if the environment names no number.
    """
    text = os.environ.get("RANK_SIZE") or os.environ.get("CM_WORKER_SIZE") or "1"
    if not (text.isdigit() and text.isascii()) or int(text) < 1:
        raise UsageError(f"RANK_SIZE={text}: must be the number of cards")
    return int(text)


def rank(ranks: int) -> int:
    """Which of so many cards this process has.

    Raises:
      UsageError: if the environment does not say so.
    """
    text = os.environ.get("RANK_ID") or ""
    known = text.isdigit() and text.isascii()
    if ranks > 1 and not (known and int(text) < ranks):
        raise UsageError(f"RANK_ID={text}: must be this card's number, from 0 to {ranks - 1}")
    return int(text) if known else 0


def load_bridge() -> Any:
    """The adapter's module.

    Raises:
      DeviceMissing: if it does not load.
    """
    try:
        return importlib.import_module("npu_bridge.npu_init")
    except (ImportError, OSError, RuntimeError, AttributeError, tf.errors.OpError) as error:
        raise DeviceMissing(
            f"--device=npu: npu_bridge does not load ({' '.join(str(error).split())[:160]}); "
            f"source CANN's environment, such as "
            f". /usr/local/Ascend/ascend-toolkit/set_env.sh, or use --device=cpu"
        ) from error


def arguments(bridge: Any) -> Any:
    """Names that this release's run configuration takes."""
    return inspect.signature(bridge.NPURunConfig.__init__).parameters
