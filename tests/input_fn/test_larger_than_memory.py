"""Files that memory cannot hold: same points, same minibatches, never more than a part at once."""

import os
import tracemalloc

import numpy as np
import pytest

from base import machine
from input_fn import datasets, files, read_ahead, sources, weighted
from input_fn.settings import DataSettings
from tests.input_fn import loading

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
    return sources.load(DataSettings(dataset="file", data_file=path), 200, 64)


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
    constant, *more = dataset.remarks
    assert constant == "constant, left out of networks and scores, and put into samples: 'x3'"
    told = "0.0 GiB: memory does not hold them, minibatches are read from disk"
    assert more == ([told] if dataset.on_disk else [])
    training = np.delete(np.load(path)[dataset.train_rows].astype(np.float64), 3, axis=1)
    np.testing.assert_allclose(dataset.columns.shift, training.mean(axis=0), rtol=1e-12)
    np.testing.assert_allclose(dataset.columns.scale, training.std(axis=0), rtol=1e-9)


def test_reading_past_the_cache_changes_no_number(path, monkeypatch):
    read = []
    read_rows = read_ahead.read_rows
    monkeypatch.setattr(
        read_ahead, "read_rows", lambda *given: (read.append(given[1].size), read_rows(*given))[1]
    )
    cached = load(path, monkeypatch, 1 << 40)
    expected, fingerprint = first_batches(cached), cached.fingerprint()
    assert not read
    on_disk = load(path, monkeypatch, 1 << 20)
    batches = first_batches(on_disk)
    np.testing.assert_array_equal(on_disk.held_out, cached.held_out)
    np.testing.assert_array_equal(on_disk.train_rows, cached.train_rows)
    for name in ("real", "latent"):
        np.testing.assert_array_equal(batches[name], expected[name])
    assert on_disk.fingerprint() == fingerprint
    assert read == [200, 20 * 64]


@pytest.mark.parametrize("kind", ["<f4", ">f8", "|u1"])
def test_rows_are_read_as_they_are_mapped_and_announced_in_the_order_of_the_file(
    tmp_path, monkeypatch, kind
):
    path = str(tmp_path / "images.npy")
    np.save(path, np.random.default_rng(1).integers(0, 255, (50, 3, 4)).astype(kind))
    announced = []
    advise = os.posix_fadvise
    monkeypatch.setattr(
        os, "posix_fadvise", lambda *given: (announced.append(given[1:]), advise(*given))
    )
    loaded = loading.read(path)
    points, file = loaded.rows, loaded.file
    announced.clear()
    rows = np.array([[7, 49], [7, 0], [13, 14]], np.uint8)
    np.testing.assert_array_equal(read_ahead.read_rows(points, rows, file), points[rows])
    length = 12 * np.dtype(kind).itemsize
    starts = [points.offset + row * length for row in sorted(rows.ravel().tolist())]
    assert announced[1:] == [(start, length, os.POSIX_FADV_WILLNEED) for start in starts]


def test_a_file_that_has_become_shorter_is_told(tmp_path):
    path = str(tmp_path / "points.npy")
    np.save(path, np.eye(30))
    loaded = loading.read(path)
    points, file = loaded.rows, loaded.file
    os.truncate(path, os.path.getsize(path) - 8)
    with pytest.raises(OSError, match="was cut short by 8 bytes .*points.npy"):
        read_ahead.read_rows(points, np.array([2, 29]), file)


def test_fortrans_order_is_remarked(tmp_path, monkeypatch):
    path = str(tmp_path / "points.npy")
    np.save(path, np.asfortranarray(np.random.default_rng(0).random((400, 5))))
    dataset = load(path, monkeypatch, 1 << 13)
    assert not dataset.on_disk
    assert "Fortran's order" in dataset.remarks[0]
    assert load(path, monkeypatch, 1 << 30).remarks == ()


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
