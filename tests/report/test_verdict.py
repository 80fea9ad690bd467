"""What a mixture is said to be worth, why, and what to do next."""

import dataclasses
import math
import os
import re
import shlex

import pytest

from commands import settings
from evaluation.metrics import Metrics, Sizes, Spread
from report import verdict
from report.verdict import Circumstances
from tests.conftest import ROOT
from tests.storage.runs import make_state

TOY_PERFECT = Metrics(0.0, 0.9, 10, 0.99, 0.0, 0.97)
NAN = [math.nan] * 4
PERFECT = Metrics(
    -2.0, 0.9, *NAN, two_sample_auc=0.5, precision=0.8, recall=0.8, worst_column_ks=0.02, copying=1
)
SIMPLE = PERFECT._replace(two_sample_auc=0.6)
LONG = 10**5


def band(median, **ends):
    """A spread that is this wide, the lower end and the upper by figure."""
    low, high = ({name: pair[end] for name, pair in ends.items()} for end in (0, 1))
    return Spread(median, median._replace(**low), median._replace(**high))


def of_toy(perfect=TOY_PERFECT, there=10, workdir="run", iterations=LONG, **reached):
    """The verdict on a mixture that is like a perfect sampler but for some figures."""
    state = make_state(1)
    step = dataclasses.replace(state.steps[0], metrics=TOY_PERFECT._replace(**reached))
    state = dataclasses.replace(state, perfect=Spread(*[perfect] * 3), steps=(step,))
    return verdict.of_state(state, Circumstances(workdir, there, iterations))


