"""Networks beyond the published ones: frequencies, initialisation, convolutions, averages."""

import dataclasses

import numpy as np
import pytest
import tensorflow as tf

from base import streams
from model_fn import gan, networks, optimizers
from model_fn.settings import GanSettings, NetworkSettings, OptimizerSettings


def run(tensor):
    with tf.Session() as session:
        session.run(tf.global_variables_initializer())
        return session.run(tensor)


def test_frequencies_are_sines_and_cosines_of_octaves_each_of_half_the_power():
    points = np.random.RandomState(0).randn(50, 3).astype(np.float32)
    settings = NetworkSettings(d_num_filters=4, d_frequencies=4)
    network = networks.discriminator(settings, (3,), True)
    assert network.layers[0].kernel == (3 * 9, 4)
    with tf.Graph().as_default():
        found = run(network._with_frequencies(tf.constant(points)))
    expected = [points]
    for octave in range(4):
        angle = 2**octave * np.pi * points.astype(np.float64) / 2
        expected += [np.sin(angle) / np.sqrt(2**octave), np.cos(angle) / np.sqrt(2**octave)]
    np.testing.assert_allclose(found, np.concatenate(expected, axis=1), atol=2e-5)


def test_signs_of_the_latent_noise_join_it_and_part_what_is_continuous():
    latent = np.random.RandomState(0).randn(50, 3).astype(np.float32)
    settings = NetworkSettings(g_num_filters=4, g_num_layers=1, latent_signs=2)
    network = networks.generator(dataclasses.replace(settings, latent_space_dim=3), (2,), False)
    values = network.initial_values("g", np.random.default_rng(0))
    with tf.Graph().as_default():
        found = run(
            network.apply([tf.constant(value) for value in values.values()], tf.constant(latent))
        )
    kernel, bias, last, end = values.values()
    hidden = np.maximum(np.concatenate([latent, np.sign(latent[:, :2])], axis=1) @ kernel + bias, 0)
    np.testing.assert_allclose(found, hidden @ last + end, atol=1e-5)


def test_he_initialisation_keeps_the_variance():
    settings = NetworkSettings(d_num_filters=256, d_num_layers=3, initialisation="he")
    network = networks.discriminator(settings, (64,), False)
    values = network.initial_values("d", np.random.default_rng(0))
    assert values["d/layer1/kernel"].std() == pytest.approx(np.sqrt(2 / 256), rel=0.02)
    assert abs(values["d/layer0/bias"]).max() <= 1
    assert values["d/layer0/bias"].std() == pytest.approx(1 / np.sqrt(3), rel=0.2)
    assert not values["d/layer1/bias"].any()


@pytest.mark.parametrize("shape", [(8, 8), (28, 28), (8, 12, 3)])
def test_convolutional_networks_map_noise_to_images_and_images_to_logits(shape):
    settings = NetworkSettings(network="dcgan", latent_space_dim=7)
    make = networks.generator(settings, shape, False)
    tell = networks.discriminator(settings, shape, False)
    with tf.Graph().as_default():
        images = make.apply(make.create_parameters("g"), tf.ones((5, 7)))
        assert images.shape.as_list() == [5, int(np.prod(shape))]
        assert tell.logits(tell.create_parameters("d"), images).shape.as_list() == [5]
        free = tf.placeholder(tf.float32, [None, 7])
        with tf.variable_scope("", reuse=True):
            points = make.apply(make.create_parameters("g"), free)
        with tf.Session() as session:
            session.run(tf.global_variables_initializer())
            assert session.run(points, {free: np.ones((3, 7))}).shape == (3, np.prod(shape))


def test_learning_rates_stay_then_fall_to_zero():
    settings = OptimizerSettings(learning_rate_decay="linear")
    with tf.Graph().as_default(), tf.variable_scope("", use_resource=True):
        step = tf.train.create_global_step()
        rate = optimizers.decay(settings, 100)
        found = []
        with tf.Session() as session:
            for number in (0, 50, 75, 99, 100):
                step.load(number, session)
                found.append(session.run(rate))
    np.testing.assert_allclose(found, [1, 1, 0.5, 0.02, 0], atol=1e-6)


def test_samples_come_from_the_running_mean_of_the_generator():
    network, shape = NetworkSettings(), (2,)
    settings = GanSettings(averaged_generator=0.9, g_learning_rate=0.5)
    rng = streams.generator(0, streams.Purpose.COMPONENT_INIT, 1)
    values = gan.initial_values(settings, network, shape, np.zeros(2), np.ones(2), rng)
    params = gan.GanParams(
        gan=settings,
        network=network,
        optimizer=OptimizerSettings(),
        shape=shape,
        initial_values=values,
        iterations=100,
        in_graph_loop=True,
    )
    rng = np.random.RandomState(0)
    with tf.Graph().as_default(), tf.variable_scope("", use_resource=True):
        tf.train.create_global_step()
        features = {
            "real": tf.placeholder(tf.float32, (16, 2)),
            "latent": tf.placeholder(tf.float32, (16, 5)),
        }
        spec = gan.model_fn(features, None, "train", {"params": params}, None)
        by_name = {v.op.name: v for v in tf.global_variables()}
        name = "generator/layer1/kernel"
        expected = values[name].astype(np.float64)
        with tf.Session() as session:
            session.run(tf.global_variables_initializer())
            spec.scaffold.init_fn(session)
            for _ in range(5):
                feeds = {features["real"]: rng.randn(16, 2), features["latent"]: rng.randn(16, 5)}
                session.run(spec.train_op, feeds)
                expected = 0.9 * expected + 0.1 * session.run(by_name[name])
            found = session.run(by_name["generator_average/layer1/kernel"])
    np.testing.assert_allclose(found, expected, atol=1e-6)
