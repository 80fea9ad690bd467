"""Components on the fake engine: what each is trained on, and its samples."""

import os

import numpy as np
import pytest

from base.errors import Diverged
from tests.boost import tables
from tests.boost.parts import SIZES, Parts
from tests.fake_engine import FakeEngine

POOL = 10_000
"""The fewest samples that mixture discriminators are trained with."""


def uniform(number):
    return np.full(number, 1 / number)


def test_a_component_learns_the_points_that_have_weight(tmp_path):
    parts = Parts(FakeEngine(), tmp_path)
    points = parts.dataset.train_points(np.arange(640))
    data_weights = np.zeros(640)
    data_weights[[3, 5]] = 0.75, 0.25
    made = parts.components.train(1, data_weights)
    (training,) = parts.engine.trained
    seen = next(training.stream.chunks(0, 40, 40))["real"].reshape(-1, 2)
    assert {tuple(point) for point in seen} == {tuple(points[3]), tuple(points[5])}
    assert np.mean(seen == points[3]) == pytest.approx(0.75, abs=0.05)
    np.testing.assert_allclose(
        np.concatenate(made.pool).mean(axis=0), 0.75 * points[3] + 0.25 * points[5], atol=0.5
    )


def test_iterations_are_epochs_of_whole_minibatches(tmp_path):
    parts = Parts(FakeEngine(), tmp_path, epochs=3, batch_size=96)
    parts.components.train(1, uniform(640))
    assert parts.engine.trained[0].iterations == parts.components.iterations == 3 * 6
    assert parts.engine.trained[0].model_dir == parts.workdir.component(1)
    assert parts.engine.trained[0].params.iterations == 18


def test_iterations_may_be_given_however_many_points_there_are(tmp_path):
    parts = Parts(FakeEngine(), tmp_path, iterations=7, epochs=3)
    parts.components.train(1, uniform(640))
    (training,) = parts.engine.trained
    assert training.iterations == training.params.iterations == parts.components.iterations == 7


def test_samples_come_out_as_the_data_could(tmp_path):
    """Whole visits within their range, one town each, prices in cents."""
    tables.write(tmp_path / "x.csv")
    parts = Parts(FakeEngine(), tmp_path, data_file=tmp_path / "x.csv")
    dataset, components = parts.dataset, parts.components
    assert dataset.columns.coordinate_names == tables.COORDINATES
    made = components.train(1, uniform(dataset.number))
    latent = np.random.RandomState(0).randn(3000, 6).astype(np.float32)
    drawn = [
        made.pool.for_discriminator,
        components.pool(1, made.checkpoint).for_evaluation,
        components.generator(1, made.checkpoint)(latent),
    ]
    learnt = tables.columns_of()
    for points in drawn:
        assert points.dtype == np.float32
        values = points.astype(float) * dataset.columns.scale + dataset.columns.shift
        visits, towns, price, height = values[:, 0], values[:, 1:4], values[:, 4], values[:, 5]
        np.testing.assert_allclose(visits, np.rint(visits), atol=1e-4)
        np.testing.assert_allclose(100 * price, np.rint(100 * price), atol=1e-3)
        np.testing.assert_allclose(np.sort(towns, axis=1), [[0, 0, 1]] * len(towns), atol=1e-6)
        for name, column in (("visits", visits), ("price", price), ("height", height)):
            assert learnt[name].min() - 1e-4 < column.min()
            assert column.max() < learnt[name].max() + 1e-4


def test_a_pool_has_a_part_for_the_discriminator_and_one_that_none_sees(tmp_path):
    pool = Parts(FakeEngine(), tmp_path).components.train(1, uniform(640)).pool
    assert pool.for_discriminator.shape == (POOL, 2)
    assert pool.for_evaluation.shape == (SIZES.of_model, 2)
    assert len(np.unique(np.concatenate(pool), axis=0)) == POOL + SIZES.of_model


def test_a_pool_is_drawn_again_from_the_checkpoint(tmp_path):
    made = Parts(FakeEngine(), tmp_path).components.train(2, uniform(640))
    components = Parts(FakeEngine(), tmp_path).components
    for one, again, other in zip(
        made.pool, components.pool(2, made.checkpoint), components.pool(3, made.checkpoint)
    ):
        np.testing.assert_array_equal(one, again)
        assert not np.any(one == other)  # of another component: other noise


def test_a_generator_maps_noise_through_the_checkpoint(tmp_path):
    parts = Parts(FakeEngine(), tmp_path)
    paths = [parts.components.train(number, uniform(640)).checkpoint for number in (1, 2)]
    latent = np.random.RandomState(0).randn(5000, 5).astype(np.float32)  # more than one batch
    learnt = parts.engine.learnt(paths[1])
    made = parts.components.generators(paths)[1](latent)
    expected = learnt["mean"] + learnt["deviation"] * latent[:, :2]
    np.testing.assert_allclose(made, expected, rtol=1e-5, atol=1e-5)


def test_initial_weights_are_a_components_own_and_repeatable(tmp_path):
    components = Parts(FakeEngine(), tmp_path).components
    drawn = [
        components.params(*which).initial_values["generator/layer0/kernel"]
        for which in ((1, 1), (1, 1), (1, 2), (2, 1), (2, 2))
    ]
    np.testing.assert_array_equal(drawn[0], drawn[1])
    for index, one in enumerate(drawn[1:]):
        assert not any(np.any(one == other) for other in drawn[index + 2 :])


def not_finite(times):
    """Makes the first trainings' samples no numbers."""
    left = [times]

    def spoil(training, predictions):
        left[0] -= 1
        points = predictions["points"].copy()
        points[7] = np.nan if left[0] >= 0 else points[7]
        return {"points": points}

    return spoil


def test_samples_that_are_no_numbers_lead_to_other_initial_weights(tmp_path):
    parts = Parts(FakeEngine(not_finite(1)), tmp_path)
    made = parts.components.train(1, uniform(640))
    assert made.initialisations == 2
    assert np.isfinite(made.pool.for_discriminator).all()
    first, second = parts.engine.trained
    assert second.model_dir == os.path.join(first.model_dir, "initialisation_2")
    assert made.checkpoint.startswith(second.model_dir + os.sep)
    kernels = [each.params.initial_values["generator/layer0/kernel"] for each in (first, second)]
    assert not np.array_equal(*kernels)


def test_samples_that_are_never_numbers_end_it(tmp_path):
    parts = Parts(FakeEngine(not_finite(2)), tmp_path)
    with pytest.raises(Diverged, match=r"^Component 1/3: its samples are not finite; lower"):
        parts.components.train(1, uniform(640))
    assert len(parts.engine.trained) == 2
