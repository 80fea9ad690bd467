"""A damaged run is brought back to its last good step, and nothing is lost."""

import errno
import os

import pytest

from base.errors import UsageError
from boost import betas
from storage import repair
from storage import state as states
from storage.workdir import Workdir
from tests.conftest import after
from tests.storage.runs import contents, kept_aside, make_state, started


@pytest.mark.parametrize("number", [2, 3, 4, 99])
def test_a_state_of_another_version_is_refused_as_that_and_never_removed(tmp_path, number):
    workdir, before, _ = started(tmp_path, 1)
    text = states.encode(before).replace(f'"format": {states.FORMAT}', f'"format": {number}')
    with open(workdir.join("state.json"), "w") as file:
        file.write(text)
    for action in (workdir.read_state, lambda: repair.repair(workdir, betas.mixture_weights)):
        with pytest.raises(UsageError, match=f"is of format {number}, .* use the version that"):
            action()
    assert os.path.isdir(workdir.component(1))
    with open(workdir.join("state.json")) as file:
        assert file.read() == text


SECOND = ["components/02/model.ckpt-10.index", "components/02/picture.npz"]
SECOND += ["components/02/state.json", "plots/step_02.png"]


def test_repair_keeps_the_steps_before_the_damage(tmp_path):
    workdir, _, after = started(tmp_path, 2)
    workdir.commit(after)
    with open(workdir.join(after.steps[1].picture), "a") as file:
        file.write("x")
    os.makedirs(workdir.join("plots"))
    for name in ("step_01.png", "step_02.png", "metrics.png"):
        open(workdir.join("plots", name), "w").close()
    with pytest.raises(UsageError, match=r"02/picture.npz: was changed .* --repair"):
        workdir.verify(after)
    repair.repair(workdir, betas.mixture_weights)
    state = workdir.read_state()
    assert [record.step for record in state.steps] == [1]
    assert state.mixture_weights == (1.0,)
    workdir.verify(state)
    assert not os.path.exists(workdir.component(2))
    found = [name for name in contents(kept_aside(workdir)) if "components/03" not in name]
    assert found == ["components/02/data_weights.npy", *SECOND]


def test_repair_keeps_aside_what_it_cannot_read(tmp_path):
    workdir, before, _ = started(tmp_path, 2)
    everything = contents(workdir.path)
    for path in ("state.json", "components/01/state.json", "components/02/state.json"):
        with open(workdir.join(path), "w") as file:
            file.write("{")
    repair.repair(workdir, betas.mixture_weights)
    assert workdir.read_state() is None
    assert contents(kept_aside(workdir)) == [n for n in everything if n != "metrics.csv"]


def test_repair_leaves_what_may_not_be_read(tmp_path, monkeypatch):
    workdir, before, _ = started(tmp_path, 2)
    everything = contents(workdir.path)

    for forbidden in ("state.json", before.steps[1].picture, "components"):

        def refusing(really, forbidden=forbidden):
            def call(path, *given, **named):
                if path == workdir.join(forbidden):
                    raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), path)
                return really(path, *given, **named)

            return call

        with open(workdir.join("state.json")) as file:
            text = file.read()
        if forbidden == "components":
            with open(workdir.join("state.json"), "w") as file:
                file.write("{")
        with monkeypatch.context() as patch:
            patch.setattr(os, "open", refusing(os.open))
            patch.setattr(os, "listdir", refusing(os.listdir))
            with pytest.raises(UsageError, match="Permission denied"):
                repair.repair(workdir, betas.mixture_weights)
        with open(workdir.join("state.json"), "w") as file:
            file.write(text)
        assert contents(workdir.path) == everything


def test_a_lost_state_is_not_a_new_run(tmp_path):
    workdir, before, _ = started(tmp_path, 2)
    os.remove(workdir.join("state.json"))
    with pytest.raises(UsageError, match=r"state.json: is missing, .* --repair"):
        workdir.read_state()
    repair.repair(workdir, betas.mixture_weights)
    assert repr(workdir.read_state()) == repr(before)


def test_a_lost_state_without_readable_copies_is_set_aside(tmp_path):
    workdir, _, _ = started(tmp_path, 2)
    os.remove(workdir.join("state.json"))
    for number in (1, 2):
        open(os.path.join(workdir.component(number), "state.json"), "w").close()
    with pytest.raises(UsageError, match=r"state.json: is missing, .* --repair"):
        workdir.read_state()
    repair.repair(workdir, betas.mixture_weights)
    assert workdir.read_state() is None
    assert "components/01/data_weights.npy" in contents(kept_aside(workdir))


def test_repair_leaves_no_training_that_builds_on_what_goes(tmp_path):
    """Of the step after the newest: it was trained against the mixture before."""
    workdir, before, _ = started(tmp_path, 2)
    assert len(before.steps) == 2
    assert os.path.isdir(workdir.component(3))
    with open(workdir.join(before.steps[1].picture), "a") as file:
        file.write("x")
    repair.repair(workdir, betas.mixture_weights)
    assert not os.path.exists(workdir.component(2))
    assert not os.path.exists(workdir.component(3))


def test_of_hundreds_of_steps_the_newest_copy_is_chosen(tmp_path):
    workdir, state = Workdir(str(tmp_path)), make_state(101)
    for number in (9, 99, 100, 101):
        os.makedirs(workdir.component(number))
        with open(os.path.join(workdir.component(number), "state.json"), "w") as file:
            file.write(states.encode(after(state, list(state.steps[:number]))))
    with open(workdir.join("state.json"), "w") as file:
        file.write("{")
    path, found = repair._newest_readable_state(workdir)
    assert path == os.path.join(workdir.component(101), "state.json")
    assert len(found.steps) == 101


def test_repair_finds_a_damaged_state_again_beside_the_components(tmp_path):
    workdir, _, after = started(tmp_path, 2)
    workdir.commit(after)
    with open(workdir.join("state.json"), "w") as file:
        file.write("{")
    repair.repair(workdir, betas.mixture_weights)
    assert repr(workdir.read_state()) == repr(after)
