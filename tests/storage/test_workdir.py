"""The state on disk: both ways, atomic, and what is made from it."""

import csv
import dataclasses
import errno
import json
import math
import os
import signal
import socket
import subprocess
import sys

import pytest

from base import durable
from base.errors import UsageError
from boost import betas
from evaluation.metrics import Metrics, Sizes, Spread
from storage import ownership, repair
from storage import state as states
from storage.state import State, StepRecord
from storage.workdir import Workdir
from tests.conftest import ROOT, after


def make_state(steps=2):
    nothing = Metrics(-2.0, 0.9, math.nan, math.nan, math.nan, math.nan)
    records = tuple(
        StepRecord(
            step=number,
            beta=1 / number,
            lambda_star=math.inf if number == 2 else 1.0,
            zero_weight=0.25,
            effective_sample_size=10.0,
            metrics=Metrics(-4.0, 0.5, 3, 0.5, 0.25, 0.9),
            calibration={"ratio": 1.0},
            iterations_per_second=math.nan,
            seconds={"training": 1.5},
            program="abcdef",
            initialisations={"component": 1, "mixture_discriminator": 2},
            checkpoint=f"components/{number:02d}/model.ckpt-10",
            discriminator_checkpoint="",
            data_weights=f"components/{number:02d}/data_weights.npy",
            picture=f"components/{number:02d}/picture.npz",
            sha256={},
        )
        for number in range(1, steps + 1)
    )
    spread = Spread(nothing, nothing, nothing)
    empty = State(Sizes(10, 5, 5, 20), spread, "abc", "def", (), ())
    return after(empty, list(records))


def make_components(workdir, state):
    for record in state.steps:
        os.makedirs(workdir.component(record.step))


def test_state_both_ways_with_strict_json(tmp_path):
    workdir = Workdir(str(tmp_path))
    assert workdir.read_state() is None
    state = make_state()
    make_components(workdir, state)
    workdir.commit(state)
    with open(workdir.join("state.json")) as file:
        json.load(file, parse_constant=lambda name: pytest.fail(f"{name} is no JSON"))
    again = workdir.read_state()
    assert repr(again) == repr(state)  # nan is not equal to itself


def test_metrics_csv_is_made_from_the_state(tmp_path):
    workdir = Workdir(str(tmp_path))
    make_components(workdir, make_state())
    workdir.commit(make_state())
    with open(workdir.join("metrics.csv")) as file:
        assert file.readline().startswith("step,log_p,coverage,modes,high_quality,")
        file.seek(0)
        rows = list(csv.DictReader(file))
    assert [row["step"] for row in rows] == ["1", "2"]
    assert rows[0]["beta"] == "1.0"
    assert rows[0]["iterations_per_second"] == ""
    assert rows[0]["seconds_training"] == "1.5"


def started(tmp_path, steps):
    """A work directory with so many committed steps and the files of one more."""
    workdir, state = Workdir(str(tmp_path / "run")), make_state(steps + 1)
    records = []
    for record in state.steps:
        os.makedirs(workdir.component(record.step))
        paths = [record.data_weights, record.picture, f"{record.checkpoint}.index"]
        for path in paths:
            with open(workdir.join(path), "w") as file:
                file.write(path)
        digests = workdir.digests([workdir.join(path) for path in paths])
        records.append(dataclasses.replace(record, sha256=digests))
    whole = after(state, records)
    before = after(state, records[:-1])
    for number in range(1, steps + 1):
        workdir.commit(after(state, records[:number]))
    return workdir, before, whole


def assert_one_or_the_other(workdir, before, after):
    found = workdir.read_state()
    assert repr(found) in (repr(before), repr(after))
    workdir.verify(found)
    return repr(found) == repr(after)


def points_of_a_commit(tmp_path):
    names = []
    workdir, _, after = started(tmp_path, 1)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(durable, "reached", names.append)
        workdir.commit(after)
    return names


