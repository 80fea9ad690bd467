"""Fresh samples of a committed mixture, each from the component that was drawn for it."""

from types import SimpleNamespace

import numpy as np
import pytest
from scipy.stats import chisquare

from base.streams import Purpose
from boost.sampler import Sampler
from tests.boost.parts import Parts
from tests.fake_engine import FakeEngine

SHARES = (0.5, 0.2, 0.3)


@pytest.fixture
def sampler(tmp_path):
    """Of three components, each of one point far from the others' and noise about it."""
    parts = Parts(FakeEngine(), tmp_path)
    records = []
    for number in (1, 2, 3):
        data_weights = np.zeros(640)
        data_weights[number] = 1
        checkpoint = parts.components.train(number, data_weights).checkpoint
        parts.engine.teach(checkpoint, mean=[100.0 * number, 0.0], deviation=1.0)
        inside = checkpoint[len(parts.workdir.path) + 1 :]  # as states name it
        records.append(SimpleNamespace(checkpoint=inside))
    state = SimpleNamespace(steps=records, mixture_weights=SHARES)
    return Sampler(parts.components, state)


def components_of(points):
    return np.rint(points[:, 0] / 100).astype(int) - 1


def test_components_give_their_share_of_independent_samples(sampler):
    points = sampler.sample(5000, 3, Purpose.SAMPLE)
    assert (points.shape, points.dtype) == ((5000, 2), np.float32)
    counts = np.bincount(components_of(points), minlength=3)
    assert chisquare(counts, 5000 * np.array(SHARES)).pvalue > 1e-3
    assert len(np.unique(points, axis=0)) == 5000


def test_the_same_seed_and_purpose_give_the_same_samples(sampler):
    drawn = sampler.sample(50, 3, Purpose.SAMPLE)
    np.testing.assert_array_equal(sampler.sample(50, 3, Purpose.SAMPLE), drawn)
    for other in ((4, Purpose.SAMPLE), (3, Purpose.EVALUATE)):
        both = np.concatenate([sampler.sample(50, *other), drawn])
        assert len(np.unique(both, axis=0)) == 100


def test_each_point_is_its_components_image_of_its_noise(sampler):
    drawn = sampler.draw(1000, np.random.default_rng(0))
    points = sampler.points(drawn)
    np.testing.assert_array_equal(components_of(points), drawn.components)
    means = np.array([[100.0, 0.0], [200.0, 0.0], [300.0, 0.0]])[drawn.components]
    np.testing.assert_allclose(points, means + drawn.latent[:, :2], atol=1e-4)
