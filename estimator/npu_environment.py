"""What Ascend cards need of the environment, and which of several cards this process has.

Imports no TensorFlow before the adapter is loaded.
"""

import importlib
import inspect
import os
from typing import Any, NamedTuple, Optional

from base.errors import UsageError
from estimator.engine import DeviceMissing

SINGLE_CARD = {"JOB_ID": "10087", "RANK_SIZE": "1", "RANK_ID": "0", "RANK_TABLE_FILE": ""}
"""What npu_bridge reads from the environment, as one card needs it."""
WARM_STARTS = ("RESTORE_FROM", "LOCAL_CHECKPOINT_DIR")
"""Variables that npu_bridge turns into a warm start of every Estimator."""
MEETING = ("CM_CHIEF_IP", "CM_CHIEF_PORT", "CM_CHIEF_DEVICE")
"""Where several cards meet that are started by CM_WORKER_SIZE, without a rank table."""
NOT_WITH_MEETING = ("RANK_TABLE_FILE", "RANK_SIZE")


class Cards(NamedTuple):
    """Those that train together."""

    ranks: int  # how many
    rank: int  # which of them this process has


def prepare() -> Cards:
    """Sets what is missing; npu_bridge reads it once a process.

    Raises:
      UsageError: names a variable that does not fit.
    """
    for name in WARM_STARTS:
        if os.environ.get(name):
            raise UsageError(
                f"{name}={os.environ[name]}: npu_bridge would start every component from it; "
                f"unset it, each component starts afresh"
            )
    ranks = _rank_size()
    if os.environ.get("CM_WORKER_SIZE"):
        return _without_rank_table(ranks)
    for name, value in SINGLE_CARD.items():
        if not (name == "RANK_ID" and ranks > 1) and not os.environ.get(name):
            os.environ[name] = value
    if ranks > 1 and not os.environ["RANK_TABLE_FILE"]:
        raise UsageError(
            f"RANK_TABLE_FILE=: {ranks} cards need the path of the HCCL rank table, or "
            f"CM_WORKER_SIZE and {', '.join(MEETING)} in the place of RANK_SIZE"
        )
    return Cards(ranks, _rank(ranks))


def follows() -> bool:
    """Whether this process has another card than the first; False where nothing says so."""
    number = _told()
    return bool(os.environ.get("RANK_ID", "").strip("0")) if number is None else number > 0


def check_release(bridge: Any, cards: Cards) -> None:
    """Fits the environment to the release of February 2021, which knows no CM_WORKER_SIZE.

    Raises:
      UsageError: if it cannot start these cards.
    """
    if "auto_tune_mode" not in arguments(bridge) or os.environ.get("RANK_SIZE"):
        return
    if cards.ranks > 1:
        raise UsageError(
            f"CM_WORKER_SIZE={cards.ranks}: this release of npu_bridge starts several cards by "
            f"RANK_SIZE, RANK_ID and RANK_TABLE_FILE only"
        )
    os.environ["RANK_SIZE"] = "1"


def load_bridge() -> Any:
    """The adapter's module.

    Raises:
      DeviceMissing: if it does not load.
    """
    import tensorflow as tf

    try:
        return importlib.import_module("npu_bridge.npu_init")
    except (ImportError, OSError, RuntimeError, AttributeError, tf.errors.OpError) as error:
        raise DeviceMissing(
            f"--device=npu: npu_bridge does not load ({' '.join(str(error).split())[:160]}); "
            f"source CANN's environment (/usr/local/Ascend/cann/set_env.sh, before 2026 "
            f"/usr/local/Ascend/ascend-toolkit/set_env.sh) and put the adapter's folder on "
            f"PYTHONPATH ($TFPLUGIN_INSTALL_PATH), or use --device=cpu"
        ) from error


def arguments(bridge: Any) -> Any:
    """Names that this release's run configuration takes."""
    return inspect.signature(bridge.NPURunConfig.__init__).parameters


def _without_rank_table(ranks: int) -> Cards:
    """Cards that meet at an address: the adapter wants no variable of a rank table beside it."""
    size = os.environ["CM_WORKER_SIZE"]
    for name in NOT_WITH_MEETING:
        if os.environ.get(name):
            raise UsageError(
                f"CM_WORKER_SIZE={size}: npu_bridge does not take it together with "
                f"{name}={os.environ[name]}; unset one of them"
            )
    missing = [name for name in MEETING if ranks > 1 and not os.environ.get(name)]
    if missing:
        raise UsageError(
            f"{missing[0]}=: {size} cards that are started by CM_WORKER_SIZE meet there"
        )
    if not os.environ.get("JOB_ID"):
        os.environ["JOB_ID"] = SINGLE_CARD["JOB_ID"]
    cards = Cards(ranks, _rank(ranks))
    for name in (*NOT_WITH_MEETING, "RANK_ID"):
        os.environ.pop(name, None)
    return cards


def _rank_size() -> int:
    """How many cards train together.

    Raises:
      UsageError: if the environment names no number.
    """
    name = "CM_WORKER_SIZE" if os.environ.get("CM_WORKER_SIZE") else "RANK_SIZE"
    text = os.environ.get(name) or "1"
    if not _number(text):
        raise UsageError(f"{name}={text}: must be the number of cards")
    return int(text)


def _rank(ranks: int) -> int:
    """Which of so many cards this process has.

    Raises:
      UsageError: if the environment does not say so.
    """
    number = _told()
    if ranks > 1 and (number is None or number >= ranks):
        text = os.environ.get("RANK_ID") or ("" if number is None else number)
        device = os.environ.get("ASCEND_DEVICE_ID")
        stands_in = device and os.environ.get("CM_WORKER_SIZE") and not os.environ.get("RANK_ID")
        raise UsageError(
            f"RANK_ID={text}: must be this card's number, from 0 to {ranks - 1}"
            + (f"; ASCEND_DEVICE_ID={device} stands in for it" if stands_in else "")
        )
    return number or 0


def _told() -> Optional[int]:
    """This card's number, as far as the environment says it.

    RANK_ID; where CM_WORKER_SIZE starts the cards else the card's number on its host, after those
    of the hosts before it (CM_RANK, and CM_LOCAL_WORKER cards on each).
    """
    text = os.environ.get("RANK_ID") or ""
    if text or not os.environ.get("CM_WORKER_SIZE"):
        return _number(text, least=0)
    device = os.environ.get("ASCEND_DEVICE_ID") or os.environ.get("DEVICE_ID") or ""
    chief, own = os.environ.get("CM_CHIEF_IP"), os.environ.get("CM_WORKER_IP")
    host = os.environ.get("CM_RANK") or ("0" if own in (None, "", chief) else "")
    each = os.environ.get("CM_LOCAL_WORKER") or ("0" if host == "0" else "")
    parts = [_number(part, least=0) for part in (host, each, device)]
    if None in parts:
        return None
    before, cards_each, here = (part or 0 for part in parts)
    return before * cards_each + here


def _number(text: str, least: int = 1) -> Optional[int]:
    """A number that is not below the least, if the text is one."""
    known = text.isdigit() and text.isascii() and int(text) >= least
    return int(text) if known else None
