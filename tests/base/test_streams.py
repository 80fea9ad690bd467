"""Keyed random streams: repeatable, apart from each other, and the same for ever."""

import itertools

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import kstest

from base import streams
from base.streams import Purpose

KEYS = st.tuples(
    st.integers(0, 2**32 - 1), st.sampled_from(Purpose), st.integers(0, 10**7), st.integers(0, 1000)
)


def first(key):
    return streams.generator(*key).random(4)


@given(KEYS)
def test_a_key_gives_its_numbers_again(key):
    np.testing.assert_array_equal(first(key), first(key))


@given(KEYS, KEYS)
def test_another_key_gives_other_numbers(one, other):
    assert (one == other) == np.array_equal(first(one), first(other))


def test_neighbouring_streams_are_independent_uniforms():
    keys = itertools.product([0, 1], [Purpose.COMPONENT_INDICES], [1, 2], range(5))
    drawn = np.array([streams.generator(*key).random(2000) for key in keys])
    assert kstest(drawn.ravel(), "uniform").pvalue > 0.001
    between = np.corrcoef(drawn) - np.eye(len(drawn))
    assert np.abs(between).max() < 4.5 / np.sqrt(2000)


PART_OF_EVERY_KEY = (
    "DATA_POINTS HELD_OUT_POINTS COMPONENT_INIT COMPONENT_INDICES COMPONENT_LATENT "
    "COMPONENT_SAMPLES DISCRIMINATOR_INIT DISCRIMINATOR_REAL DISCRIMINATOR_FAKE FOLDS "
    "MIXTURE_FOR_DISCRIMINATOR MIXTURE_FOR_EVALUATION PERFECT_SAMPLER SAMPLE EVALUATE PLOTS "
    "REFINEMENT_HALVES REFINEMENT_INIT REFINEMENT_TRAINING REFINEMENT_CAP"
)


def test_the_numbers_of_purposes_are_never_changed():
    for number, name in enumerate(PART_OF_EVERY_KEY.split(), 1):
        assert Purpose[name] == number
