"""What the tables on real data say of samples: closed forms, brute force, and one run."""

import contextlib
import functools
import io
import json
import os
import re
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.spatial.distance import cdist

from base.errors import UsageError
from benchmarks.tables import __main__ as tables
from benchmarks.tables import judges, made, making, real, runs
from benchmarks.tables.definitions import Cell, Table
from input_fn import gmm
from input_fn.settings import DataSettings
from tests import prepared_python
from tests.conftest import PREPARED


def test_divergences_of_labels_against_closed_forms():
    halves = np.array([0.5, 0.5])
    found = judges.by_labels(np.zeros(4, int), halves, 0.1)
    assert found["kl"] == pytest.approx(np.log(2))
    assert found["js"] == pytest.approx(0.5 * np.log(4 / 3) + 0.25 * np.log(2 / 3 * 2))
    assert found["modes"] == 1
    same = judges.by_labels(np.array([0, 1, 1, 1]), np.array([0.25, 0.75]), 0.1)
    assert same == {"modes": 2, "js": 0, "kl": 0, "rarest": 1}
    nearly_apart = judges.by_labels(np.zeros(9, int), np.array([1e-12, 1 - 1e-12]), 0.1)
    assert nearly_apart["js"] == pytest.approx(np.log(2), abs=1e-9)


@given(
    st.lists(st.integers(0, 5), min_size=1, max_size=60),
    st.lists(st.floats(0.01, 1), min_size=6, max_size=6),
    st.sampled_from([0.0, 0.1, 0.9]),
)
def test_modes_are_counted_as_by_hand(labels, weights, least):
    shares = np.array(weights) / sum(weights)
    by_hand = sum(
        1
        for mode in range(6)
        if labels.count(mode) and labels.count(mode) / len(labels) >= least * shares[mode]
    )
    found = judges.by_labels(np.array(labels), shares, least)
    assert found["modes"] == by_hand
    assert -1e-12 <= found["js"] <= np.log(2) + 1e-12
    assert found["rarest"] >= 0


def test_rare_modes_are_captured_by_fifty_samples_near_them():
    truth = gmm.ring(unbalanced=True)
    judge = judges.of_unbalanced(truth)
    assert judge.perfect["modes"] == 8
    assert judge.perfect["within"] == pytest.approx(1 - np.exp(-4.5), abs=0.005)  # Rayleigh
    near = [truth.means[k] + [0.1, 0.0] for k in (0, 1, 2) for _ in range(50 - (k == 2))]
    far = [truth.means[k] + [0.0, 0.2] for k in (3, 4) for _ in range(60)]
    found = judge.figures(np.array(near + far))
    assert found["modes"] == 2
    assert found["within"] == pytest.approx(149 / 269)


def test_neighbours_against_all_pairs():
    rng = np.random.RandomState(0)
    data, samples = rng.randn(40, 3), 0.5 + 0.7 * rng.randn(40, 3)
    found = judges.neighbours(data, samples)
    # The first neighbour of a point is itself.
    ball = np.sort(cdist(data, data), axis=1)[:, judges.NEAREST]
    ball_of_samples = np.sort(cdist(samples, samples), axis=1)[:, judges.NEAREST]
    between = cdist(data, samples)
    within = between < ball[:, None]
    assert found["precision"] == pytest.approx(np.mean(within.any(axis=0)))
    assert found["recall"] == pytest.approx(np.mean((between < ball_of_samples).any(axis=1)))
    assert found["density"] == pytest.approx(within.sum() / judges.NEAREST / 40)
    assert found["nn_coverage"] == pytest.approx(np.mean(within.any(axis=1)))


def test_neighbours_print_nothing():
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        judges.neighbours(np.random.RandomState(0).randn(10, 2), np.zeros((10, 2)))
    assert not printed.getvalue()


def test_a_stacked_image_is_labelled_by_its_three_digits():
    data = real.digits()
    images = real.stacked(data, 50)
    assert images.points.shape == (50, 8, 8, 3)
    for image, label in zip(images.points, images.labels):
        for channel, digit in enumerate(f"{label:03d}"):
            same = (data.points == image[..., channel]).all(axis=(1, 2))
            assert set(data.labels[same]) == {int(digit)}


def test_a_classifier_labels_each_channel_by_itself():
    seen, unseen = judges.halves(real.digits())
    assert sorted([*map(bytes, seen.points), *map(bytes, unseen.points)]) == sorted(
        map(bytes, real.digits().points)
    )
    shares = [np.bincount(half.labels) / len(half.labels) for half in (seen, unseen)]
    np.testing.assert_allclose(*shares, atol=0.002)
    classifier = judges.Classifier(*seen)
    images = real.stacked(unseen, 40).points
    labels, sure = classifier.label(images).T
    apart = [classifier.label(images[..., channel]) for channel in range(3)]
    digits = np.stack([each[:, 0] for each in apart])
    assert labels.tolist() == [int("".join(map(str, row))) for row in digits.T]
    assert sure.tolist() == np.prod([each[:, 1] for each in apart], axis=0).tolist()
    features = np.concatenate(
        [classifier.features(images[..., channel]) for channel in range(3)], axis=1
    )
    np.testing.assert_allclose(classifier.features(images), features, rtol=1e-5)


