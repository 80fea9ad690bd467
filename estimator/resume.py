"""A training that was interrupted goes on from its own last checkpoint.

`progress.json` in a model directory names the iteration and the digests of the checkpoint that was
brought to disk before it. A checkpoint without it, or that it does not fit, did not happen.
"""

import errno
import glob
import json
import logging
import os
import re
import shutil
from typing import Any, Dict

import tensorflow as tf

from base import durable
from estimator.engine import PROGRESS

PREFIX = "model.ckpt"
_NAME = re.compile(re.escape(PREFIX) + r"-[0-9]+\.[a-z0-9-]+")

log = logging.getLogger("adagan")


def save(
    session: tf.Session, saver: tf.train.Saver, model_dir: str, engine: str, step: int
) -> None:
    """Saves a checkpoint that survives a crash, in place of the one before.

    Args:
      session: of the training.
      saver: that keeps all its checkpoints.
      model_dir: where to.
      engine: which one's graph this is.
      step: iterations done.
    """
    path = os.path.join(model_dir, PREFIX)
    try:
        saver.save(session, path, global_step=step, write_meta_graph=False)
    except ValueError:
        os.stat(model_dir)  # it says so of a directory that is gone; this raises what that is
        raise
    files = _files(model_dir, step)
    durable.sync(files, model_dir)
    digests = {os.path.basename(path): durable.sha256(path) for path in files}
    noted = {"iterations": step, "engine": engine, "sha256": digests}
    durable.write_atomically(os.path.join(model_dir, PROGRESS), _text(noted))
    _remove_others(model_dir, step)


def start(model_dir: str, engine: str, length: int = 1) -> int:
    """Makes a model directory ready for training, from where an earlier one came to.

    Args:
      model_dir: may not be there yet.
      engine: which one is to train; graphs of others name some of the optimizers' variables
        differently.
      length: iterations to one Session.run, of which the start must be a multiple; 0: start over.

    Returns:
      Iterations that are already done; 0 if there is nothing to go on from.
    """
    path = os.path.join(model_dir, PROGRESS)
    if length and os.path.exists(path):
        step = _verified(model_dir, engine)
        if step and step % length == 0:
            _remove_others(model_dir, step)
            # Of a relative directory it would take the name for a path from the current one.
            tf.train.update_checkpoint_state(os.path.abspath(model_dir), f"{PREFIX}-{step}")
            return step
        log.warning("%s: does not fit its checkpoint; this training starts over", path)
    _clear(model_dir)
    durable.make_directories(model_dir)
    return 0


def progress(model_dir: str) -> Dict[str, Any]:
    """What `save` noted of the last checkpoint; empty if there is none.

    Raises:
      ValueError: if it cannot be understood.
    """
    path = os.path.join(model_dir, PROGRESS)
    if not os.path.exists(path):
        return {}
    try:
        noted: Dict[str, Any] = dict(json.loads(durable.read_text(path)))
    except (TypeError, RecursionError) as error:
        raise ValueError(str(error)) from error
    return noted


def copy(source: str, model_dir: str, noted: Dict[str, Any]) -> None:
    """Copies a checkpoint that another process has saved, of which `progress` says.

    Args:
      source: that process's model directory.
      model_dir: ours.
      noted: what `progress` returned there.

    Raises:
      OSError: names a file that cannot be read here.
    """
    durable.make_directories(model_dir)
    for name in noted["sha256"]:
        if not _NAME.fullmatch(name):
            raise OSError(errno.EINVAL, "is no name of a checkpoint's file", name)
        there = os.path.join(source, name)
        with durable.open_regular(there) as file, open(os.path.join(model_dir, name), "wb") as own:
            shutil.copyfileobj(file, own)
    durable.write_atomically(os.path.join(model_dir, PROGRESS), _text(noted))


def _clear(model_dir: str) -> None:
    """Removes what an earlier training left; directories of other trainings stay."""
    for entry in os.scandir(model_dir) if os.path.isdir(model_dir) else ():
        if not entry.is_dir(follow_symlinks=False):
            os.remove(entry.path)
        elif entry.name.startswith(PREFIX):
            shutil.rmtree(entry.path)


def _verified(model_dir: str, engine: str) -> int:
    """The iteration of a checkpoint that is what this engine saved; 0 if none is."""
    try:
        noted = progress(model_dir)
        step, digests = int(noted["iterations"]), dict(noted["sha256"])
        files = _files(model_dir, step)
        found = {os.path.basename(path): durable.sha256(path) for path in files}
    except (ValueError, KeyError, TypeError, OverflowError):
        return 0
    same = noted.get("engine", engine) == engine
    return step if same and found and found == digests else 0


def _text(noted: Dict[str, Any]) -> str:
    return json.dumps(noted, indent=1) + "\n"


def _files(model_dir: str, step: int) -> list:
    return sorted(glob.glob(os.path.join(glob.escape(model_dir), f"{PREFIX}-{step}.*")))


def _remove_others(model_dir: str, step: int) -> None:
    """Removes checkpoints of other iterations, and what a killed one left."""
    kept = set(_files(model_dir, step))
    for pattern in (f"{PREFIX}-*", "checkpoint.tmp*"):
        for path in glob.glob(os.path.join(glob.escape(model_dir), pattern)):
            if os.path.isdir(path):
                shutil.rmtree(path)
            elif path not in kept:
                os.remove(path)
