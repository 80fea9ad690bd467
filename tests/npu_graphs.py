"""Counts what npu_bridge sends to the device: a graph a set of fetches and feeds; tests only.

A session compiles what a set of fetches and feeds needs of its graph when that set comes for the
first time. Each of them is a line of JSON in NPU_STAND_IN_LOG/sent.jsonl, and is checked for what
the device does not take.
"""

import contextlib
import hashlib
import itertools
import json
import os

import tensorflow as tf
from tensorflow.python.client.session import BaseSession

LOOP_VARIABLES = ("iterations_per_loop", "loop_cond", "const_zero", "const_one")
LOOP_SCOPE = "npu_runconfig"
FORBIDDEN_OPS = (
    "Stack",
    "TensorList",
    "EmptyTensorList",
    "While",
    "StatelessWhile",
    "Enter",
    "Xla",
)
HOST_ONLY = ("Dataset", "Iterator", "PyFunc", "Generator")

_sessions = itertools.count()
_uncounted = []


@contextlib.contextmanager
def uncounted():
    """Within it runs are the imitation's own."""
    _uncounted.append(True)
    try:
        yield
    finally:
        _uncounted.pop()


def count(all_sessions):
    """From now on all sessions are counted, or those alone that name the device's optimizer."""
    original = BaseSession._do_run

    def counted(self, handle, targets, fetches, feeds, options, run_metadata):
        if not _uncounted and (all_sessions or _is_the_devices(self)):
            _count(self, targets, fetches, feeds)
        return original(self, handle, targets, fetches, feeds, options, run_metadata)

    BaseSession._do_run = counted


def sent(directory):
    """What was sent, one dictionary a graph; kinds, digests and sessions among its keys."""
    path = os.path.join(str(directory), "sent.jsonl")
    if not os.path.exists(path):
        return []
    with open(path) as file:
        return [json.loads(line) for line in file]


def _is_the_devices(session):
    optimizers = session._config and session._config.graph_options.rewrite_options.custom_optimizers
    return any(each.name == "NpuOptimizer" for each in optimizers or ())


def _count(session, targets, fetches, feeds):
    if not hasattr(session, "counted_sets"):
        session.counted_sets, session.counted_number = set(), next(_sessions)
    key = tuple(
        tuple(sorted(each.name for each in elements)) for elements in (targets, fetches, feeds)
    )
    if key in session.counted_sets:
        return
    session.counted_sets.add(key)
    operations = _needed([*targets, *(tensor.op for tensor in fetches)], feeds)
    check(operations)
    directory = os.environ.get("NPU_STAND_IN_LOG")
    if directory:
        line = {
            "session": f"{os.getpid()}-{session.counted_number}",
            "kind": _kind(operations, feeds),
            "digest": _digest(operations, key),
            "asked": key,
        }
        with open(os.path.join(directory, "sent.jsonl"), "a") as file:
            file.write(json.dumps(line) + "\n")


def _needed(operations, feeds):
    """What a run needs of the graph, by name; what is fed needs nothing."""
    fed = {tensor.name for tensor in feeds}
    found, waiting = {}, list(operations)
    while waiting:
        operation = waiting.pop()
        if operation.name not in found:
            found[operation.name] = operation
            waiting += [tensor.op for tensor in operation.inputs if tensor.name not in fed]
            waiting += operation.control_inputs
    return [found[name] for name in sorted(found)]


def _kind(operations, feeds):
    types = {operation.type for operation in operations}
    assigns = any(kind.startswith(("Assign", "ApplyGrad", "ResourceApply")) for kind in types)
    if any(operation.name.startswith(f"{LOOP_SCOPE}/") for operation in operations) and (
        len(operations) < 4
    ):
        return "loop"  # what the adapter itself says of its loop
    for kind, name in (("SaveV2", "save"), ("RestoreV2", "restore"), ("MakeIterator", "input")):
        if kind in types:
            return name
    if "IteratorGetNext" in types:
        return "train" if assigns else "predict"
    if assigns:
        return "init"
    return "predict" if feeds else "other"


def _digest(operations, key):
    """Of the graph without the input pipeline, whose node names count up over a process."""
    kept = [str(each.node_def) for each in operations if on_device(each)]
    return hashlib.sha256("\n".join([*kept, repr(key)]).encode()).hexdigest()[:16]


def on_device(operation):
    return not any(word in operation.type for word in HOST_ONLY)


def check(operations):
    """Checks for what the device does not take."""
    for operation in operations:
        if operation.type.startswith(FORBIDDEN_OPS):
            raise AssertionError(f"{operation.type} {operation.name} is not safe on the device")
        if on_device(operation):
            for tensor in operation.outputs:
                _check_tensor(tensor)


def _check_tensor(tensor):
    kind = tensor.dtype.base_dtype
    if kind in (tf.float64, tf.variant, tf.complex64):
        if any(on_device(user) for user in tensor.consumers()):
            raise AssertionError(f"{kind} {tensor.name}")
        return
    known = tensor.shape.is_fully_defined() or kind not in (tf.float32, tf.int32)
    if not known and not tensor.op.name.startswith(("report_", "save", "init")):
        raise AssertionError(f"the shape of {tensor.name} is not known")