def test_cells_have_rare_types():
    cells = real.cells()
    assert cells.points.shape == (700, real.CELL_COMPONENTS)
    assert np.bincount(cells.labels).tolist() == [192, 129, 95, 13, 31, 240]


def test_cells_that_are_not_installed_are_told_in_one_line(monkeypatch, capsys):
    monkeypatch.setattr(real.importlib.util, "find_spec", lambda name: None)
    monkeypatch.setattr("sys.argv", ["tables", "rare"])
    with pytest.raises(SystemExit) as ended:
        tables.main()
    assert ended.value.code == 2
    assert "needs scanpy" in capsys.readouterr().err.splitlines()[-1]


def test_a_perfect_sampler_of_a_toy_is_within_its_neighbours():
    judge = judges.of_toy(DataSettings(dataset="ring"))
    assert min(judge.perfect.values()) > 0.9
    far = judge.figures(np.full((judge.samples, 2), 9.0, np.float32))
    assert max(far.values()) == 0


def test_a_run_on_images_is_judged(tmp_path, monkeypatch):
    monkeypatch.setattr(making, "HERE", str(tmp_path))
    flags = (*real.IMAGES, *real._width(2), "--mixture_c_epoch_num=1")
    cells = real._ways(flags, 2, 1, "sample")[3:]
    table = making.with_data(real.TABLES["digits"]._replace(cells=cells), str(tmp_path / "kept"))
    judge = table.judge()
    run = functools.partial(PREPARED.run, drawn=False)
    with prepared_python.program(tmp_path, run) as path:
        monkeypatch.setattr(runs.sys, "executable", path)
        found = making.collect(table, judge, [1], str(tmp_path / "kept"), 1)
    ((_, figures),) = found.items()
    assert set(judge.perfect) == {name[7:] for name in figures if name.startswith("sample_")}
    rows = [making.perfect_row(table, judge), *making.rows_of(table, found)]
    text = making.write("digits", table, rows, judge.remark)
    assert "| Real points, unseen | 10.000 |" in text
    assert "support vector machine" in text
    for kind in ("png", "pdf"):
        assert (tmp_path / f"digits.{kind}").stat().st_size > 1000
    lines = (tmp_path / "digits.csv").read_text().splitlines()
    assert len(lines) == 3
    assert lines[0].split(",")[2:] == list(table.columns)


def small_table(directory, **changed):
    """A table of one cell, as if its data and its only run were there already."""
    cell = Cell("One [ö]", ("--steps=2",), ("evaluate",))
    points = np.arange(30.0).reshape(15, 2)
    table = Table("Small", (cell,), ("modes",), (1,), [], points=lambda: points, images=True)
    table = making.with_data(table._replace(**changed), str(directory))
    of_cell = made.make(table.cells[0].flags)
    return table, Path(making._kept_in(str(directory), table.cells[0], of_cell))


def test_a_table_is_never_made_of_what_is_not_whole(tmp_path):
    table, kept = small_table(tmp_path)
    kept.mkdir()
    good, image = {"evaluate_modes": [3]}, kept / "1.npy"
    (kept / "1.json").write_text(json.dumps(good))
    np.save(str(image), np.zeros((20, 2)))
    found = making.collect(table, None, [1], str(tmp_path), 1)
    assert found == {("One [ö]", 1): good}
    whole = image.read_bytes()
    for damage in (b"", whole[:-20], whole[:50], b"\x80\x03]q\x00."):
        image.write_bytes(damage)
        with pytest.raises(UsageError, match=re.escape(f"{image}: is not what a table leaves")):
            making.collect(table, None, [1], str(tmp_path), 1)
    os.remove(str(image))
    os.mkfifo(str(image))
    with pytest.raises(UsageError, match="is no regular file"):
        making.collect(table, None, [1], str(tmp_path), 1)
    os.remove(str(image))
    for damage in ({"modes": [3]}, {"evaluate_modes": [3, 4]}, {"evaluate_modes": [None]}):
        (kept / "1.json").write_text(json.dumps(damage))
        with pytest.raises(UsageError, match="1.json: is not what a finished run leaves"):
            making.collect(table, None, [1], str(tmp_path), 1)
    by_step, kept = small_table(tmp_path, by_step=(1, 2))
    (kept / "1.json").write_text(json.dumps({"modes": [3]}))
    with pytest.raises(UsageError, match="modes is no list of 2 numbers"):
        making.collect(by_step, None, [1], str(tmp_path), 1)


def test_runs_of_a_table_belong_to_its_flags_and_points(tmp_path):
    places = {small_table(tmp_path / "a")[1].name}
    other = Cell("One [ö]", ("--steps=3",), ("evaluate",))
    places.add(small_table(tmp_path / "b", cells=(other,))[1].name)
    places.add(small_table(tmp_path / "c", points=lambda: np.ones((15, 2)))[1].name)
    assert len(places) == 3
    unknown = Cell("One [ö]", ("--stepz=3",))
    with pytest.raises(UsageError, match="Unknown command line flag 'stepz'"):
        small_table(tmp_path / "a", cells=(unknown,))
    with pytest.raises(UsageError, match="data.npy: holds other points"):  # somebody's own, perhaps
        small_table(tmp_path / "c")
    np.testing.assert_array_equal(np.load(str(tmp_path / "c" / "data.npy")), np.ones((15, 2)))
