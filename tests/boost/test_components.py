"""Components and samplers on a fake engine: pools are drawn again, mixtures are mixed."""

import collections

import numpy as np
import pytest

from base.errors import Diverged
from base.streams import Purpose
from boost.sampler import Sampler
from evaluation.metrics import Metrics, Spread
from storage.state import State
from tests.boost import parts as small
from tests.fake_engine import FakeEngine

UNIFORM = np.full(640, 1 / 640)
NOTHING = Metrics(*[0.0] * 6)


def test_a_pool_is_drawn_again_from_its_checkpoint(tmp_path):
    made = small.Parts(FakeEngine(), tmp_path)
    component = made.components.train(2, UNIFORM)
    again = made.components.pool(2, component.checkpoint)
    for first, second in zip(component.pool, again):
        np.testing.assert_array_equal(first, second)
    assert [len(points) for points in again] == [10_000, small.SIZES.of_model]
    other = made.components.pool(3, component.checkpoint)  # of another component: other noise
    assert (other.for_discriminator != again.for_discriminator).any()


def test_a_component_learns_the_points_that_it_is_given(tmp_path):
    made = small.Parts(FakeEngine(), tmp_path)
    points = made.dataset.train_points(slice(None))
    right = points[:, 0] > np.median(points[:, 0])
    component = made.components.train(1, right / right.sum())
    mean = component.pool.for_discriminator.mean(axis=0)
    np.testing.assert_allclose(mean, points[right].mean(axis=0), atol=0.6)
    training = made.engine.trained[0]
    assert training.iterations == made.components.iterations == 2 * (640 // 32)
    assert training.model_dir == made.workdir.component(1)


def test_samples_that_are_no_numbers_are_tried_again_and_told(tmp_path):
    made = small.Parts(FakeEngine(lambda _, made: {"points": made["points"] * np.nan}), tmp_path)
    with pytest.raises(Diverged, match=r"Component 1/3: its samples are not finite.*2 initial"):
        made.components.train(1, UNIFORM)
    assert len(made.engine.trained) == 2


def test_a_sampler_mixes_the_components_as_they_weigh(tmp_path):
    made = small.Parts(FakeEngine(), tmp_path)
    points = made.dataset.train_points(slice(None))
    order = np.argsort(points[:, 0])
    paths = []
    for number, rows in enumerate((order[:64], order[-64:]), 1):
        weights = np.zeros(640)
        weights[rows] = 1 / 64
        paths.append(made.components.train(number, weights).checkpoint)
    Record = collections.namedtuple("Record", "checkpoint")
    records = [Record(path[len(made.workdir.path) + 1 :]) for path in paths]
    spread = Spread(NOTHING, NOTHING, NOTHING)
    state = State(small.SIZES, spread, "", "", (0.25, 0.75), tuple(records))
    sampler = Sampler(made.components, state)
    first = sampler.sample(4000, 3, Purpose.SAMPLE)
    np.testing.assert_array_equal(first, sampler.sample(4000, 3, Purpose.SAMPLE))
    middle = points[:, 0].mean()
    assert np.mean(first[:, 0] < middle) == pytest.approx(0.25, abs=0.05)
    assert (first != sampler.sample(4000, 4, Purpose.SAMPLE)).any()
