"""Why a mixture gets its word: what is said of its figures, each beside a perfect sampler's."""

import pytest

from evaluation.metrics import Spread
from tests.report.verdicts import PERFECT, SIMPLE, TOY_PERFECT, band, of_table, of_toy, text


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
    assert (
        "A Gaussian mixture (scikit-learn's, components: 4) is told from your data 60 times in "
        f"100, the GANs' samples {100 * auc:.0f}: "
    ) in told
    assert better in told
    assert worse not in told


def test_a_simple_model_is_spoken_of_only_where_there_is_one():
    assert "Gaussian mixture" not in text(of_table())
    assert "components: 1)" in text(of_table(simple=SIMPLE, components=1))


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
