"""The unrolled iteration against a plain NumPy rewrite of it, iteration by iteration."""

import dataclasses

import numpy as np
import pytest
import tensorflow as tf

from base import streams
from model_fn import gan, mixture_discriminator
from model_fn.settings import GanSettings, NetworkSettings, OptimizerSettings
from tests.model_fn.numpy_gan import NumpyGan

SHAPE, BATCH = (2,), 16


def make_params(settings, optimizer, in_graph_loop=True, seed=0):
    network = NetworkSettings()
    rng = streams.generator(seed, streams.Purpose.COMPONENT_INIT, 1)
    values = gan.initial_values(settings, network, SHAPE, np.zeros(2), np.ones(2), rng)
    return gan.GanParams(
        gan=settings,
        network=network,
        optimizer=optimizer,
        shape=SHAPE,
        initial_values=values,
        iterations=100,
        in_graph_loop=in_graph_loop,
    )


def batches(iterations, seed=0):
    rng = np.random.RandomState(seed)
    real = (rng.randn(iterations, BATCH, 2) * 2 + 1).astype(np.float32)
    latent = rng.randn(iterations, BATCH, 5).astype(np.float32)
    return real, latent


def tensorflow_weights(params, real, latent, each=None):
    """All weights after each iteration of the model function, run one by one."""
    with tf.Graph().as_default(), tf.variable_scope("", use_resource=True):
        tf.train.create_global_step()
        features = {
            "real": tf.placeholder(tf.float32, real.shape[1:]),
            "latent": tf.placeholder(tf.float32, latent.shape[1:]),
        }
        spec = gan.model_fn(features, None, "train", {"params": params}, None)
        names = [v.op.name for v in tf.trainable_variables()]
        found = []
        with tf.Session() as session:
            session.run(tf.global_variables_initializer())
            spec.scaffold.init_fn(session)
            for one_real, one_latent in zip(real, latent):
                feeds = {features["real"]: one_real, features["latent"]: one_latent}
                session.run(spec.train_op, feeds)
                found.append(dict(zip(names, session.run(tf.trainable_variables()))))
            assert session.run(tf.train.get_global_step()) == len(real)
    return found


CASES = {
    "published": (GanSettings(), OptimizerSettings()),
    "adam": (GanSettings(d_learning_rate=0.01), OptimizerSettings(optimizer="adam")),
    "non-saturating": (GanSettings(objective="JS_modified"), OptimizerSettings()),
    "plain": (GanSettings(unrolled=False), OptimizerSettings()),
    "no look-ahead": (GanSettings(unrolling_steps=0), OptimizerSettings()),
    "more steps": (GanSettings(d_steps=2, g_steps=3), OptimizerSettings()),
    "more steps, adam": (GanSettings(d_steps=2, g_steps=2), OptimizerSettings(optimizer="adam")),
}


@pytest.mark.parametrize("case", sorted(CASES))
@pytest.mark.parametrize("in_graph_loop", [True, False])
def test_iterations_agree_with_numpy(case, in_graph_loop):
    """Float32 against float64: within 2e-5 over 20 iterations, over 10 with Adam.

    Adam divides by small numbers, so that differences of 1e-7 double with every iteration.
    """
    settings, optimizer = CASES[case]
    params = make_params(settings, optimizer, in_graph_loop)
    real, latent = batches(20 if optimizer.optimizer == "sgd" else 10)
    twin = NumpyGan(params.initial_values, settings, optimizer)
    for found, one_real, one_latent in zip(tensorflow_weights(params, real, latent), real, latent):
        twin.iterate(one_real, one_latent)
        for network in (twin.g, twin.d):
            for name, parameter in zip(network.names, network.parameters):
                np.testing.assert_allclose(found[name], parameter, atol=2e-5, err_msg=name)


def test_scaling_is_part_of_the_model_and_undone_on_the_way_out():
    """Trained on shifted and scaled data, the weights are those of the plain data."""
    params = make_params(GanSettings(), OptimizerSettings())
    shift, scale = np.array([100.0, -5.0]), np.array([4.0, 0.25])
    scaled = dict(params.initial_values)
    scaled["scaling/shift"], scaled["scaling/scale"] = (
        a.astype(np.float32) for a in (shift, scale)
    )
    real, latent = batches(5)
    plain = tensorflow_weights(params, real, latent)[-1]
    moved = tensorflow_weights(
        dataclasses.replace(params, initial_values=scaled),
        (real * scale + shift).astype(np.float32),
        latent,
    )[-1]
    for name, value in plain.items():
        np.testing.assert_allclose(moved[name], value, atol=2e-5, err_msg=name)


def test_every_component_has_the_same_graph():
    graphs = set()
    for seed in (1, 2):
        with tf.Graph().as_default() as graph:
            tf.train.create_global_step()
            features = {"real": tf.zeros((BATCH, 2)), "latent": tf.zeros((BATCH, 5))}
            params = make_params(GanSettings(), OptimizerSettings(), seed=seed)
            gan.model_fn(features, None, "train", {"params": params}, None)
            graphs.add(graph.as_graph_def().SerializeToString(deterministic=True))
    assert len(graphs) == 1


@pytest.mark.parametrize("model", [gan, mixture_discriminator])
def test_other_modes_are_refused(model):
    with pytest.raises(ValueError, match="mode must be train or infer, got 'eval'"):
        model.model_fn({}, None, "eval", {"params": None}, None)


def test_a_trainable_variable_of_no_network_is_refused():
    with tf.Graph().as_default():
        tf.train.create_global_step()
        tf.get_variable("stray", [1])
        features = {"real": tf.zeros((BATCH, 2)), "latent": tf.zeros((BATCH, 5))}
        params = make_params(GanSettings(), OptimizerSettings())
        with pytest.raises(ValueError, match="stray"):
            gan.model_fn(features, None, "train", {"params": params}, None)
