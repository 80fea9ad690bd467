"""Data files that change while they are used, and the fingerprint that tells other data."""

import contextlib
import os
import re
import subprocess
import sys
import time

import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given, settings
from hypothesis import strategies as st

from base import machine
from base.errors import UsageError
from input_fn import files, pipelines, sources, weighted
from input_fn.settings import DataSettings
from tests.conftest import ROOT
from tests.input_fn.changes import CHANGES, POINTS, WAYS, load, saved


@pytest.fixture(scope="module")
def directory(tmp_path_factory):
    return tmp_path_factory.mktemp("held")


@settings(max_examples=60)
@given(data=st.data())
def test_any_byte_of_any_row_shows_in_the_fingerprint(directory, data):
    kind = data.draw(st.sampled_from(["<f4", ">f8", "<f2", "|u1", "<i4"]))
    order = data.draw(st.sampled_from("CF"))
    rows = data.draw(st.sampled_from([1, 7, 100, 65536]))
    points = (100 * POINTS).astype(kind, order=order)
    path = saved(directory / "changed.npy", points)
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(files, "ROWS_AT_A_TIME", rows)
        before = load(path).fingerprint()
        assert before == files.digest(points)
        at = data.draw(st.integers(1, points.nbytes))
        with open(str(path), "r+b") as file:
            file.seek(-at, os.SEEK_END)
            byte = file.read(1)[0]
            file.seek(-at, os.SEEK_END)
            file.write(bytes([byte ^ data.draw(st.integers(1, 255))]))
        with contextlib.suppress(UsageError):  # no number any more
            assert load(path).fingerprint() != before


@settings(max_examples=15)
@given(row=st.integers(0, 299), column=st.integers(0, 3))
def test_any_number_of_a_table_or_an_archive_shows_in_the_fingerprint(directory, row, column):
    points, found = POINTS.reshape(300, 4).copy(), []
    for _ in range(2):
        np.savez(str(directory / "a.npz"), points)
        np.savetxt(str(directory / "a.csv"), points, delimiter=",")
        found.append([load(directory / name).fingerprint() for name in ("a.npz", "a.csv")])
        points[row, column] += 1e-9
    assert found[0][0] != found[1][0]
    assert found[0][1] != found[1][1]


def test_the_fingerprint_is_of_shape_type_and_numbers_and_of_nothing_else(directory):
    points = np.arange(1200.0, dtype=np.float32)
    path = directory / "a.npy"
    known = load(saved(path, points.reshape(300, 4))).fingerprint()
    assert load(saved(path, np.asfortranarray(points.reshape(300, 4)))).fingerprint() == known
    assert load(path, data_seed=5).fingerprint() == known
    np.savez(str(directory / "a.npz"), points.reshape(300, 4))
    assert load(directory / "a.npz").fingerprint() == known
    others = [points.reshape(300, 2, 2), points.reshape(400, 3), points.reshape(300, 4).astype(int)]
    assert known not in {load(saved(path, other)).fingerprint() for other in others}
    drawn = [sources.load(DataSettings(data_seed=seed), 10, 8).fingerprint() for seed in (1, 1, 2)]
    assert drawn[0] == drawn[1] != drawn[2]


def test_a_file_that_is_cut_short_or_written_to_ends_in_one_line(tmp_path):
    path = str(tmp_path / "a.npy")
    code = (
        f"from tests.input_fn.changes import report\n"
        f"print(*report({path!r}, 1 << 40), *report({path!r}, 1 << 16), sep='\\n')"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT, timeout=120
    )
    assert (done.returncode, done.stderr) == (0, "")
    lines = done.stdout.splitlines()
    assert len(lines) == 2 * len(CHANGES) * len(WAYS)
    for line in lines:
        change, _, named, what = line.split(": ")
        assert named == path
        told = (
            "was cut short by [1-9]" if change.startswith("cut") else "was (written to|cut short)"
        )
        assert re.match(told, what), line


@pytest.mark.parametrize("available", [1 << 40, 1 << 12])
def test_a_file_that_is_replaced_moved_or_removed_goes_on_as_it_was(
    tmp_path, monkeypatch, available
):
    monkeypatch.setattr(machine, "available_memory", lambda: available)
    path = saved(tmp_path / "a.npy", POINTS)
    data = load(path)
    assert data.on_disk == (available == 1 << 12)
    before = WAYS["minibatches"](data)
    os.replace(str(saved(tmp_path / "b.npy", POINTS + 1)), str(path))
    np.testing.assert_array_equal(WAYS["minibatches"](data)["real"], before["real"])
    os.remove(str(path))
    os.chmod(str(tmp_path), 0o700)
    np.testing.assert_array_equal(WAYS["minibatches"](data)["real"], before["real"])


def test_what_happens_to_a_file_while_it_is_loaded_is_told(tmp_path, monkeypatch):
    path = saved(tmp_path / "a.npy", POINTS)
    size = os.path.getsize(str(path))
    monkeypatch.setattr(files, "ROWS_AT_A_TIME", 100)
    readings = []
    unchanged = files.unchanged

    def counted(file):
        readings.append(1)
        if len(readings) == counted.at:
            os.truncate(str(path), size - 8)
        return unchanged(file)

    monkeypatch.setattr(files, "unchanged", counted)
    counted.at = 0
    load(path)
    for counted.at in range(1, len(readings) + 1):
        saved(path, POINTS)
        readings.clear()
        with pytest.raises(UsageError, match="^--data_file=.*a.npy: was cut short by 8 bytes"):
            load(path)


def test_a_file_that_is_replaced_between_two_openings_is_told(tmp_path, monkeypatch):
    path, other = saved(tmp_path / "a.npy", POINTS), saved(tmp_path / "b.npy", POINTS + 1)
    real = os.open

    def opened(name, *given, **more):
        descriptor = real(name, *given, **more)
        if name == str(path):
            os.replace(str(other), name)
        return descriptor

    monkeypatch.setattr(os, "open", opened)
    with pytest.raises(UsageError, match="a.npy: was replaced while it was opened"):
        load(path)


def test_no_descriptor_is_left_of_a_dataset_that_is_gone(tmp_path):
    path = saved(tmp_path / "a.npy", POINTS)
    load(path)
    before = len(os.listdir("/proc/self/fd"))
    for _ in range(5):
        load(path)
    assert len(os.listdir("/proc/self/fd")) <= before


def test_the_line_reaches_whoever_trains_on_the_file(tmp_path):
    """Through the thread in which TensorFlow asks for minibatches."""
    path = saved(tmp_path / "a.npy", POINTS)
    data = load(path)
    stream = weighted.component_stream(data, np.full(280, 1 / 280), 8, 3, "normal", 1, 1)
    with tf.Graph().as_default(), tf.Session() as session:
        following = pipelines.chunks(stream, 0, 3000, 10)().make_one_shot_iterator().get_next()
        session.run([following, following])
        time.sleep(0.5)  # what is drawn ahead is drawn: cut while it is read, no program survives
        os.truncate(str(path), 4096)
        told = "OSError: .* was cut short by .*a.npy'"
        with pytest.raises(tf.errors.UnknownError, match=told):
            [session.run(following) for _ in range(10)]
