"""C and log_p against their definition, and whatever a model gives."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evaluation import coverage
from tests.evaluation.test_kde import peer_density


def test_published_metric_agrees_with_its_definition_on_scikit_learn():
    rng = np.random.RandomState(0)
    samples, validation, real = rng.randn(400, 2), rng.randn(200, 2), rng.randn(200, 2) * 1.3
    likelihood, density = coverage.evaluate(samples, validation, real)
    peer = peer_density(samples, density.bandwidth)
    threshold = np.percentile(peer.score_samples(samples), 5)
    expected = np.mean(peer.score_samples(real) > threshold)
    assert likelihood.coverage == pytest.approx(expected)
    assert likelihood.log_p == pytest.approx(peer.score_samples(real).mean())


def test_a_collapsed_model_is_scored_and_not_a_crash():
    samples = np.zeros((100, 2))
    likelihood, density = coverage.evaluate(samples, samples[:50], np.ones((50, 2)))
    assert density.bandwidth > 0
    assert likelihood.coverage == 0
    assert likelihood.log_p < -1e6


@pytest.mark.filterwarnings("error")
@settings(max_examples=40)
@given(st.floats(-29, 30), st.booleans())
def test_scores_do_not_depend_on_the_units(exponent, collapsed):
    """Of no size that data files may have; log_p moves by the volume of a unit."""
    rng, unit = np.random.RandomState(0), 10.0**exponent
    samples, validation, real = rng.randn(60, 2), rng.randn(30, 2), rng.randn(40, 2)
    if collapsed:
        samples, validation = np.full((60, 2), 0.7), np.full((30, 2), 0.7)
    expected, _ = coverage.evaluate(samples, validation, real)
    found, _ = coverage.evaluate(unit * samples, unit * validation, unit * real)
    assert found.coverage == expected.coverage
    assert found.log_p == pytest.approx(expected.log_p - 2 * np.log(unit), rel=1e-6)
