"""The state as text: both ways, and whatever was done to it noticed."""

import dataclasses
import json

import pytest

from base.errors import UsageError
from storage import state as states
from storage.workdir import Workdir
from tests.conftest import after
from tests.storage.runs import make_components, make_state, on_a_table


@pytest.mark.parametrize("state", [make_state(), on_a_table(make_state())], ids=["toy", "table"])
def test_state_both_ways_with_strict_json(tmp_path, state):
    workdir = Workdir(str(tmp_path))
    assert workdir.read_state() is None
    make_components(workdir, state)
    workdir.commit(state)
    with open(workdir.join("state.json")) as file:
        json.load(file, parse_constant=lambda name: pytest.fail(f"{name} is no JSON"))
    again = workdir.read_state()
    assert repr(again) == repr(state)  # nan is not equal to itself


def test_what_is_known_of_a_table_is_in_the_text():
    text = json.loads(states.encode(on_a_table(make_state(1), b"")))
    assert text["simple_components"] == 4
    assert [figures[0] for figures in text["simple"]] == [-3.0] * 3
    assert text["columns_sha256"].startswith("e3b0c442")  # of nothing
    assert text["steps"][0]["worst"] == {"column": "b", "first": "a", "second": "c"}
    assert json.loads(states.encode(make_state(1)))["simple"] is None


def test_damaged_state_is_named(tmp_path):
    workdir = Workdir(str(tmp_path))
    for text in ("", "{}", '{"format": "7", "sha256": ""}', "[1]", "[" * 100000):
        (tmp_path / "state.json").write_text(text)
        with pytest.raises(UsageError, match=r"state.json: is damaged"):
            workdir.read_state()


def test_a_flipped_digit_in_the_state_is_noticed(tmp_path):
    text = states.encode(make_state())
    for old, new in [("0.25", "0.26"), ('"step": 2', '"step": 3'), ("null", "0.5")]:
        assert old in text
        with pytest.raises(ValueError, match="checksum"):
            states.decode(text.replace(old, new, 1))


@pytest.mark.parametrize("path", ["/etc/passwd", "../x", "components/../../x"])
def test_paths_cannot_lead_outside(path):
    state = make_state()
    record = dataclasses.replace(state.steps[0], data_weights=path)
    with pytest.raises(ValueError, match="leads out"):
        states.decode(states.encode(after(state, [record])))
