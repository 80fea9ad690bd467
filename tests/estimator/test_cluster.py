"""TF_CONFIG: what launchers write, and what is refused."""

import json

import pytest

from estimator import cluster
from options import UsageError

TWO = ["a:1", "b:2"]


def read(monkeypatch, text):
    monkeypatch.setenv("TF_CONFIG", text if isinstance(text, str) else json.dumps(text))
    return cluster.from_environment()


@pytest.mark.parametrize(
    ("jobs", "task", "addresses", "rank"),
    [
        ({"worker": TWO}, {"type": "worker", "index": 0}, ("a:1", "b:2"), 0),
        ({"worker": TWO}, {"type": "worker", "index": 1}, ("a:1", "b:2"), 1),
        ({"chief": ["c:3"], "worker": TWO}, {"type": "chief", "index": 0},
         ("c:3", "a:1", "b:2"), 0),
        ({"worker": TWO, "chief": ["c:3"]}, {"type": "worker", "index": "1"},
         ("c:3", "a:1", "b:2"), 2),
        ({"chief": ["[::1]:3"], "ps": []}, {"type": "chief", "index": 0}, None, None),
        ({"worker": ["a:1"]}, {"type": "worker", "index": 0}, ("a:1",), 0),
    ],
)  # fmt: skip
def test_the_chief_comes_first(monkeypatch, jobs, task, addresses, rank):
    given = {"cluster": jobs, "task": task, "environment": "cloud"}
    if addresses is None:
        with pytest.raises(UsageError, match="of type ps"):
            read(monkeypatch, given)
        return
    found = read(monkeypatch, given)
    assert (found.addresses, found.rank) == (addresses, rank)
    assert read(monkeypatch, found.tf_config()) == found  # what TensorFlow is told


@pytest.mark.parametrize("text", ["", "  "])
def test_no_cluster(monkeypatch, text):
    assert read(monkeypatch, text) is None


WORKERS = {"worker": TWO}


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ("{", "is not JSON"),
        ("[]", "has no cluster"),
        ({"task": {}}, "has no cluster"),
        ({"cluster": WORKERS}, "has no task"),
        ({"cluster": WORKERS, "task": {}}, "a task of type None"),
        ({"cluster": WORKERS, "task": {"type": "evaluator", "index": 0}}, "of type evaluator"),
        ({"cluster": {**WORKERS, "ps": ["c:1"]}, "task": {"type": "worker"}}, "of type ps"),
        ({"cluster": WORKERS, "task": {"type": "worker"}}, "index must be from 0 to 1"),
        ({"cluster": WORKERS, "task": {"type": "worker", "index": 2}}, "from 0 to 1"),
        ({"cluster": WORKERS, "task": {"type": "chief", "index": 0}}, "cluster names none"),
        ({"cluster": {}, "task": {"type": "worker", "index": 0}}, "each worker once"),
        ({"cluster": {"worker": ["a:1", "a:1"]}, "task": {"type": "worker"}}, "each worker once"),
        ({"cluster": {"worker": ["a"]}, "task": {"type": "worker"}}, "a list of host:port"),
        ({"cluster": {"worker": [7]}, "task": {"type": "worker"}}, "a list of host:port"),
        ({"cluster": {"worker": {"0": "a:1"}}, "task": {"type": "worker"}}, "a list of host:port"),
    ],
)
def test_what_is_wrong_is_named(monkeypatch, given, message):
    with pytest.raises(UsageError, match=message):
        read(monkeypatch, given)
