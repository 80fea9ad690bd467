"""Which workers train one component together: TF_CONFIG, read and checked.

Imports no TensorFlow.
"""

import contextlib
import json
import os
import re
from typing import Any, Dict, Iterator, List, NamedTuple, Optional, Tuple

from base.errors import UsageError

VARIABLE = "TF_CONFIG"
EXAMPLE = (
    '{"cluster": {"worker": ["host1:2222", "host2:2222"]}, "task": {"type": "worker", "index": 0}}'
)
NO_PROXY = ("no_proxy", "NO_PROXY")
"""Hosts that no proxy stands before, by comma; TensorFlow's gRPC reads the first."""
LONGEST_NUMBER = 100
"""Digits of an integer that somebody may mean."""

_ADDRESS = re.compile(r"([A-Za-z0-9._-]+|\[[0-9A-Fa-f:.]+(%[A-Za-z0-9]+)?\]):[1-9][0-9]{0,4}")
_INDEX = re.compile(r"[0-9]{1,6}")


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
        given = from_json(text)
    except ValueError as error:
        raise UsageError(f"{VARIABLE}={text}: is not JSON ({error}); such as {EXAMPLE}") from error
    try:
        return _cluster(given)
    except RecursionError as error:  # what is wrong cannot be shown
        raise UsageError(f"{VARIABLE}: is nested too deeply; such as {EXAMPLE}") from error


def from_json(text: str) -> Any:
    """What stands in JSON that others wrote.

    Raises:
      ValueError: also for what cannot be meant: a name twice, NaN, too many brackets or digits.
    """
    try:
        return json.loads(
            text, object_pairs_hook=_object, parse_int=_integer, parse_constant=_constant
        )
    except RecursionError as error:
        raise ValueError("nested too deeply") from error


def _cluster(given: Any) -> Cluster:
    """The cluster in what was JSON."""
    jobs, task = _part(given, "cluster"), _part(given, "task")
    for kind in sorted({*jobs, str(task.get("type"))} - {"chief", "worker"}):
        raise UsageError(f"{VARIABLE}: has a task of type {kind}; must be of chief and worker only")
    chiefs, workers = _addresses(jobs, "chief"), _addresses(jobs, "worker")
    addresses = tuple(chiefs + workers)
    if len(chiefs) > 1 or not addresses or len({a.lower() for a in addresses}) < len(addresses):
        raise UsageError(
            f"{VARIABLE}: cluster={json.dumps(jobs)}: must name one chief at most, and each "
            f"worker once; such as {EXAMPLE}"
        )
    own = chiefs if task["type"] == "chief" else workers
    given_index = task.get("index")
    index = str(given_index) if type(given_index) is int else given_index  # or a text, by launcher
    if not isinstance(index, str) or not _INDEX.fullmatch(index) or int(index) >= len(own):
        right = f"index must be from 0 to {len(own) - 1}" if own else "cluster names none of these"
        raise UsageError(f"{VARIABLE}: task={json.dumps(task)}: {right}")
    before = len(chiefs) if task["type"] == "worker" else 0
    return Cluster(addresses, before + int(index))


@contextlib.contextmanager
def in_environment(cluster: Cluster) -> Iterator[None]:
    """Within it, TensorFlow finds the cluster in the environment; one worker alone finds none.

    Outside, TF_CONFIG is taken away: RunConfig reads it even where nothing is distributed. What
    keeps proxies out stays: connections may be made at any time.
    """
    if cluster.size > 1:
        os.environ[VARIABLE] = cluster.tf_config()
        _keep_proxies_out(cluster)
    try:
        yield
    finally:
        os.environ.pop(VARIABLE, None)


def _keep_proxies_out(cluster: Cluster) -> None:
    """Has gRPC connect to the workers themselves, whatever proxies the environment names.

    It would ask a proxy for each, which hangs where the proxy cannot reach them, and even for
    "localhost", by which a worker's session finds its own server.
    """
    before = [entry for name in NO_PROXY for entry in os.environ.get(name, "").split(",")]
    hosts = [address.rpartition(":")[0].strip("[]") for address in cluster.addresses]
    entries = [entry.strip() for entry in [*before, "localhost", *hosts]]
    for name in NO_PROXY:
        os.environ[name] = ",".join(dict.fromkeys(entry for entry in entries if entry))


def _object(pairs: List[Tuple[str, Any]]) -> Dict[str, Any]:
    """An object of JSON, in which nothing is said twice."""
    found = dict(pairs)
    if len(found) < len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise ValueError(f"{json.dumps(twice)} stands there twice")
    return found


def _integer(digits: str) -> int:
    if len(digits) > LONGEST_NUMBER:  # reading very many takes seconds
        raise ValueError(f"a number of {len(digits)} digits")
    return int(digits)


def _constant(text: str) -> Any:
    raise ValueError(f"{text} is no value of JSON")


def _part(given: Any, name: str) -> Dict[str, Any]:
    part = given.get(name) if isinstance(given, dict) else None
    if not isinstance(part, dict):
        raise UsageError(f"{VARIABLE}: has no {name}; such as {EXAMPLE}")
    return part


def _addresses(jobs: Dict[str, Any], kind: str) -> List[str]:
    listed = jobs.get(kind, [])
    if not isinstance(listed, list) or not all(map(_is_address, listed)):
        raise UsageError(
            f"{VARIABLE}: {kind}={json.dumps(listed)}: must be a list of host:port; IPv6 in []"
        )
    return list(listed)


def _is_address(given: Any) -> bool:
    whole = isinstance(given, str) and _ADDRESS.fullmatch(given)
    return bool(whole) and int(given.rpartition(":")[2]) < 65536
