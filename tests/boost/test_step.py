"""Algorithm 1 on a fake engine: each step's figures against the formulas, by hand."""

import numpy as np
import pytest

from base import streams
from base.streams import Purpose
from boost import meta_algorithms, step
from boost.mixture import Mixture, Pool
from boost.step import Parts
from evaluation import metrics
from input_fn.fixed import FixedInput
from tests.boost import parts as small
from tests.fake_engine import FakeEngine


def parts_of(made, meta_algorithm=None):
    return Parts(
        meta_algorithm=meta_algorithm or meta_algorithms.make(made.boost, made.scorer),
        discriminators=made.discriminators,
        components=made.components,
        scorer=made.scorer,
        seed=7,
    )


def star(ratios, beta):
    """Theorem 1 by bisection for lambda*."""
    low, high = 0.0, 1.0 + ratios.max()
    for _ in range(200):
        middle = (low + high) / 2
        total = np.maximum(middle - (1 - beta) * ratios, 0).sum() / (beta * len(ratios))
        low, high = (middle, high) if total < 1 else (low, middle)
    weights = np.maximum(low - (1 - beta) * ratios, 0)
    return weights / weights.sum()


def beside_the_data(training, predictions):
    """Components produce half of the data too seldom."""
    if "points" in predictions:
        return {"points": predictions["points"] + np.float32([9, 0])}
    return predictions


@pytest.fixture(scope="module")
def two_steps(tmp_path_factory):
    made = small.Parts(FakeEngine(beside_the_data), tmp_path_factory.mktemp("run"))
    first = step.boosting_step(1, None, made.dataset.number, parts_of(made))
    return made, first, step.boosting_step(2, first.mixture, made.dataset.number, parts_of(made))


def test_the_first_component_has_the_data_as_they_are_and_all_the_weight(two_steps):
    made, first, _ = two_steps
    assert first.fitted is None
    np.testing.assert_array_equal(first.reweighting.data_weights, np.full(640, 1 / 640))
    assert (first.beta, first.mixture.weights) == (1.0, [1.0])
    assert first.component.initialisations == 1


def test_discriminator_then_component_then_mixture(two_steps):
    made, _, second = two_steps
    models = [training.model_fn.__module__.split(".")[-1] for training in made.engine.trained]
    assert models == ["gan", "mixture_discriminator", "gan"]
    assert second.beta == 0.5
    assert second.mixture.weights == [0.5, 0.5]
    assert second.mixture.pools[1] is second.component.pool


def test_data_weights_are_those_of_theorem_1_for_the_discriminators_ratios(two_steps):
    made, _, second = two_steps
    points = made.dataset.train_points(slice(None))
    params = made.engine.trained[1].params
    asked = FixedInput("points", (2,), [points])
    model_fn, checkpoint = made.engine.trained[1].model_fn, second.fitted.checkpoint
    logits = made.engine.predict(model_fn, checkpoint, params, asked)["logits"][:, 0]
    expected = star(np.exp(-logits.astype(float)), 0.5)
    np.testing.assert_allclose(second.reweighting.data_weights, expected, atol=1e-12)


def test_the_component_is_trained_on_these_weights(two_steps):
    """Its minibatches hold no point of weight 0, and heavy points more often."""
    made, _, second = two_steps
    weights = second.reweighting.data_weights
    stream, iterations = made.engine.trained[2].stream, made.engine.trained[2].iterations
    drawn = np.concatenate([part["real"] for part in stream.chunks(0, iterations, 1000)])
    rows = {
        point.tobytes(): row for row, point in enumerate(made.dataset.train_points(slice(None)))
    }
    counts = np.bincount([rows[p.tobytes()] for p in drawn.reshape(-1, 2)], minlength=640)
    assert (weights == 0).any()
    assert not counts[weights == 0].any()
    heavy = weights > np.median(weights)
    assert counts[heavy].sum() == pytest.approx(counts.sum() * weights[heavy].sum(), rel=0.1)


def test_figures_come_from_samples_that_no_discriminator_saw(two_steps):
    made, _, second = two_steps
    rng = streams.generator(7, Purpose.MIXTURE_FOR_EVALUATION, 2)
    drawn = second.mixture.for_evaluation(small.SIZES.of_model, rng)
    scored = metrics.score(drawn.astype(float), made.scorer.real, small.SIZES, made.scorer.truth)
    np.testing.assert_array_equal(scored.metrics, second.scored.metrics)
    seen = {point.tobytes() for pool in second.mixture.pools for point in pool.for_discriminator}
    assert not seen & {point.tobytes() for point in drawn}


def test_where_nothing_is_reweighted_no_discriminator_is_trained(tmp_path):
    made = small.Parts(FakeEngine(), tmp_path, meta_algorithm="ensemble")
    pools = Mixture([Pool(np.zeros((700, 2)), np.zeros((700, 2)))], [1.0])
    done = step.boosting_step(2, pools, 640, parts_of(made))
    assert done.fitted is None
    assert len(made.engine.trained) == 1
    assert done.mixture.weights == [0.5, 0.5]


def test_topk_last_tells_the_data_from_the_last_component(tmp_path):
    made = small.Parts(FakeEngine(), tmp_path, meta_algorithm="topk_last", topk_constant=0.25)
    noise = 10 * np.random.RandomState(0).randn(2, 11_000, 2).astype(np.float32)
    pools = [Pool(part[:10_000], part[10_000:]) for part in noise]
    done = step.boosting_step(3, Mixture(pools, [0.5, 0.5]), 640, parts_of(made))
    seen = next(made.engine.trained[0].stream.chunks(0, 40, 40))["generated"].reshape(-1, 2)
    last = {point.tobytes() for point in pools[1].for_discriminator}
    assert {point.tobytes() for point in seen} <= last
    assert np.count_nonzero(done.reweighting.data_weights) == 160
    assert done.mixture.weights == pytest.approx([1 / 3] * 3)
