"""In a word, what a mixture is said to be worth."""

import math

import pytest

from tests.report.verdicts import PERFECT, TOY_PERFECT, band, of_table, of_toy, text


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
