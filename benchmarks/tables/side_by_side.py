"""Does jobs side by side, on this machine or on a Dask cluster, and keeps what each comes to.

What a job comes to is a file. A job whose file is there is not done again, so that the same command
goes on where it was stopped, and tries again what failed.
"""

import functools
import json
import os
import sys
from concurrent.futures import CancelledError
from typing import Any, Callable, Dict, NamedTuple, Sequence, Tuple

import joblib

import durable
from options import UsageError

CONNECT_SECONDS = 30


class Job(NamedTuple):
    """One piece of work."""

    title: str  # for messages
    path: str  # of the JSON file that keeps what it comes to
    arguments: Tuple  # of the work


Work = Callable[..., Any]
"""What is done for a job: from its arguments to what JSON can hold; RuntimeError if it fails."""


def finish(jobs: Sequence[Job], work: Work, at_once: int, scheduler: str = "") -> Dict[str, Any]:
    """Does what is missing; a job that fails is reported and left to the next start.

    Args:
      jobs: what there is to do, in this order.
      work: done for each; on a cluster each worker imports it, so it is at home there too.
      at_once: jobs side by side on this machine; a cluster decides for itself.
      scheduler: address of a Dask scheduler, tcp://host:port; "": this machine. A job whose worker
        dies is done by another one.

    Returns:
      What each finished job came to, by its path.

    Raises:
      UsageError: if there is no scheduler at the address.
    """
    missing = {job.path: job for job in jobs if not os.path.exists(job.path)}
    if missing and scheduler:
        with _connected(scheduler) as client:
            _do(list(missing.values()), functools.partial(_on_cluster, client, work), len(missing))
    elif missing:
        _do(list(missing.values()), work, at_once)
    finished = {}
    for job in jobs:
        if os.path.exists(job.path):
            with open(job.path) as file:
                finished[job.path] = json.load(file)
    return finished


def _do(jobs: Sequence[Job], work: Work, at_once: int) -> None:
    # Threads are enough: each waits for a process, here or on another machine.
    joblib.Parallel(n_jobs=at_once, backend="threading")(
        joblib.delayed(_keep)(job, work) for job in jobs
    )


def _keep(job: Job, work: Work) -> None:
    try:
        came_to = work(*job.arguments)
    except RuntimeError as error:
        print(f"{job.title}: failed, run again to retry: {error}", file=sys.stderr, flush=True)
        return
    os.makedirs(os.path.dirname(job.path), exist_ok=True)
    durable.write_atomically(job.path, json.dumps(came_to) + "\n")
    print(f"{job.title}: done", flush=True)


def _connected(scheduler: str) -> Any:
    from distributed import Client

    try:
        client = Client(scheduler, timeout=CONNECT_SECONDS)
    except (OSError, ValueError) as error:
        raise UsageError(
            f"--scheduler={scheduler}: no Dask scheduler answers there within {CONNECT_SECONDS} s; "
            f"needs its address, such as tcp://host:8786 ({error})"
        ) from error
    print(f"{scheduler} has {len(client.nthreads())} workers", flush=True)
    return client


def _on_cluster(client: Any, work: Work, *arguments: Any) -> Any:
    """Waits for a worker to have done it.

    Raises:
      RuntimeError: says what went wrong there: in the work, with its workers or with the scheduler.
    """
    try:
        return client.submit(work, *arguments, pure=False).result()
    except CancelledError as error:
        raise RuntimeError("the scheduler is gone") from error
    except Exception as error:  # whatever another machine sends
        raise RuntimeError(f"{type(error).__name__}: {error}") from error
