"""Data from files, good and bad: how many points there are, and how many there must be."""

import numpy as np
import pytest

from base import machine
from base.errors import UsageError
from input_fn import datasets, sources
from input_fn.settings import DataSettings
from tests.input_fn.loading import save


@pytest.mark.parametrize("name", ["a.npy", "a.npz", "a.csv"])
def test_files_give_their_points_and_hold_some_out(tmp_path, name):
    points = np.random.RandomState(0).randn(500, 3) * 1e4
    path = save(tmp_path / name, points)
    data = sources.load(DataSettings(dataset="file", data_file=path), 2000, 64)
    assert data.number == 400
    assert data.held_out.shape == (100, 3)
    together = np.concatenate([data.train_points(np.arange(400)), data.held_out])
    rows = np.sort(data.columns.decode(together), axis=0)
    np.testing.assert_allclose(rows, np.sort(points, axis=0), rtol=1e-5, atol=0.01)
    training = data.train_points(slice(None)).astype(np.float64)
    np.testing.assert_allclose(training.mean(axis=0), 0, atol=1e-6)
    np.testing.assert_allclose(training.std(axis=0), 1, rtol=1e-6)
    assert all(map(np.array_equal, datasets.moments(data), (np.zeros(3), np.ones(3))))


def test_npy_is_memory_mapped_and_images_keep_their_shape(tmp_path):
    path = save(tmp_path / "a.npy", np.random.RandomState(0).rand(300, 8, 8).astype(np.float32))
    data = sources.load(DataSettings(dataset="file", data_file=path), 2000, 64)
    assert isinstance(data.points, np.memmap)
    assert data.shape == (8, 8)
    assert data.train_points(np.array([[0, 1], [2, 3]])).shape == (2, 2, 8, 8)


def test_too_few_points_are_refused(tmp_path):
    settings = DataSettings(dataset="file", data_file=save(tmp_path / "a.npy", np.eye(5)))
    with pytest.raises(UsageError, match="has 5 points; needs 15"):
        sources.load(settings, 20, 2)


def test_more_points_than_memory_has_room_for_are_refused(tmp_path, monkeypatch):
    settings = DataSettings(dataset="file", data_file=save(tmp_path / "a.npy", np.eye(500)))
    monkeypatch.setattr(machine, "available_memory", lambda: 2499)
    with pytest.raises(UsageError, match="has 500 points; their numbers alone take 0.0 GiB"):
        sources.load(settings, 20, 2)
    monkeypatch.setattr(machine, "available_memory", lambda: 2500)
    assert sources.load(settings, 20, 2).number == 480


def test_more_points_a_batch_than_there_are_is_refused(tmp_path):
    path = save(tmp_path / "a.npy", np.random.RandomState(0).rand(70, 2))
    settings = DataSettings(dataset="file", data_file=path)
    with pytest.raises(UsageError, match="--batch_size=64: larger than the data, which have 56"):
        sources.load(settings, 2000, 64)


def test_modes_without_points_and_constant_coordinates_are_remarked(tmp_path):
    few = sources.load(DataSettings(gmm_modes_num=30, toy_dataset_size=40), 10, 4)
    nearest = np.argmin(np.linalg.norm(few.points[:, None] - few.truth.means, axis=2), axis=1)
    (remark,) = few.remarks
    assert remark.startswith(f"{30 - len(np.unique(nearest))} of 30 modes have no training point")
    points = np.random.RandomState(0).randn(100, 3)
    points[:, 1] = 7
    np.save(str(tmp_path / "x.npy"), points)
    settings = DataSettings(dataset="file", data_file=str(tmp_path / "x.npy"))
    (remark,) = sources.load(settings, 10, 4).remarks
    assert remark == "constant, left out of networks and scores, and put into samples: 'x1'"
    assert sources.load(DataSettings(), 10, 64).remarks == ()
