"""Losses against their closed forms on a few logits."""

import numpy as np
import pytest
import tensorflow as tf

from model_fn import losses


def value(tensor_fn):
    with tf.Graph().as_default(), tf.Session() as session:
        return session.run(tensor_fn())


def vector(*logits):
    return tf.constant(np.array(logits, np.float32))


def test_discriminator_loss_of_an_undecided_discriminator_is_2_log_2():
    found = value(lambda: losses.discriminator_loss(vector(0, 0, 0, 0)))
    assert found == pytest.approx(2 * np.log(2), abs=1e-6)


def test_losses_are_the_cross_entropies_of_the_probabilities():
    real, generated = np.array([0.5, 2.0, -1.0, 0.0]), np.array([-0.5, 1.0, 3.0, 0.2])
    d_real, d_generated = 1 / (1 + np.exp(-real)), 1 / (1 + np.exp(-generated))
    expected = -np.log(d_real).mean() - np.log(1 - d_generated).mean()
    found = value(lambda: losses.discriminator_loss(vector(*real, *generated)))
    assert found == pytest.approx(expected, abs=1e-6)
    for objective, expected in (
        ("JS", np.log(1 - d_generated).mean()),
        ("JS_modified", -np.log(d_generated).mean()),
    ):
        found = value(lambda o=objective: losses.generator_loss(vector(*generated), o))
        assert found == pytest.approx(expected, abs=1e-6)


def test_losses_stay_finite_for_huge_logits():
    found = value(lambda: losses.discriminator_loss(vector(-1e4, 1e4)))
    assert found == pytest.approx(2e4)


def test_pairs_are_compared_as_their_difference():
    real, generated = np.array([0.5, 2.0, -1.0]), np.array([-0.5, 1.0, 3.0])
    expected = -np.log(1 / (1 + np.exp(generated - real))).mean()
    for found in (
        value(lambda: losses.discriminator_loss(vector(*real, *generated), "relativistic")),
        value(lambda: losses.relativistic_loss(vector(*real, *generated))),
    ):
        assert found == pytest.approx(expected, abs=1e-6)


def test_the_penalty_of_a_quadratic_is_its_squared_slope():
    points = np.random.RandomState(0).randn(6, 3).astype(np.float32)
    weights = np.array([1.0, -2.0, 0.5], np.float32)

    def penalty():
        inputs = tf.constant(points)
        return losses.gradient_penalty(tf.reduce_sum(weights * tf.square(inputs), axis=1), inputs)

    expected = np.square(2 * weights * points).sum(axis=1).mean()
    assert value(penalty) == pytest.approx(expected, rel=1e-6)
