"""Samples of a run as a file."""

import json
import os
import re

import numpy as np
import pytest

from base.errors import UsageError
from boost import refining
from commands import sample, shared, train
from storage import paths
from tests.boost import tables
from tests.commands.calls import call, of_file, simple_at


def sampled(run, name, explicit=None, **command):
    path = os.path.join(os.path.dirname(run), name)
    sample.sample(call("sample", run, output=path, **command), explicit or {})
    return path


def test_as_many_points_as_asked_for_by_the_seed(run, caplog):
    one = np.load(sampled(run, "a.npy", num_samples=5000))
    assert (one.shape, one.dtype) == ((5000, 2), np.float32)
    assert "Wrote 5000 points of shape [2] to " in caplog.text
    np.testing.assert_array_equal(np.load(sampled(run, "b.npy", num_samples=5000)), one)
    table = np.loadtxt(sampled(run, "c.csv", num_samples=5000), delimiter=",", skiprows=1)
    np.testing.assert_allclose(table, one, rtol=1e-6)
    other = np.load(sampled(run, "d.npy", {"seed": 3}, num_samples=5000))
    assert len(np.unique(np.concatenate([one, other]), axis=0)) == 10000


def test_points_are_those_of_the_components_in_equal_shares(run, engine):
    """The fake components are normals: their mixture has the mean of their means."""
    points = np.load(sampled(run, "a.npy", num_samples=20000)).astype(float)
    learnt = [engine.learnt(path) for path in sorted(set(engine.asked))]
    assert len(learnt) == 2
    mean = np.mean([each["mean"] for each in learnt], axis=0)
    np.testing.assert_allclose(points.mean(axis=0), mean, atol=4 * points.std() / np.sqrt(20000))


@pytest.mark.parametrize(
    ("name", "explicit", "told"),
    [
        ("a.txt", {}, "needs a file that ends in .npy or .csv"),
        ("a.npy", {"epochs": 7}, "--epochs=7: the run in .* was made with --epochs=2"),
        ("run/components/a.npy", {}, "belongs to the run in"),
    ],
)
def test_what_is_wrong_is_told_before_any_work(run, engine, name, explicit, told):
    with pytest.raises(UsageError, match=told):
        sampled(run, name, explicit)
    assert engine.asked == []


def test_a_refinement_that_cannot_be_kept_is_told_before_the_data_are_read(
    run, engine, monkeypatch
):
    monkeypatch.setattr(paths, "why_not_writable", lambda path: path.endswith("run") and "no way")
    monkeypatch.setattr(shared, "load", lambda *_: pytest.fail("is too late"))
    with pytest.raises(UsageError, match="--workdir=.*: no way$"):
        sampled(run, "a.npy", refine=True)
    assert engine.asked == []


def test_ranks_that_keep_nothing_write_nothing(run, engine, monkeypatch):
    monkeypatch.setattr(engine, "rank", 1, raising=False)
    assert not os.path.exists(sampled(run, "a.npy"))


def test_with_a_tables_samples_a_simple_model_is_named_that_does_better(table, caplog):
    simple_at(table, 0.2)
    sampled(table, "a.csv")
    assert "is told from your data 20 times in 100, the GANs' samples " in caplog.messages[-1]
    assert "it is the better model here" in caplog.messages[-1]
    caplog.clear()
    simple_at(table, 1.2)
    sampled(table, "b.csv")
    assert "Gaussian mixture" not in caplog.text


def test_of_a_table_samples_are_rows_of_its_columns(table):
    """Names and order, whole numbers as such, texts, two decimals, constants as they are."""
    header, rows = tables.read(sampled(table, "a.csv", num_samples=3000))
    assert tuple(header) == tables.NAMES
    assert len(rows) == 3000
    visits, towns, units, prices, heights = zip(*rows)
    assert {int(text) for text in visits} <= set(range(40))
    assert set(towns) == set(tables.TOWNS)
    assert set(units) == {"7"}
    assert all(re.fullmatch(r"\d+\.\d{1,2}", text) for text in prices)
    data = tables.columns_of()
    for name, texts in (("visits", visits), ("price", prices), ("height", heights)):
        values = np.array(texts, float)
        assert data[name].min() <= values.min()
        assert values.max() <= data[name].max()
        error = data[name].std() / np.sqrt(3000)  # of a fake component, a normal cut at the ends
        assert values.mean() == pytest.approx(data[name].mean(), abs=8 * error)


def test_an_array_holds_numbers_of_categories_and_their_texts_lie_beside(table, caplog):
    path = sampled(table, "a.npy", num_samples=300)
    values = np.load(path)
    assert (values.shape, values.dtype) == ((300, 5), np.float64)
    with open(path + ".columns.json") as file:
        told = json.load(file)
    assert [column["name"] for column in told] == list(tables.NAMES)
    assert path + ".columns.json" in caplog.text
    _, rows = tables.read(sampled(table, "a.csv", num_samples=300))
    texts = told[1]["categories"]
    assert [texts[int(number)] for number in values[:, 1]] == [row[1] for row in rows]
    numbers = [0, 2, 3, 4]
    as_texts = np.array([[row[column] for column in numbers] for row in rows], float)
    np.testing.assert_array_equal(values[:, numbers], as_texts)


def test_without_categories_nothing_lies_beside(run, engine, tmp_path):
    np.save(str(tmp_path / "x.npy"), np.random.RandomState(0).randn(400, 3).astype(np.float32))
    train.train(call("train", tmp_path / "own"), of_file(tmp_path / "x.npy", steps=1))
    for made in (run, str(tmp_path / "own")):
        sampled(made, "a.npy")
        assert not os.path.exists(str(tmp_path / "a.npy.columns.json"))
    values = np.load(str(tmp_path / "a.npy"))
    assert values.dtype == np.float32
    header, _ = tables.read(sampled(str(tmp_path / "own"), "a.csv"))
    assert header == ["x0", "x1", "x2"]


def test_images_of_bytes_come_out_as_such(engine, tmp_path):
    images = np.random.RandomState(0).randint(0, 200, (400, 3, 4, 5)).astype(np.uint8)
    np.save(str(tmp_path / "x.npy"), images)
    train.train(call("train", tmp_path / "run"), of_file(tmp_path / "x.npy", steps=1))
    values = np.load(sampled(str(tmp_path / "run"), "a.npy", num_samples=200))
    assert (values.shape, values.dtype) == ((200, 3, 4, 5), np.uint8)
    assert values.max() < 200
    assert values.mean() == pytest.approx(images.mean(), abs=5)


def test_refining_needs_the_data_once(table, table_made_once, monkeypatch, caplog):
    simple_at(table, 0.2)
    monkeypatch.setattr(refining, "MOST_ITERATIONS", {"mlp": 20})
    explicit = {"data_file": str(table_made_once / "x.csv")}
    gone = {"data_file": str(table_made_once / "gone.csv")}
    with pytest.raises(UsageError, match="gone.csv: No such file"):
        sampled(table, "a.csv", gone, refine=True)
    first = tables.read(sampled(table, "a.csv", explicit, num_samples=200, refine=True))
    again = tables.read(sampled(table, "b.csv", gone, num_samples=200, refine=True))
    assert first == again
    assert tuple(first[0]) == tables.NAMES
    assert "the GANs' samples before they are refined " in caplog.messages[-1]