def test_a_process_that_ends_at_any_point_of_a_commit_leaves_one_state_or_the_other(tmp_path):
    names = points_of_a_commit(tmp_path / "whole")
    assert names[:2] == ["commit", "synced"]
    assert "committed" in names
    outcomes = []
    for index, name in enumerate(names):
        workdir, before, after = started(tmp_path / str(index), 1)
        child = os.fork()
        if not child:
            passed = []

            def end(point, passed=passed, index=index):
                passed.append(point)
                if len(passed) > index:
                    os._exit(7)

            durable.reached = end
            workdir.commit(after)
            os._exit(0)
        _, status = os.waitpid(child, 0)
        assert os.WEXITSTATUS(status) == 7, name
        outcomes.append(assert_one_or_the_other(workdir, before, after))
        workdir.remove_uncommitted(workdir.read_state())
        assert not [n for n in os.listdir(workdir.path) if n.endswith(".tmp")]
    assert outcomes == sorted(outcomes)  # from some point on it is the state after
    assert outcomes[names.index("committed")]


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EIO, errno.EROFS])
def test_any_system_call_of_a_commit_may_fail(tmp_path, monkeypatch, number):
    calls = {"left": 0}

    def failing(function):
        def call(*arguments, **keywords):
            calls["left"] -= 1
            if calls["left"] == 0:
                raise OSError(number, os.strerror(number))
            return function(*arguments, **keywords)

        return call

    for which in range(1, 200):
        workdir, before, after = started(tmp_path / str(which), 1)
        with monkeypatch.context() as patch:
            for name in ("open", "fsync", "replace"):
                patch.setattr(os, name, failing(getattr(os, name)))
            patch.setattr("builtins.open", failing(open))
            calls["left"] = which
            try:
                workdir.commit(after)
                failed = False
            except OSError:
                failed = True
        assert_one_or_the_other(workdir, before, after)
        workdir.commit(after)  # when there is room again
        assert repr(workdir.read_state()) == repr(after)
        if not failed:
            break
    assert which > 10


def test_damaged_state_is_named(tmp_path):
    workdir = Workdir(str(tmp_path))
    for text in ("", "{}", '{"format": "7", "sha256": ""}', "[1]", "[" * 100000):
        (tmp_path / "state.json").write_text(text)
        with pytest.raises(UsageError, match=r"state.json: is damaged"):
            workdir.read_state()


@pytest.mark.parametrize("number", [2, 3, 99])
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


@pytest.mark.parametrize("name", ["components", "components/01", "data_weights", "state.json"])
def test_what_is_the_runs_own_is_no_link(tmp_path, name):
    workdir, before, _ = started(tmp_path, 1)
    inside = workdir.join(before.steps[0].data_weights if name == "data_weights" else name)
    outside = tmp_path / "outside"
    os.rename(inside, str(outside))
    os.symlink(str(outside), inside)
    for check in (lambda: ownership.check_links(workdir.path), workdir.check_usable):
        with pytest.raises(UsageError, match=r": is a link; .* move the whole of it elsewhere"):
            check()
    os.remove(inside)
    os.rename(str(outside), inside)
    os.symlink(workdir.path, str(tmp_path / "link"))
    ownership.check_links(str(tmp_path / "link"))
    os.symlink("/etc", workdir.join("mine"))  # not the run's: nothing follows it
    ownership.check_links(workdir.path)


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


SECOND = ["components/02/model.ckpt-10.index", "components/02/picture.npz"]
SECOND += ["components/02/state.json", "plots/step_02.png"]


def kept_aside(workdir):
    (name,) = [name for name in os.listdir(workdir.path) if name.startswith("removed-")]
    return workdir.join(name)


def contents(top):
    found = [os.path.join(d, name) for d, _, names in os.walk(top) for name in names]
    return sorted(os.path.relpath(path, top) for path in found)


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


HOLDER = """
import os, sys, time
from storage.workdir import Workdir
Workdir(sys.argv[1]).lock()
child = os.fork()
if child:
    print(child, flush=True)
time.sleep(60)
"""


def test_the_lock_names_its_process_and_ends_with_it(tmp_path):
    environment = {**os.environ, "PYTHONPATH": ROOT}
    command = [sys.executable, "-c", HOLDER, str(tmp_path)]
    holder = subprocess.Popen(command, stdout=subprocess.PIPE, env=environment)
    helper = int(holder.stdout.readline())
    try:
        with pytest.raises(UsageError) as error:
            Workdir(str(tmp_path)).lock()
        assert f"process {holder.pid} on {socket.gethostname()} is writing there" in str(error)
        holder.kill()
        holder.wait()
        os.kill(helper, 0)  # it lives on, and holds nothing
        Workdir(str(tmp_path)).lock()
    finally:
        holder.kill()
        os.kill(helper, signal.SIGKILL)


