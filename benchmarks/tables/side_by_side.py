"""Does jobs side by side, on this machine or on a Dask cluster, and keeps what each comes to.

What a job comes to is a file. A job whose file is there is not done again, so that the same command
goes on where it was stopped, and tries again what failed.
"""

import asyncio
import contextlib
import json
import os
import queue
import sys
import threading
from concurrent.futures import CancelledError
from typing import Any, Callable, Dict, Generator, Iterator, NamedTuple, Optional, Sequence, Tuple

from base import durable, signals
from base.errors import UsageError
from benchmarks.tables import keeper

CONNECT_SECONDS = 30
CLOSE_SECONDS = 10
LOOK_SECONDS = 0.2
GONE = "the scheduler is gone"


class Job(NamedTuple):
    """One piece of work."""

    title: str  # for messages
    path: str  # of the JSON file that keeps what it comes to
    arguments: Tuple  # of the work
    check: Callable[[Any], None] = lambda came_to: None  # raises ValueError: what is wrong with it


Work = Callable[..., Any]
"""What is done for a job: from its arguments to what JSON can hold; RuntimeError if it fails."""
Outcome = Tuple[Job, Any, Optional[BaseException]]
"""A job, and what it came to or what it raised."""
Outcomes = Generator[Outcome, None, None]
"""As they come; closing it ends the work."""


def finish(jobs: Sequence[Job], work: Work, at_once: int, scheduler: str = "") -> Dict[str, Any]:
    """Does what is missing; a job that fails is reported and left to the next start.

    Whatever ends it early, a first signal among it, also ends what the jobs have started.

    Args:
      jobs: what there is to do, in this order.
      work: done for each; on a cluster each worker imports it, so it is at home there too.
      at_once: jobs side by side on this machine; a cluster decides for itself.
      scheduler: address of a Dask scheduler, tcp://host:port; "": this machine. A job whose worker
        dies is done by another one.

    Returns:
      What each finished job came to, by its path.

    Raises:
      UsageError: if there is no scheduler at the address, or a kept file is damaged.
      OSError: if nothing can be kept.
      Stopped: by a signal, see `base.signals`.
    """
    wanted = {job.path: job for job in jobs}
    found = {path: _kept(job) for path, job in wanted.items() if os.path.exists(path)}
    missing = [job for path, job in wanted.items() if path not in found]
    if missing and scheduler:
        client = _connected(scheduler)
        try:
            with signals.deferred():
                found.update(_keep(missing, _on_cluster(client, missing, work)))
        finally:
            with contextlib.suppress(asyncio.TimeoutError, TimeoutError):
                client.close(timeout=CLOSE_SECONDS)  # it may wait for a scheduler that is gone
    elif missing:
        with signals.deferred():
            found.update(_keep(missing, _here(missing, work, at_once)))
    return found


def _kept(job: Job) -> Any:
    try:
        came_to = json.loads(durable.read_text(job.path))
        job.check(came_to)
    except (OSError, ValueError, RecursionError) as error:
        why = error.strerror if isinstance(error, OSError) else error
        raise UsageError(
            f"{job.path}: is not what a finished run leaves ({why}); remove it, and the same "
            "command does the run again"
        ) from error
    return came_to


def _keep(jobs: Sequence[Job], outcomes: Outcomes) -> Iterator[Tuple[str, Any]]:
    """Writes what comes in; yields it by its path."""
    durable.make_directories(os.path.dirname(jobs[0].path))  # or fails, before any work
    with contextlib.closing(outcomes):
        for job, came_to, error in outcomes:
            if error is None:
                error = _wrong_with(came_to, job)
            if isinstance(error, RuntimeError):
                said = f"{job.title}: failed, run again to retry: {error}"
                print(said, file=sys.stderr, flush=True)
                continue
            if error is not None:
                raise error
            durable.make_directories(os.path.dirname(job.path))
            durable.write_atomically(job.path, json.dumps(came_to) + "\n")
            print(f"{job.title}: done", flush=True)
            yield job.path, came_to


def _wrong_with(came_to: Any, job: Job) -> Optional[RuntimeError]:
    try:
        job.check(came_to)
    except ValueError as error:
        return RuntimeError(str(error))
    return None


def _here(jobs: Sequence[Job], work: Work, at_once: int) -> Outcomes:
    """What jobs come to, in the order in which they end."""
    waiting: queue.Queue[Job] = queue.Queue()
    outcomes: queue.Queue[Outcome] = queue.Queue()
    for job in jobs:
        waiting.put(job)

    def serve() -> None:
        with contextlib.suppress(queue.Empty):
            while True:
                job = waiting.get_nowait()
                try:
                    outcomes.put((job, work(*job.arguments), None))
                except RuntimeError as error:
                    outcomes.put((job, None, error))
                except BaseException as error:  # raised where the outcomes are seen
                    outcomes.put((job, None, error))
                    return

    # Threads are enough: each waits for a process. They do not hold up the end of this one.
    for _ in range(min(at_once, len(jobs))):
        threading.Thread(target=serve, daemon=True).start()
    try:
        for _ in jobs:
            yield _next(outcomes)
    finally:
        with contextlib.suppress(queue.Empty):
            while True:
                waiting.get_nowait()
        keeper.end_all()


def _next(ended: "queue.Queue[Any]", over: Callable[[], bool] = lambda: False) -> Any:
    """Waits for what has ended, or a signal; None once nothing more can end."""
    while True:
        signals.check()
        last = over()
        with contextlib.suppress(queue.Empty):
            return ended.get(timeout=LOOK_SECONDS)
        if last:
            return None


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


def _on_cluster(client: Any, jobs: Sequence[Job], work: Work) -> Outcomes:
    """What jobs come to, in the order in which they end; what goes wrong is a RuntimeError."""
    ended: queue.Queue[Any] = queue.Queue()
    job_of = {}
    for job in jobs:
        future = client.submit(_on_worker, work, *job.arguments, pure=False)
        job_of[future.key] = job
        future.add_done_callback(ended.put)
        del future
    while job_of:
        future = _next(ended, lambda: client.status == "closed")
        if future is None:
            yield from ((job, None, RuntimeError(GONE)) for job in job_of.values())
            return
        job = job_of.pop(future.key)
        try:
            yield job, future.result(), None
        except CancelledError:
            yield job, None, RuntimeError(GONE)
        except Exception as error:  # whatever another machine sends
            yield job, None, RuntimeError(f"{type(error).__name__}: {error}")


def _on_worker(work: Work, *arguments: Any) -> Any:
    """Does it on a worker; what it started ends when nobody waits for it any more."""
    from distributed import get_worker

    worker, thread, done = get_worker(), threading.get_ident(), threading.Event()
    task = worker.get_current_task()

    def watch() -> None:
        while not done.wait(LOOK_SECONDS):
            known = worker.tasks.get(task)
            cancelled = known is None or known.state != "executing"
            if cancelled or worker.batched_stream.closed():  # or the scheduler is gone
                keeper.end_all(thread)

    threading.Thread(target=watch, daemon=True).start()
    try:
        return work(*arguments)
    finally:
        done.set()
