"""A mixture discriminator against a plain NumPy rewrite of it."""

import numpy as np
import pytest
import tensorflow as tf

from base import streams
from model_fn import mixture_discriminator
from model_fn.settings import MixtureDiscriminatorSettings, NetworkSettings, OptimizerSettings
from tests.model_fn.numpy_gan import NumpyGan, NumpyNetwork, NumpyOptimizer

SHAPE, BATCH = (2,), 16


@pytest.mark.parametrize("folds", [1, 2])
def test_mixture_discriminator_learns_each_fold_alone(folds):
    """Against the NumPy network: a fold is trained as if it were the only one."""
    settings = MixtureDiscriminatorSettings(mixture_c_folds=folds)
    network, optimizer = NetworkSettings(), OptimizerSettings()
    rng = streams.generator(0, streams.Purpose.DISCRIMINATOR_INIT, 2)
    values = mixture_discriminator.initial_values(
        settings, network, True, SHAPE, np.zeros(2), np.ones(2), rng
    )
    params = mixture_discriminator.MixtureDiscriminatorParams(
        discriminator=settings,
        network=network,
        optimizer=optimizer,
        shape=SHAPE,
        unrolled=True,
        initial_values=values,
        iterations=100,
    )
    rng = np.random.RandomState(1)
    real, generated = (
        rng.randn(10, folds, BATCH, 2).astype(np.float32),
        rng.randn(10, folds, BATCH, 2).astype(np.float32) + 1,
    )
    probe = rng.randn(7, 2).astype(np.float32)
    with tf.Graph().as_default(), tf.variable_scope("", use_resource=True) as scope:
        tf.train.create_global_step()
        features = {
            "real": tf.placeholder(tf.float32, real.shape[1:]),
            "generated": tf.placeholder(tf.float32, real.shape[1:]),
        }
        given = {"params": params}
        train = mixture_discriminator.model_fn(features, None, "train", given, None)
        scope.reuse_variables()
        predict = mixture_discriminator.model_fn(
            {"points": tf.constant(probe)}, None, "infer", given, None
        )
        with tf.Session() as session:
            session.run(tf.global_variables_initializer())
            train.scaffold.init_fn(session)
            for one_real, one_generated in zip(real, generated):
                feeds = {features["real"]: one_real, features["generated"]: one_generated}
                session.run(train.train_op, feeds)
            logits = session.run(predict.predictions["logits"])
    assert logits.shape == (7, folds)
    for fold in range(folds):
        twin = NumpyNetwork(values, f"mixture_discriminator/fold{fold}", "tanh")
        learner = NumpyOptimizer("sgd", settings.learning_rate, 0)
        for one_real, one_generated in zip(real[:, fold], generated[:, fold]):
            NumpyGan.update_d(twin, learner, one_real.astype(float), one_generated.astype(float))
        np.testing.assert_allclose(logits[:, fold], twin.forward(probe)[:, 0], atol=1e-5)
