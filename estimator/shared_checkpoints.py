"""Checkpoints of workers that train one model: the chief saves them, the others copy them."""

import os
import re
from typing import Any, Dict

from base.errors import WorkerLost
from estimator import resume
from estimator.cluster import Cluster
from estimator.peers import Peers

REPLICAS = "replicas"
"""Whose checkpoints these are."""


class SharedCheckpoints:
    """What the chief says of its checkpoints, and copies of them."""

    def __init__(self, peers: Peers, workers: Cluster, workdir: str):
        """For all trainings of a run.

        Args:
          peers: who is asked.
          workers: all of them.
          workdir: the directory of the run, which all share.
        """
        self._peers, self._workers, self._workdir = peers, workers, workdir

    def start(self, model_dir: str) -> int:
        """Iterations that are already done: the chief's.

        Raises:
          WorkerLost: if a worker has gone, or does not see what the chief has saved.
        """
        if not self._workers.rank:
            resume.start(model_dir, REPLICAS)
        chief = self.share(model_dir)
        start = resume.start(model_dir, REPLICAS)
        if self._workers.rank and start != chief["saved"].get("iterations", 0):
            raise WorkerLost(
                f"the chief's checkpoint in {chief['directory']} is not here what it is there"
            )
        return start

    def share(self, model_dir: str, **how: Any) -> Dict[str, Any]:
        """What the chief says, and its checkpoint in a model directory.

        Args:
          model_dir: the same training's directory on each worker.
          **how: what the chief has to say beside.

        Raises:
          WorkerLost: if a worker has gone, or the chief names no checkpoint of this run.
        """
        rank = self._workers.rank
        directory = os.path.relpath(model_dir, self._workdir)
        saved = {} if rank else resume.progress(model_dir)
        message = self._peers.share({**how, "directory": directory, "saved": saved})
        if rank and not (isinstance(message, dict) and message.get("saved") == {}):
            # Nothing that comes over a network is believed: no path leads out of the directory.
            source = _source(message, self._workdir)
            if not source:
                chief = self._workers.name(0)
                raise WorkerLost(f"{chief} does not name a checkpoint in {self._workdir}")
            resume.copy(source, model_dir, message["saved"])
        return dict(message)


def _source(message: Any, workdir: str) -> str:
    """Where the checkpoint is that another process names; "" if there is none in a work directory.

    Args:
      message: of anything; should hold the "directory", below the work directory, and as "saved"
        what `progress` returned there.
      workdir: the directory of the run.
    """
    try:
        directory, saved = message["directory"], message["saved"]
        step, names = int(saved["iterations"]), list(saved["sha256"])
        parts = directory.split(os.sep)
        top = os.path.realpath(workdir)
        source = os.path.realpath(os.path.join(top, *parts))  # a ValueError where that is no path
    except (KeyError, TypeError, ValueError, AttributeError, OverflowError):
        return ""
    name = re.compile(rf"{re.escape(resume.PREFIX)}-{step}\.[a-z0-9-]+")
    inside = "" not in parts and os.pardir not in parts and os.path.commonpath([top, source]) == top
    good = inside and names and all(isinstance(n, str) and name.fullmatch(n) for n in names)
    return source if good else ""
