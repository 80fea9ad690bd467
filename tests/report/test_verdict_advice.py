"""What to do next with a mixture: commands to paste, settings that are there."""

import os
import re
import shlex

import pytest

from commands import settings
from report import verdict
from tests.conftest import ROOT
from tests.report.verdicts import SIMPLE, of_table, of_toy


def commands_in(advice):
    """Each command of it, as a shell divides it."""
    return [shlex.split(part) for part in re.findall(r"python main\.py .*?(?= tells|$)", advice)]


@pytest.mark.parametrize("workdir", ["run", "my runs/it's $HOME", "wörk [1] \\x *", ""])
def test_an_excellent_mixture_is_to_be_sampled_by_a_command_to_paste(workdir):
    command = ["--mode=sample", f"--workdir={workdir}", "--output=samples.csv"]
    assert commands_in(of_toy(workdir=workdir).advice) == [["python", "main.py", *command]]


@pytest.mark.parametrize("workdir", ["run", "my runs/it's $HOME"])
def test_another_is_to_be_refined(workdir):
    advice = of_toy(workdir=workdir, log_p=-1.0).advice
    command = ["--mode=evaluate", "--refine", f"--workdir={workdir}"]
    assert commands_in(advice) == [["python", "main.py", *command]]
    assert "train longer" in advice


@pytest.mark.parametrize(
    ("iterations", "log_p", "is_short"),
    [(2999, -1.0, True), (3000, -1.0, False), (2999, 0.0, False), (0, -1.0, False)],
)
def test_who_trained_for_a_moment_is_to_train_longer_unless_all_is_well(
    iterations, log_p, is_short
):
    advice = of_toy(iterations=iterations, log_p=log_p).advice
    assert (f"trained {iterations} iterations each" in advice) == is_short


@pytest.mark.parametrize(
    ("told", "preset"),
    [
        (of_toy(iterations=10, log_p=-1.0), "quality.flags"),
        (of_table(iterations=10, two_sample_auc=0.9), "table.flags"),
    ],
)
def test_settings_that_are_recommended_are_there(told, preset):
    assert f"--flagfile={preset} " in told.advice
    assert os.path.isfile(os.path.join(ROOT, preset))


def test_advice_names_no_flag_that_is_none():
    known = {field.name for _, field in settings.options()} | {"flagfile"}
    for told in (of_toy(), of_toy(log_p=-1.0), of_table(iterations=10, two_sample_auc=0.9)):
        assert set(re.findall(r"--(\w+)", told.advice)) <= known


def test_a_run_ends_with_the_word_the_advice_and_where_to_read_more():
    told = of_table(two_sample_auc=0.9)
    assert verdict.summary(told, "run/report.html") == (
        told.lines[0],
        told.advice,
        "Report: run/report.html",
    )


@pytest.mark.parametrize("auc", [0.7, 0.61])
def test_a_run_ends_with_the_simple_model_where_that_does_as_well(auc):
    """In the words of the report, under the word."""
    told = of_table(simple=SIMPLE, two_sample_auc=auc)
    first, simpler, advice, _ = verdict.summary(told, "run/report.html")
    assert (first, advice) == (told.lines[0], told.advice)
    assert simpler in told.reasons
    assert simpler.startswith("A Gaussian mixture ")


def test_a_run_ends_without_the_simple_model_where_the_gans_are_better():
    told = of_table(simple=SIMPLE, two_sample_auc=0.55)
    assert "Gaussian" not in "".join(verdict.summary(told, "run/report.html"))
