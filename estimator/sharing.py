"""One set of devices for all training sessions of the process: XLA compiles equal graphs once.

XLA keeps what it has compiled with the device. Plain sessions make devices of their own; sessions
on a server in this process share its devices. What such sessions must not share, variables and
iterators, lies in a container of each one's own.
"""

import atexit
import contextlib
import json
import os
import socket
from typing import Any, Callable, Dict, Iterator, Set

import tensorflow as tf

from estimator import cluster

_servers: Dict[bytes, tf.distribute.Server] = {}  # by their configuration
atexit.register(_servers.clear)  # while there is an interpreter: its own __del__ wants one


def devices(config: tf.ConfigProto) -> str:
    """The target of sessions on such devices, which are made the first time.

    Nothing listens: the server is never started, and the socket that it has bound for that is
    replaced by one that is not bound.

    Args:
      config: of the devices.
    """
    key = config.SerializeToString(deterministic=True)
    if key in _servers:
        return _servers[key].target
    before = _listening()
    server = tf.distribute.Server(
        {"localhost": ["127.0.0.1:0"]},
        job_name="localhost",
        task_index=0,
        config=config,
        start=False,
    )
    for descriptor in _listening() - before:
        with socket.socket() as unbound:
            os.dup2(unbound.fileno(), descriptor, inheritable=False)
    _servers[key] = server
    return server.target


@contextlib.contextmanager
def target_in_environment(target: str) -> Iterator[None]:
    """Within it, a RunConfig takes the target of its sessions from the environment."""
    os.environ[cluster.VARIABLE] = json.dumps({"session_master": target})
    try:
        yield
    finally:
        del os.environ[cluster.VARIABLE]


class Estimator(tf.estimator.Estimator):
    """Trains on shared devices, its global step in a container of its own."""

    def __init__(self, container: str, *given: Any, **named: Any):
        """Args: the container; the rest as of any Estimator."""
        super().__init__(*given, **named)
        self._container = container

    def _create_and_assert_global_step(self, graph: tf.Graph) -> tf.Variable:
        with graph.container(self._container):
            return super()._create_and_assert_global_step(graph)


def input_in(
    container: str, dataset: Callable[[], tf.data.Dataset]
) -> Callable[[], Dict[str, tf.Tensor]]:
    """An input_fn of a dataset's next element, its iterator in a container."""

    def input_fn() -> Dict[str, tf.Tensor]:
        with tf.get_default_graph().container(container):
            iterator = tf.compat.v1.data.make_initializable_iterator(dataset())
        tf.add_to_collection(tf.GraphKeys.TABLE_INITIALIZERS, iterator.initializer)
        return iterator.get_next()

    return input_fn


def destroy_all() -> tf.Operation:
    """Frees variables and iterators of the current graph: on shared devices they would stay."""
    made = tf.get_default_graph().get_operations()
    handles = [op.outputs[0] for op in made if op.type in ("VarHandleOp", "IteratorV2")]
    return tf.group(*(tf.raw_ops.DestroyResourceOp(resource=handle) for handle in handles))


def _listening() -> Set[int]:
    """Descriptors of this process's sockets that listen."""
    found = set()
    for name in os.listdir("/proc/self/fd"):
        try:
            copy = socket.socket(fileno=os.dup(int(name)))
        except OSError:  # no socket, or the directory's own descriptor
            continue
        with copy:
            if copy.getsockopt(socket.SOL_SOCKET, socket.SO_ACCEPTCONN):
                found.add(int(name))
    return found
