"""The unrolled iteration against a plain NumPy rewrite of it, iteration by iteration."""

import dataclasses

import numpy as np
import pytest
import tensorflow as tf

from base import streams
from model_fn import gan, mixture_discriminator
from model_fn.settings import (
    GanSettings,
    MixtureDiscriminatorSettings,
    NetworkSettings,
    OptimizerSettings,
    activation,
)

SHAPE, BATCH = (2,), 16


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


class NumpyNetwork:
    """A fully connected network with its gradient by hand, in float64."""

    def __init__(self, values, scope, activation):
        names = [f"{scope}/layer{i}/{part}" for i in range(3) for part in ("kernel", "bias")]
        self.names = names
        self.parameters = [values[name].astype(np.float64) for name in names]
        self.activation = activation

    def copy(self):
        twin = NumpyNetwork.__new__(NumpyNetwork)
        twin.names, twin.activation = self.names, self.activation
        twin.parameters = [p.copy() for p in self.parameters]
        return twin

    def forward(self, x):
        self.inputs, self.outputs = [], []
        for i in range(0, 6, 2):
            self.inputs.append(x)
            x = x @ self.parameters[i] + self.parameters[i + 1]
            if i < 4:
                x = np.tanh(x) if self.activation == "tanh" else np.maximum(x, 0)
            self.outputs.append(x)
        return x

    def backward(self, gradient):
        """Gradients of the parameters, and of the input, from that of the output."""
        gradients = [None] * 6
        for layer in (2, 1, 0):
            if layer < 2:
                out = self.outputs[layer]
                gradient = gradient * ((1 - out**2) if self.activation == "tanh" else (out > 0))
            gradients[2 * layer] = self.inputs[layer].T @ gradient
            gradients[2 * layer + 1] = gradient.sum(axis=0)
            gradient = gradient @ self.parameters[2 * layer].T
        return gradients, gradient


class NumpyOptimizer:
    def __init__(self, kind, rate, beta1):
        self.kind, self.rate, self.beta1, self.t, self.m, self.v = kind, rate, beta1, 0, None, None

    def copy(self):
        twin = NumpyOptimizer(self.kind, self.rate, self.beta1)
        twin.t = self.t
        if self.m:
            twin.m, twin.v = [m.copy() for m in self.m], [v.copy() for v in self.v]
        return twin

    def step(self, parameters, gradients):
        self.t += 1
        if self.kind == "sgd":
            return [p - self.rate * g for p, g in zip(parameters, gradients)]
        self.m = self.m or [np.zeros_like(p) for p in parameters]
        self.v = self.v or [np.zeros_like(p) for p in parameters]
        self.m = [self.beta1 * m + (1 - self.beta1) * g for m, g in zip(self.m, gradients)]
        self.v = [0.999 * v + 0.001 * g**2 for v, g in zip(self.v, gradients)]
        rate = self.rate * np.sqrt(1 - 0.999**self.t) / (1 - self.beta1**self.t)
        return [p - rate * m / (np.sqrt(v) + 1e-8) for p, m, v in zip(parameters, self.m, self.v)]


class NumpyGan:
    """The published iteration, a step at a time, with a copied discriminator."""

    def __init__(self, values, settings, optimizer):
        kind = activation("auto", settings.unrolled)
        self.g, self.d = (NumpyNetwork(values, s, kind) for s in ("generator", "discriminator"))
        self.settings = settings
        self.d_opt = NumpyOptimizer(
            optimizer.optimizer, settings.d_learning_rate, optimizer.adam_beta1
        )
        self.g_opt = NumpyOptimizer(
            optimizer.optimizer, settings.g_learning_rate, optimizer.adam_beta1
        )

    @staticmethod
    def update_d(network, optimizer, real, fake):
        n = len(real)
        real_gradients, _ = network.backward(-sigmoid(-network.forward(real)) / n)
        fake_gradients, _ = network.backward(sigmoid(network.forward(fake)) / n)
        total = [a + b for a, b in zip(real_gradients, fake_gradients)]
        network.parameters = optimizer.step(network.parameters, total)

    def iterate(self, real, latent):
        real, latent = real.astype(np.float64), latent.astype(np.float64)
        for _ in range(self.settings.d_steps):
            self.update_d(self.d, self.d_opt, real, self.g.forward(latent))
        ahead, optimizer = self.d.copy(), self.d_opt.copy()
        for _ in range(self.settings.unrolling_steps if self.settings.unrolled else 0):
            self.update_d(ahead, optimizer, real, self.g.forward(latent))
        for _ in range(self.settings.g_steps):
            logits = ahead.forward(self.g.forward(latent))
            if self.settings.objective == "JS":
                gradient = -sigmoid(logits) / len(latent)
            else:
                gradient = -sigmoid(-logits) / len(latent)
            _, to_points = ahead.backward(gradient)
            gradients, _ = self.g.backward(to_points)
            self.g.parameters = self.g_opt.step(self.g.parameters, gradients)


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