def of_table(
    spread=None, simple=None, components=4, worst=(), iterations=LONG, held_out=2000, **reached
):
    """The same on own data."""
    state, spread = make_state(1), spread or Spread(*[PERFECT] * 3)
    metrics = spread.median._replace(**reached)
    state = dataclasses.replace(
        state,
        sizes=Sizes(held_out // 2, held_out // 4, held_out // 4, 2500),
        perfect=spread,
        simple=simple and Spread(*[simple] * 3),
        simple_components=components,
        steps=(dataclasses.replace(state.steps[0], metrics=metrics, worst=dict(worst)),),
    )
    return verdict.of_state(state, Circumstances("run", 0, iterations))


def text(told):
    return "\n".join(told.lines)


@pytest.mark.parametrize(
    ("auc", "word"),
    [
        (0.5, "excellent"),
        (0.55, "excellent"),
        (0.56, "good"),
        (0.65, "good"),
        (0.66, "fair"),
        (0.8, "fair"),
        (0.81, "poor"),
        (1.0, "poor"),
    ],
)
def test_the_word_for_own_data_is_by_how_well_samples_are_told(auc, word):
    told = of_table(two_sample_auc=auc)
    assert told.word == word
    assert told.lines[0].startswith(
        f"{word}: a classifier tells samples from your data {100 * auc:.0f} times in 100 "
        f"(a coin: 50, a perfect sampler's: 50)"
    )


@pytest.mark.parametrize(("auc", "word"), [(0.70, "excellent"), (0.71, "fair")])
def test_what_is_told_no_better_than_a_perfect_sampler_is_excellent(auc, word):
    """Of some hundred points; of fewer, everything would be."""
    wide = band(PERFECT, two_sample_auc=(0.3, 0.7))
    assert of_table(wide, two_sample_auc=auc).word == word
    assert "chance" not in text(of_table(wide, two_sample_auc=auc))
    few = of_table(wide, held_out=80, two_sample_auc=auc)
    assert few.word == "fair"
    assert "Only 80 points are held out to judge by" in text(few)


@pytest.mark.parametrize(
    ("name", "value", "word", "told"),
    [
        ("recall", 0.57, "excellent", False),
        ("recall", 0.55, "fair", True),
        ("copying", 0.71, "excellent", False),
        ("copying", 0.69, "fair", True),
        ("copying", math.nan, "excellent", False),  # of discrete data
    ],
)
def test_who_misses_or_copies_points_is_no_more_than_fair(name, value, word, told):
    sentence = {"recall": "parts of your data are missed", "copying": "the mixture copies"}[name]
    found = of_table(**{name: value})
    assert found.word == word
    assert (sentence in text(found).replace("Parts", "parts")) == told
    if told:
        assert sentence in found.lines[0]
    assert of_table(two_sample_auc=0.9, **{name: value}).word == "poor"


def test_shares_of_points_among_each_other_stand_beside_a_perfect_samplers():
    told = text(of_table(precision=0.7, recall=0.6))
    assert "60 % of your points lie among samples (a perfect sampler's: 80 %)" in told
    assert "70 % of the samples lie among your points (80 %)" in told


@pytest.mark.parametrize(
    ("names", "column", "pair"),
    [
        ({}, False, False),
        ({"column": "age"}, True, False),
        ({"column": "age", "first": "age", "second": "town=Ulm"}, True, True),
    ],
)
def test_the_worst_columns_are_named_where_there_are_some(names, column, pair):
    told = of_table(worst=names, worst_column_ks=0.123, worst_correlation=0.456).lines[0]
    assert ("; worst column: age, 0.12 apart" in told) == column
    assert ("; worst pair: age and town=Ulm, correlation off by 0.46" in told) == pair


@pytest.mark.parametrize(
    ("auc", "better", "worse"),
    [
        (0.7, "it is the better model here", "the GANs are"),
        (0.52, "the GANs are the better model", "it is the better"),
        (0.61, "as good, in seconds", "better"),
    ],
)
def test_a_simple_model_that_is_better_is_said_to_be(auc, better, worse):
    told = text(of_table(simple=SIMPLE, two_sample_auc=auc))
    assert "A Gaussian mixture (scikit-learn's, components: 4) is told 60 times in 100" in told
    assert better in told
    assert worse not in told


def test_a_simple_model_is_spoken_of_only_where_there_is_one():
    assert "Gaussian mixture" not in text(of_table())
    assert "components: 1)" in text(of_table(simple=SIMPLE, components=1))


@pytest.mark.parametrize(
    ("figures", "word"),
    [
        ({}, "excellent"),
        ({"log_p": -0.2}, "excellent"),
        ({"log_p": -0.21}, "good"),
        ({"log_p": -0.5}, "good"),
        ({"log_p": -0.51}, "fair"),
        ({"log_p": -2.5}, "fair"),
        ({"log_p": -2.6}, "poor"),
        ({"high_quality": 0.92}, "excellent"),
        ({"high_quality": 0.9}, "good"),
        ({"high_quality": 0.8}, "good"),
        ({"high_quality": 0.79}, "fair"),
        ({"high_quality": 0.5}, "fair"),
        ({"high_quality": 0.49}, "poor"),
        ({"modes": 9}, "fair"),
        ({"modes": 8}, "fair"),
        ({"modes": 7}, "poor"),
        ({"modes": 9, "log_p": -3.0}, "poor"),
    ],
)
def test_the_word_for_a_toy_is_by_modes_and_the_mass_on_them(figures, word):
    assert of_toy(**figures).word == word


@pytest.mark.parametrize("quality", [0.892, 0.468], ids=["5 dimensions", "10 dimensions"])
def test_a_perfect_sampler_is_excellent_in_any_dimension(quality):
    """Of a normal distribution less lies within three deviations the more dimensions it has."""
    perfect = TOY_PERFECT._replace(high_quality=quality)
    assert of_toy(perfect, high_quality=quality).word == "excellent"


def test_a_toys_modes_and_quality_are_the_first_reason():
    first = of_toy(there=25, high_quality=0.3).lines[0]
    assert first.startswith("poor: 10 of 25 modes; 30 % of the samples lie within three standard")
    assert "(a perfect sampler's: 99 %)" in first
    assert "classifier" not in text(of_toy())


LIKELIHOODS = {
    "less": "nats less likely",
    "as": "as likely as under samples of your data",
    "narrow": "the samples are too narrow, not better than perfect",
    "little": "says little here",
}


@pytest.mark.parametrize(
    ("log_p", "ends", "said"),
    [
        (-3.5, (-2.3, -1.7), "less"),
        (-2.1, (-2.3, -1.7), "as"),
        (-1.9, (-2.3, -1.7), "as"),
        (-1.0, (-2.3, -1.7), "narrow"),
        (-1.6, (-2.3, -1.7), "as"),  # above, as some of a perfect sampler's draws
        (-3.5, (-3.1, -1.0), "little"),
        (-0.5, (-3.1, -1.0), "little"),
        (-3.5, (-2.9, -1.0), "less"),
    ],
)
def test_log_p_is_measured_by_a_perfect_samplers_band(log_p, ends, said):
    told = text(of_table(band(PERFECT, log_p=ends), log_p=log_p))
    found = [name for name, sentence in LIKELIHOODS.items() if sentence in told]
    assert found == [said] * bool(said)


def test_gaps_are_in_nats():
    assert "Real points are 1.5 nats less likely" in text(of_table(log_p=-3.5))
    assert "(log_p -3.50, perfect sampler -2.00)" in text(of_table(log_p=-3.5))
    assert "Real points are 1.0 nats likelier" in text(of_table(log_p=-1.0))
    wide = band(PERFECT, log_p=(-30.0, 4.0))
    assert "log_p -9.00 says little here: a perfect sampler's own lies between -30.0 and 4.0" in (
        text(of_table(wide, log_p=-9.0))
    )


@pytest.mark.parametrize(
    ("reached", "perfect", "said"),
    [
        (0.95, 0.9, "C = 0.95, as a perfect sampler's."),
        (0.86, 0.9, "C = 0.86, as a perfect sampler's."),
        (0.96, 0.9, "above a perfect sampler's 0.90: mass lies"),
        (0.84, 0.9, "below a perfect sampler's 0.90: real points are missed"),
        (0.0, 0.0, "C = 0.00 says nothing here: a perfect sampler's is 0.00."),
        (0.9, 0.09, "C = 0.90 says nothing here: a perfect sampler's is 0.09."),
        (0.2, 0.11, "above a perfect sampler's 0.11"),
    ],
)
@pytest.mark.parametrize("own_data", [True, False])
def test_c_says_something_only_where_a_perfect_samplers_does(reached, perfect, said, own_data):
    if own_data:
        told = of_table(Spread(*[PERFECT._replace(coverage=perfect)] * 3), coverage=reached)
    else:
        told = of_toy(TOY_PERFECT._replace(coverage=perfect), coverage=reached)
    (sentence,) = [line for line in told.lines if line.startswith("C = ")]
    assert said in sentence


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
