"""Which workers train one component together: TF_CONFIG, read and checked.

Imports no TensorFlow.
"""

import contextlib
import json
import os
from typing import Any, Dict, Iterator, List, NamedTuple, Optional, Tuple

from options import UsageError

VARIABLE = "TF_CONFIG"
EXAMPLE = (
    '{"cluster": {"worker": ["host1:2222", "host2:2222"]}, "task": {"type": "worker", "index": 0}}'
)


class Cluster(NamedTuple):
    """The workers of one run, the chief first."""

    addresses: Tuple[str, ...]  # host:port, by rank
    rank: int  # of this process; 0 is the chief

    @property
    def size(self) -> int:
        """How many workers there are."""
        return len(self.addresses)

    def name(self, rank: int) -> str:
        """What messages call a worker."""
        who = "the chief" if rank == 0 else f"worker {rank}"
        return f"{who} ({self.addresses[rank]})"

    def tf_config(self) -> str:
        """The cluster as TensorFlow's distribution strategies read it, always with a chief."""
        kind, index = ("worker", self.rank - 1) if self.rank else ("chief", 0)
        jobs: Dict[str, List[str]] = {"chief": [self.addresses[0]]}
        if self.size > 1:
            jobs["worker"] = list(self.addresses[1:])
        return json.dumps({"cluster": jobs, "task": {"type": kind, "index": index}})


ALONE = Cluster(("localhost:0",), 0)
"""One worker, which asks nobody."""


def from_environment() -> Optional[Cluster]:
    """The cluster in TF_CONFIG, as launchers such as Kubeflow's TFJob write it.

    Without a chief the first worker is the chief.

    Returns:
      None where the variable is not set or empty.

    Raises:
      UsageError: if it is not as it should be.
    """
    text = os.environ.get(VARIABLE, "")
    if not text.strip():
        return None
    try:
        given = json.loads(text)
    except ValueError as error:
        raise UsageError(f"{VARIABLE}={text}: is not JSON ({error}); such as {EXAMPLE}") from error
    jobs, task = _part(given, "cluster"), _part(given, "task")
    for kind in sorted({*jobs, str(task.get("type"))} - {"chief", "worker"}):
        raise UsageError(f"{VARIABLE}: has a task of type {kind}; must be of chief and worker only")
    chiefs, workers = _addresses(jobs, "chief"), _addresses(jobs, "worker")
    addresses = tuple(chiefs + workers)
    if len(chiefs) > 1 or not addresses or len(set(addresses)) < len(addresses):
        raise UsageError(
            f"{VARIABLE}: cluster={json.dumps(jobs)}: must name one chief at most, and each "
            f"worker once; such as {EXAMPLE}"
        )
    own = chiefs if task["type"] == "chief" else workers
    index = str(task.get("index"))  # some launchers write it as a text
    if not index.isdigit() or int(index) >= len(own):
        right = f"index must be from 0 to {len(own) - 1}" if own else "cluster names none of these"
        raise UsageError(f"{VARIABLE}: task={json.dumps(task)}: {right}")
    before = len(chiefs) if task["type"] == "worker" else 0
    return Cluster(addresses, before + int(index))


@contextlib.contextmanager
def told_to_tensorflow(cluster: Cluster) -> Iterator[None]:
    """Within it, TensorFlow finds the cluster in the environment; one worker alone finds none.

    Outside, TF_CONFIG is taken away: RunConfig reads it even where nothing is distributed.
    """
    if cluster.size > 1:
        os.environ[VARIABLE] = cluster.tf_config()
    try:
        yield
    finally:
        os.environ.pop(VARIABLE, None)


def _part(given: Any, name: str) -> Dict[str, Any]:
    part = given.get(name) if isinstance(given, dict) else None
    if not isinstance(part, dict):
        raise UsageError(f"{VARIABLE}: has no {name}; such as {EXAMPLE}")
    return part


def _addresses(jobs: Dict[str, Any], kind: str) -> List[str]:
    listed = jobs.get(kind, [])
    good = isinstance(listed, list)
    for address in listed if good else []:
        host, _, port = address.rpartition(":") if isinstance(address, str) else ("", "", "")
        good = good and bool(host) and port.isdigit() and 0 < int(port) < 65536
    if not good:
        raise UsageError(f"{VARIABLE}: {kind}={json.dumps(listed)}: must be a list of host:port")
    return list(listed)
