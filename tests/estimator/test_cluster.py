"""TF_CONFIG: what launchers write, and what is refused."""

import json
import os
from unittest import mock

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from base.errors import UsageError
from estimator import cluster

TWO = ["a:1", "b:2"]


def nested(opening, closing):
    """A type of task that can only just be read, if at all: what shows it has less room."""
    return f'{{"cluster": {{}}, "task": {{"type": {opening * 900}0{closing * 900}}}}}'


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
        ({"chief": ["[fe80::1%eth0]:65535"]}, {"type": "chief", "index": 0},
         ("[fe80::1%eth0]:65535",), 0),
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
    ("text", "message"),
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
        ({"cluster": {"worker": ["a:1", "A:1"]}, "task": {"type": "worker"}}, "each worker once"),
        *[
            ({"cluster": WORKERS, "task": {"type": "worker", "index": index}}, "from 0 to 1")
            for index in (
                "²",
                "١",
                "1.0",
                "1e0",
                "+1",
                " 1",
                "",
                "0x1",
                "1_0",
                "-1",
                "9" * 5000,
                -1,
                10**40,
                1.0,
                1e0,
                True,
                False,
                None,
                [1],
                {"0": 1},
            )
        ],
        *[
            ({"cluster": {"worker": ["a:1", address]}, "task": {"type": "worker"}}, "of host:port")
            for address in (
                "b:²",
                "b:١",
                "b:0",
                "b:01",
                "b:65536",
                "b:1e1",
                "b:-1",
                "b:+1",
                "b: 1",
                ":1",
                "b",
                "b:",
                "b c:1",
                "b,c:1",
                "http://b:1",
                "::1:1",
                "[::1:1",
                "b\n:1",
                "b:1\n",
                "ü:1",
                "\ud800:1",
                "b:" + "9" * 5000,
                None,
                True,
                [],
            )
        ],
        ({"cluster": WORKERS, "task": {"type": ["worker"], "index": 0}}, "of type .'worker'"),
        ({"cluster": WORKERS, "task": {"type": True, "index": 0}}, "of type True"),
        ({"cluster": WORKERS, "task": {"type": "Worker", "index": 0}}, "of type Worker"),
        (
            '{"cluster": {"worker": ["a:1"]}, "task": {"type": "worker", "index": 1e0}}',
            "from 0 to 0",
        ),
        ('{"cluster": {"worker": ["a:1"]}, "task": {"type": "worker", "index": NaN}}', "NaN is no"),
        (
            '{"cluster": {"worker": ["a:1"], "worker": ["b:1"]}, "task": {}}',
            '"worker" stands there tw',
        ),
        ('{"cluster": {}, "cluster": {}}', '"cluster" stands there twice'),
        ("[" * 60000, "nested too deeply"),
        ('{"cluster":' * 10000, "nested too deeply"),
        ("1" * 100000, "a number of 100000 digits"),
        ("7", "has no cluster"),
        (nested("[", "]"), "of type"),
        (nested('{"a":', "}"), "of type"),
        ("\ufeff{}", "is not JSON"),
        ({"cluster": {"worker": ["a"]}, "task": {"type": "worker"}}, "a list of host:port"),
        ({"cluster": {"worker": [7]}, "task": {"type": "worker"}}, "a list of host:port"),
        ({"cluster": {"worker": {"0": "a:1"}}, "task": {"type": "worker"}}, "a list of host:port"),
    ],
    ids=lambda value: ascii(value)[:40],
)
def test_what_is_wrong_is_named(monkeypatch, text, message):
    with pytest.raises(UsageError, match=message) as refused:
        read(monkeypatch, text)
    assert str(refused.value).startswith("TF_CONFIG")
    assert str(refused.value).isprintable()


ODD = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=5),
    st.sampled_from(["a:1", "b:2", "chief", "worker", "0", "1", "²", "a:²", 0, 1, 2, 1.0]),
)  # fmt: skip
NAMES = st.sampled_from(["cluster", "task", "worker", "chief", "ps", "type", "index", ""])


def deeper(inside):
    return st.one_of(
        st.lists(inside, max_size=3),
        st.dictionaries(st.one_of(NAMES, st.text(max_size=3)), inside, max_size=3),
    )


VALUES = st.recursive(ODD, deeper, max_leaves=8)
NEARLY = st.fixed_dictionaries(
    {
        "cluster": st.dictionaries(NAMES, VALUES, max_size=2)
        | st.fixed_dictionaries({"worker": st.lists(ODD, max_size=3)})
        | st.just({"worker": TWO}),
        "task": st.fixed_dictionaries({"type": VALUES | st.just("worker"), "index": VALUES}),
    }
)


@settings(max_examples=300)
@given(st.one_of(VALUES.map(json.dumps), NEARLY.map(json.dumps), st.text()))
@example(json.dumps({"cluster": WORKERS, "task": {"type": "worker", "index": "1"}}))
def test_whatever_stands_there_is_a_cluster_or_refused_in_a_line(text):
    try:
        bytes_of_it = os.fsencode(text)
    except UnicodeEncodeError:
        return  # no environment holds it
    if b"\0" in bytes_of_it:
        return
    with mock.patch.dict(os.environ, {"TF_CONFIG": text}):
        try:
            found, refused = cluster.from_environment(), None
        except UsageError as error:
            found, refused = None, str(error)
        if refused:
            assert refused.startswith("TF_CONFIG")
            assert refused.isprintable()
        elif found is None:
            assert not text.strip()
        else:
            assert 0 <= found.rank < found.size == len(set(found.addresses))
            os.environ["TF_CONFIG"] = found.tf_config()
            assert cluster.from_environment() == found


@pytest.mark.parametrize(
    ("lower", "upper", "expected"),
    [
        (None, None, "localhost,a,::1"),
        ("x, a,,.y", None, "x,a,.y,localhost,::1"),
        (None, "z", "z,localhost,a,::1"),
        ("x", "z,x", "x,z,localhost,a,::1"),
    ],
)
def test_proxies_are_kept_out(lower, upper, expected):
    workers = cluster.Cluster(("a:1", "a:2", "[::1]:1"), 0)
    given = {"no_proxy": lower, "NO_PROXY": upper}
    with mock.patch.dict(os.environ):
        for name, value in given.items():
            os.environ.pop(name, None)
            os.environ.update({name: value} if value else {})
        with cluster.in_environment(cluster.ALONE):
            assert os.environ.get("no_proxy") == lower
        for _ in range(2):
            with cluster.in_environment(workers):
                assert os.environ["no_proxy"] == os.environ["NO_PROXY"] == expected
        assert "TF_CONFIG" not in os.environ
