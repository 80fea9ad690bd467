"""A run's mixture scored again: what is printed is what is written, and both are the mixture's."""

import json
import os
import re

import numpy as np
import pytest

from base.errors import UsageError
from commands import evaluate, train
from storage.workdir import Workdir
from tests.boost import tables
from tests.commands.calls import call, settings, simple_at


def evaluated(run, explicit=None, **command):
    evaluate.evaluate(call("evaluate", run, **command), explicit or {})


def test_twenty_draws_are_written_and_their_medians_printed(run, caplog):
    path = os.path.join(os.path.dirname(run), "draws.json")
    evaluated(run, output=path)
    with open(path) as file:
        draws = json.load(file)
    assert len(draws) == 20
    first, modes, medians, perfect = caplog.messages[-4:]
    assert first == f"Evaluating: log_p={draws[0]['log_p']:.3f}, C={draws[0]['coverage']:.3f}"
    assert modes.startswith(f"  modes={draws[0]['modes']:.0f}/3, ")
    low, middle, high = np.percentile([draw["log_p"] for draw in draws], [5, 50, 95])
    assert medians.startswith(f"Median of 20 draws: log_p={middle:.2f} [{low:.2f}, {high:.2f}], C=")
    yardstick = Workdir(run).read_state().perfect.median.log_p
    assert perfect.startswith(f"Perfect sampler: log_p={yardstick:.2f} [")


def test_the_committed_figures_lie_among_the_draws(run, tmp_path):
    """The same mixture on other samples: the figures of the run are one draw more."""
    evaluated(run, output=str(tmp_path / "draws.json"))
    draws = json.loads((tmp_path / "draws.json").read_text())
    log_p = [draw["log_p"] for draw in draws]
    committed = Workdir(run).read_state().steps[-1].metrics
    spread = max(log_p) - min(log_p)
    assert min(log_p) - spread < committed.log_p < max(log_p) + spread
    assert abs(np.mean([draw["high_quality"] for draw in draws]) - committed.high_quality) < 0.1


def test_figures_of_an_unknown_truth_are_null_and_not_printed(engine, tmp_path, caplog):
    np.save(str(tmp_path / "x.npy"), np.random.RandomState(0).randn(400, 3))
    given = settings(dataset="file", data_file=str(tmp_path / "x.npy"), steps=1)
    train.train(call("train", tmp_path / "run"), given)
    evaluated(str(tmp_path / "run"), output=str(tmp_path / "draws.json"))
    text = (tmp_path / "draws.json").read_text()
    assert "NaN" not in text
    assert json.loads(text)[0]["modes"] is None
    assert not re.search("modes|nan", "\n".join(caplog.messages[-3:]))


def test_other_settings_and_endings_are_refused(run, engine):
    with pytest.raises(UsageError, match="--gmm_modes_num=4: the run in"):
        evaluated(run, {"gmm_modes_num": 4})
    with pytest.raises(UsageError, match="needs a file that ends in .json"):
        evaluated(run, output="x.csv")
    assert engine.asked == []


def test_seven_draws_of_a_table_are_judged(table, table_made_once, tmp_path, caplog):
    given = {"data_file": str(table_made_once / "x.csv")}
    evaluated(table, given, output=str(tmp_path / "draws.json"))
    draws = json.loads((tmp_path / "draws.json").read_text())
    assert [draw["two_sample_auc"] is not None for draw in draws] == [True] * 7 + [False] * 13
    middle = np.median([draw["two_sample_auc"] for draw in draws[:7]])
    medians, perfect = [x for x in caplog.messages if x.startswith(("Median of", "Perfect"))]
    assert f"two_sample_auc={middle:.3f} [" in medians
    committed = Workdir(table).read_state()
    assert abs(middle - committed.steps[-1].metrics.two_sample_auc) < 0.15
    assert f"two_sample_auc={committed.perfect.median.two_sample_auc:.3f} [" in perfect


def test_a_simple_model_that_tables_samples_lose_to_is_named_last(table, table_made_once, caplog):
    simple_at(table, 0.2)
    evaluated(table, {"data_file": str(table_made_once / "x.csv")})
    (line,) = [message for message in caplog.messages if "Gaussian mixture" in message]
    assert line == caplog.messages[-1]
    assert "is told from your data 20 times in 100, the GANs' samples " in line
    assert "it is the better model here" in line
    caplog.clear()
    simple_at(table, 1.2)
    evaluated(table, {"data_file": str(table_made_once / "x.csv")})
    assert "Gaussian mixture" not in caplog.text


def test_the_data_of_a_table_must_be_there_and_the_same(table, tmp_path):
    path = tmp_path / "y.csv"
    with pytest.raises(UsageError, match="y.csv: No such file"):
        evaluated(table, {"data_file": str(path)})
    tables.write(path, seed=1)
    with pytest.raises(UsageError, match="^--data_file=.*y.csv: .* trained on other data"):
        evaluated(table, {"data_file": str(path)})
