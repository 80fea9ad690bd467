"""Files that memory cannot hold: same points, same minibatches, never more than a part at once."""

import os
import tracemalloc

import numpy as np
import pytest

import machine
from input_fn import datasets, files, read_ahead, weighted
from input_fn.datasets import DataSettings

NUMBER, DIMENSION = 40_000, 100


@pytest.fixture(scope="module")
def path(tmp_path_factory):
    """A file of 16 MB: coordinates far from 0, and one that is constant."""
    points = 100 + np.random.default_rng(0).random((NUMBER, DIMENSION), dtype=np.float32)
    points[:, 3] = np.float32(0.1)
    path = str(tmp_path_factory.mktemp("large") / "points.npy")
    np.save(path, points)
    return path


def load(path, monkeypatch, available):
    monkeypatch.setattr(machine, "available_memory", lambda: available)
    monkeypatch.setattr(files, "NUMBERS_AT_A_TIME", 1 << 15)
    return datasets.load(DataSettings(dataset="file", data_file=path), 200, 64)


def first_batches(dataset):
    data_weights = np.linspace(0, 1, dataset.number)
    stream = weighted.component_stream(
        dataset, data_weights / data_weights.sum(), 64, 5, "normal", 1, 1
    )
    return next(stream.chunks(0, 20, 20))


@pytest.mark.parametrize("available", [1 << 20, 1 << 40])
def test_moments_in_one_pass_are_those_of_the_training_points(path, monkeypatch, available):
    dataset = load(path, monkeypatch, available)
    assert dataset.on_disk == (available == 1 << 20)
    assert dataset.remarks == (f"1 of {DIMENSION} coordinates are constant",)
    mean, deviation = datasets.moments(dataset)
    training = np.load(path)[dataset.train_rows].astype(np.float64)
    expected = training.std(axis=0)
    expected[3] = 1
    np.testing.assert_allclose(mean, training.mean(axis=0), rtol=1e-12)
    np.testing.assert_allclose(deviation, expected, rtol=1e-9)


def test_what_is_asked_for_ahead_changes_no_number(path, monkeypatch):
    asked = []
    ask_for = read_ahead.ask_for
    monkeypatch.setattr(
        read_ahead, "ask_for", lambda points, rows: (asked.append(rows), ask_for(points, rows))
    )
    cached = load(path, monkeypatch, 1 << 40)
    expected, fingerprint = first_batches(cached), cached.fingerprint()
    assert not asked
    on_disk = load(path, monkeypatch, 1 << 20)
    batches = first_batches(on_disk)
    np.testing.assert_array_equal(on_disk.held_out, cached.held_out)
    np.testing.assert_array_equal(on_disk.train_rows, cached.train_rows)
    for name in ("real", "latent"):
        np.testing.assert_array_equal(batches[name], expected[name])
    assert on_disk.fingerprint() == fingerprint
    held_out, minibatches, some = asked
    np.testing.assert_array_equal(on_disk.points[held_out], cached.held_out)
    np.testing.assert_array_equal(on_disk.points[minibatches], expected["real"])
    assert len(some) == datasets.FINGERPRINT_ROWS


def test_the_bytes_asked_for_are_those_of_the_rows(path, monkeypatch):
    spans = []
    monkeypatch.setattr(
        os, "posix_fadvise", lambda _, start, length, advice: spans.append((start, length, advice))
    )
    points = files.load(path, "")
    read_ahead.ask_for(points, np.array([[7, 39_999], [7, 0]]))
    assert {advice for *_, advice in spans} == {os.POSIX_FADV_WILLNEED}
    with open(path, "rb") as file:
        for row, (start, length, _) in zip([0, 7, 39_999], spans):
            file.seek(start)
            assert file.read(length) == points[row].tobytes()
    assert len(spans) == 3
    read_ahead.ask_for(np.asfortranarray(points), np.arange(5))
    assert len(spans) == 3


def test_no_part_of_memory_is_as_large_as_the_file(path, monkeypatch):
    tracemalloc.start()
    try:
        dataset = load(path, monkeypatch, 1 << 20)
        datasets.moments(dataset)
        dataset.fingerprint()
        first_batches(dataset)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < os.path.getsize(path) / 2
