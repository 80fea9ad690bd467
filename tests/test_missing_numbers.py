"""A table that lacks numbers through all of main.py: trained, sampled, scored, exported, drawn."""

import json
import os

import numpy as np
import pandas
import pytest

from tests.commands.test_exported_model import READERS, read_again
from tests.conftest import ROOT, run_main
from tests.whole_runs import assert_one_line, drawn_by_the_example

SHARES = {"Bonn": 0.05, "Ulm": 0.7}
"""Of the incomes that are missing, by town."""


def people(number=3000):
    rng = np.random.RandomState(0)
    town = rng.choice(sorted(SHARES), number)
    lacking = rng.rand(number) < [SHARES[name] for name in town]
    return pandas.DataFrame(
        {
            "town": np.where(rng.rand(number) < 0.1, None, town),
            "income": np.where(lacking, np.nan, np.round(3000 + 500 * rng.randn(number))),
            "height": np.where(rng.rand(number) < 0.2, np.nan, 170 + 8 * rng.randn(number)),
            "never": np.nan,
        }
    )


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    """Where a run of two small components is, its data and 5000 samples."""
    directory = tmp_path_factory.mktemp("lacking")
    people().to_csv(directory / "x.csv", index=False)
    preset = f"--flagfile={os.path.join(ROOT, 'table.flags')}"
    flags = [
        *("--steps=2", "--iterations=1000", "--mixture_c_iterations=200", "--g_num_filters=32"),
        *("--d_num_filters=32", "--batch_size=64", "--averaged_generator=0.99"),
        *("--g_learning_rate=0.002", "--d_learning_rate=0.004", "--eval_points_num=200"),
        f"--workdir={directory}/run",
    ]
    refused = run_main(preset, f"--data_file={directory}/x.csv", *flags)
    assert "or --keep_missing keeps them" in assert_one_line(refused, 2)
    done = run_main(preset, f"--data_file={directory}/x.csv", "--keep_missing", *flags)
    assert (done.returncode, done.stderr) == (0, "")
    assert "where, is learned as a category is: column 'income' in" in done.stdout
    for ending in ("csv", "npy"):
        sample = ["--mode=sample", "--num_samples=5000", "--seed=5"]
        done = run_main(*sample, f"--output={directory}/new.{ending}", f"--workdir={directory}/run")
        assert (done.returncode, done.stderr) == (0, "")
    return directory


def test_samples_lack_numbers_as_often_as_the_data_and_where_they_do(place):
    data, new = people(), pandas.read_csv(place / "new.csv", float_precision="round_trip")
    assert list(new.columns) == list(data.columns)
    assert new["never"].isna().all()
    lacking, expected = new.isna().mean(), data.isna().mean()
    np.testing.assert_allclose(lacking, expected, atol=0.1)
    by_town = new["income"].isna().groupby(new["town"]).mean()
    assert by_town["Ulm"] - by_town["Bonn"] > 0.3
    assert (new["income"].dropna() % 1 == 0).all()
    for name in ("income", "height"):
        assert data[name].min() <= new[name].min() <= new[name].max() <= data[name].max()
        assert abs(new[name].mean() - data[name].mean()) < 0.4 * data[name].std()


def test_an_array_has_nan_and_the_number_of_the_empty_text(place):
    frame, rows = (
        pandas.read_csv(place / "new.csv", float_precision="round_trip"),
        np.load(str(place / "new.npy")),
    )
    np.testing.assert_array_equal(np.isnan(rows[:, 1:]), frame.isna().to_numpy()[:, 1:])
    with open(place / "new.npy.columns.json") as file:
        told = json.load(file)
    assert told[0]["categories"] == ["", "Bonn", "Ulm"]
    np.testing.assert_array_equal(rows[:, 0] == 0, frame["town"].isna())
    assert [column.get("missing") for column in told] == [None, True, True, True]


@pytest.mark.parametrize("form", sorted(READERS))
def test_exports_give_nan_where_samples_do(place, tmp_path, form):
    directory = str(tmp_path / form)
    flags = [f"--format={form}", f"--export_dir={directory}", "--seed=5"]
    done = run_main("--mode=export", *flags, f"--workdir={place}/run")
    assert (done.returncode, done.stderr) == (0, "")
    expected = np.load(os.path.join(directory, "expected.npy"))
    np.testing.assert_array_equal(expected, np.load(str(place / "new.npy")))
    again, _ = read_again(form, directory)
    assert (np.isnan(again) == np.isnan(expected)).mean() > 0.999
    assert np.isclose(again, expected, rtol=0, atol=1e-3, equal_nan=True).mean() > 0.999
    rows = drawn_by_the_example(directory, 60, tmp_path)
    assert {row["never"] for row in rows} == {None}
    assert 0 < sum(row["income"] is None for row in rows) < 60


def test_scores_are_numbers_and_the_report_names_what_is_missing(place):
    output = str(place / "draws.json")
    done = run_main("--mode=evaluate", f"--output={output}", f"--workdir={place}/run")
    assert (done.returncode, done.stderr) == (0, "")
    medians = pandas.read_json(output).median()
    for name in ("two_sample_auc", "recall", "worst_column_ks", "worst_correlation", "log_p"):
        assert np.isfinite(medians[name]), name
    assert medians["two_sample_auc"] < 0.75
    with np.load(place / "run" / "components" / "02" / "picture.npz") as saved:
        names = list(saved["view_names"])
        assert names[-2:] == ["income=missing", "height=missing"]
        assert [names[int(own)] for own in saved["view_gaps"][:, 0]] == ["income", "height"]


def test_other_gaps_are_other_data(place, tmp_path):
    frame = people()
    frame.loc[frame["income"].notna().idxmax(), "income"] = np.nan
    frame.to_csv(tmp_path / "x.csv", index=False)
    done = run_main("--mode=evaluate", f"--data_file={tmp_path}/x.csv", f"--workdir={place}/run")
    assert "its components are trained on other data" in assert_one_line(done, 2)