def test_the_lock_stays_when_its_file_is_opened_and_closed_again(tmp_path):
    """By a reader of who holds it, or of all files."""
    workdir = Workdir(str(tmp_path))
    workdir.lock()
    with open(workdir.join("lock")) as file:
        assert file.read() == workdir.holder
    code = "import sys; from storage.workdir import Workdir; Workdir(sys.argv[1]).lock()"
    command = [sys.executable, "-c", code, str(tmp_path)]
    other = subprocess.run(command, cwd=ROOT, stderr=subprocess.PIPE, encoding="utf-8")
    assert other.returncode == 1
    assert f"process {os.getpid()} on {socket.gethostname()} is writing there" in other.stderr


@pytest.mark.parametrize("number", [errno.ENOLCK, errno.ENOSYS, errno.EOPNOTSUPP])
def test_a_file_system_without_locks_is_named(tmp_path, monkeypatch, number):
    def flock(*_):
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr("fcntl.flock", flock)
    with pytest.raises(UsageError, match=r": / \(\w+\) gives no locks \(.*\); mount it"):
        Workdir(str(tmp_path)).lock()


def test_a_run_whose_lock_was_removed_commits_no_more(tmp_path):
    workdir, before, after = started(tmp_path, 1)
    workdir.lock()
    os.rename(workdir.join("lock"), workdir.join("other"))
    for _ in range(2):  # no lock, and another run's lock
        with pytest.raises(FileNotFoundError, match="was removed while the run was writing"):
            workdir.commit(after)
        open(workdir.join("lock"), "w").close()
    assert repr(workdir.read_state()) == repr(before)


@pytest.mark.parametrize("name", ["state.json", "components/01/picture.npz"])
def test_a_pipe_in_a_files_place_does_not_hold_the_run(tmp_path, name):
    workdir, before, _ = started(tmp_path, 1)
    if os.path.exists(workdir.join(name)):
        os.remove(workdir.join(name))
    os.mkfifo(workdir.join(name))

    def read():
        workdir.read_state()
        workdir.verify(before)

    with pytest.raises(UsageError, match=f"{os.path.basename(name)}: .*is no regular file"):
        read()


def test_directories_left_by_others_do_not_stop_a_run(tmp_path):
    workdir, before, _ = started(tmp_path, 1)
    os.makedirs(workdir.join("onnx.tmp", "inside"))
    os.makedirs(workdir.join("components", "²"))
    for name in ("x.npy.0123abcd.tmp", "state.json.0123abcd.tmp"):
        open(workdir.join(name), "w").close()
    workdir.remove_uncommitted(before)
    assert os.path.isdir(workdir.join("onnx.tmp", "inside"))
    assert [n for n in sorted(os.listdir(workdir.path)) if n.endswith("tmp")] == [
        "onnx.tmp",
        "x.npy.0123abcd.tmp",
    ]


def test_uncommitted_components_are_removed_and_committed_ones_kept(tmp_path):
    workdir = Workdir(str(tmp_path))
    for number in (1, 2, 3):
        os.makedirs(workdir.component(number))
    workdir.remove_uncommitted(dataclasses.replace(make_state(), steps=make_state().steps[:1]))
    assert os.listdir(workdir.join("components")) == ["01"]


def test_unusable_work_directories_are_told(tmp_path):
    file = tmp_path / "file"
    file.write_text("x")
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "thesis.tex").write_text("x")
    for path, message in [
        ("", "needs the path"),
        (file, "is a file"),
        (file / "below", "is a file"),
        (tmp_path / "other", "holds no settings.json"),
    ]:
        with pytest.raises(UsageError, match=message):
            Workdir(str(path)).check_usable()
    Workdir(str(tmp_path / "new" / "deep")).check_usable()
    assert not (tmp_path / "new").exists()
