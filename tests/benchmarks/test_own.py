"""Tables of one's own: what judges samples, what is asked for, and what is written."""

import argparse
import sys

import numpy as np
import pandas
import pytest

from benchmarks import own
from benchmarks.own_tables import Data


def two_clusters(number, seed):
    rng = np.random.RandomState(seed)
    chosen = rng.choice(2, number, p=[0.9, 0.1])
    return Data(8.0 * chosen[:, None] + rng.randn(number, 2), chosen)


def test_fresh_points_of_the_data_are_judged_perfect():
    found = own.judge(two_clusters(2000, 0), two_clusters(2000, 1).rows)
    assert found["auc"] == pytest.approx(0.5, abs=0.06)
    assert found["recall"] > 0.9
    assert found["rarest"] == pytest.approx(1, abs=0.25)
    assert found["least"] == min(found["rarest"], found["least"])


def test_a_missed_cluster_is_told():
    samples = two_clusters(2000, 1)
    found = own.judge(two_clusters(2000, 0), samples.rows[samples.clusters == 0])
    assert found["rarest"] == found["least"] == 0
    assert found["auc"] > 0.53


def test_the_library_is_given_known_rows_alone_and_samples_are_in_their_units():
    data = two_clusters(600, 0)
    known = 1000.0 + 50 * data.rows[own.number_unseen(data) :]
    made = {way: samples for way, _, samples in own.by_library(known, 500, own.WAYS)}
    assert set(made) == {"mixture", "density"}
    for samples in made.values():
        assert samples.shape == (500, 2)
        np.testing.assert_allclose(samples.mean(axis=0), known.mean(axis=0), rtol=0.03)


def test_the_librarys_samples_of_images_are_whole_numbers_in_the_images_range():
    rows = np.random.RandomState(0).randint(0, 17, (300, 4)).astype(np.uint8)
    rows[:, 1] = 3
    for _, _, samples in own.by_library(rows, 200, ["mixture", "density"]):
        np.testing.assert_array_equal(samples, np.rint(samples))
        assert (samples >= rows.min(axis=0)).all()
        assert (samples <= rows.max(axis=0)).all()


def test_peers_samples_have_the_datas_decimals_and_range(monkeypatch):
    known = np.array([[1, 0.25, 1e-5 / 3], [4, 17.99, 2e-7], [9, -0.1, 0.3]])
    monkeypatch.setattr(own.peers, "run", lambda way, known, number, seed: (3.0, known + 0.4321))
    ((way, seconds, samples),) = own.by_peers(known, 3, ["preset", "tvae"], 1)
    assert (way, seconds) == ("tvae", 3.0)
    np.testing.assert_array_equal(samples[:, 0], [1, 4, 9])
    np.testing.assert_array_equal(samples[:, 1], [0.68, 17.99, 0.33])
    np.testing.assert_array_equal(samples[:, 2], known[:, 2] + 0.4321)


def test_peers_that_have_not_been_made_are_refused_in_one_line(monkeypatch, tmp_path, capsys):
    missing = own.peers.ENVIRONMENT._replace(directory=str(tmp_path))
    monkeypatch.setattr(own.peers, "ENVIRONMENT", missing)
    with pytest.raises(SystemExit) as ended:
        own.main(["cancer", "--ways=preset,ctgan"])
    assert ended.value.code == 2
    said = capsys.readouterr()
    assert said.err == "error: --ways=ctgan: not set up here; `make peers` does it\n"
    assert said.out == ""


@pytest.mark.parametrize("text", ["table", "refined", "mixture,", ""])
def test_ways_that_there_are_not_are_refused(text):
    with pytest.raises(argparse.ArgumentTypeError, match="must be some of|needs preset"):
        own.ways_of(text)


def test_main_pys_seed_is_not_the_number_of_seeds(monkeypatch, capsys):
    asked = []
    monkeypatch.setattr(own, "by_program", lambda known, number, ways, flags: asked.append(flags))
    monkeypatch.setattr(own, "by_library", lambda *_: ())
    monkeypatch.setattr(own.itertools, "chain", lambda *_: ())
    monkeypatch.setattr(sys, "argv", ["own", "cancer", "--seed=7", "--steps=2"])
    own.main()
    assert asked == [["--seed=7", "--steps=2", "--seed=1"]]


def test_medians_have_a_cell_for_every_figure_of_any_table(tmp_path):
    """The first table has no clusters, so that its lines lack their figures."""
    lines = [
        {"table": "a", "way": "preset", "seed": 1, "auc": 0.5, "recall": 0.9, "seconds": 100.0},
        *(
            {"table": "b", "way": "preset", "seed": seed, "auc": auc, "recall": 0.8, "rarest": 1.0,
             "least": 0.75, "seconds": 60.0}
            for seed, auc in enumerate((0.6, 0.7, 0.9), 1)
        ),
    ]  # fmt: skip
    own.write(pandas.DataFrame(lines), str(tmp_path))
    assert (tmp_path / "own.md").read_text().splitlines()[2:] == [
        "| table | way | seeds | auc | recall | rarest | least | seconds |",
        "| --- | --- | --- | --- | --- | --- | --- | --- |",
        "| a | preset | 1 | 0.500 | 0.900 |  |  | 100 |",
        "| b | preset | 3 | 0.700 | 0.800 | 1.000 | 0.750 | 60 |",
    ]
    assert len(pandas.read_csv(str(tmp_path / "own.csv"))) == 4
