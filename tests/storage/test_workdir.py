"""Commits, whole or not at all, and what a run may find in its directory."""

import dataclasses
import errno
import os

import pytest

from base import durable
from base.errors import UsageError
from storage.workdir import Workdir
from tests.storage.runs import (
    assert_one_or_the_other,
    contents,
    make_state,
    on_a_table,
    started,
)


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
    for name in ("x.npy.0123abcd.tmp", "state.json.0123abcd.tmp", "columns.npz.0123abcd.tmp"):
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


def finished(path, state):
    """A work directory with all that people look at."""
    workdir = Workdir(str(path))
    names = ["settings.json", "state.json", "metrics.csv", "report.html"]
    names += ["plots/metrics.png", "plots/regions.png"]
    for name in [*names, *(f"plots/step_{record.step:02d}.png" for record in state.steps)]:
        os.makedirs(os.path.dirname(workdir.join(name)), exist_ok=True)
        open(workdir.join(name), "w").close()
    return workdir


def test_a_run_on_a_table_is_finished_only_with_its_columns(tmp_path):
    """Else `--mode=train` would not write them anew, as `columns.read` says that it does."""
    state = dataclasses.replace(on_a_table(make_state()), complete=True)
    workdir = finished(tmp_path, state)
    assert not workdir.is_finished(state)
    workdir.columns.write(b"other columns")
    assert not workdir.is_finished(state)
    workdir.columns.write(b"columns")
    assert workdir.is_finished(state)


def test_a_run_is_finished_when_all_that_people_look_at_is_there(tmp_path):
    state = dataclasses.replace(on_a_table(make_state()), complete=True)
    workdir = finished(tmp_path, state)
    workdir.columns.write(b"columns")
    assert workdir.is_finished(state)
    assert not workdir.is_finished(dataclasses.replace(state, complete=False))
    for name in set(contents(workdir.path)) - {"columns.npz"}:
        os.rename(workdir.join(name), str(tmp_path / "aside"))
        assert not workdir.is_finished(state), name
        os.rename(str(tmp_path / "aside"), workdir.join(name))


def test_a_run_without_a_file_has_no_columns_and_is_finished_all_the_same(tmp_path):
    state = dataclasses.replace(make_state(), complete=True)
    assert finished(tmp_path, state).is_finished(state)
