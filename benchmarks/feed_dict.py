"""The published way of training, written anew: a Session.run with feed_dict for each part.

As AdaGAN's public code (2017) and its Ascend port run it: the discriminator copied into a second
set of variables, rolled back before the look-ahead, minibatches by `numpy.random.choice` without
replacement, eight Session.runs an iteration at the default settings.
"""

import time
from typing import Any, Callable, List, Tuple

import numpy as np
import tensorflow as tf

from model_fn import networks
from model_fn.gan import GanParams, networks_of
from model_fn.networks import Network


class FeedDictGan:
    """A component trained the published way, by SGD."""

    def __init__(self, params: GanParams, batch_size: int):
        """Builds the graph and opens a session.

        Args:
          params: as `model_fn.gan` takes them.
          batch_size: points a minibatch.
        """
        self._settings = params.gan
        self.graph = tf.Graph()
        with self.graph.as_default():
            self._build(params, batch_size)
            self.session = tf.Session()
            self.session.run(tf.global_variables_initializer())

    def _build(self, params: GanParams, batch_size: int) -> None:
        settings = params.gan
        make, tell = networks_of(settings, params.network, params.shape)
        self.real = tf.placeholder(tf.float32, [None, *params.shape])
        self.latent = tf.placeholder(tf.float32, [None, params.network.latent_space_dim])

        generator = _variables(params, make, "generator")
        discriminator = _variables(params, tell, "discriminator")
        copied = _variables(params, tell, "discriminator")
        points = make.apply(generator, self.latent)

        def loss(parameters: List[tf.Variable]) -> Tuple[tf.Tensor, tf.Tensor]:
            real = tell.apply(parameters, networks.flatten(self.real))
            generated = tell.apply(parameters, points)
            cross_entropy = tf.nn.sigmoid_cross_entropy_with_logits
            on_generated = tf.reduce_mean(
                cross_entropy(labels=tf.zeros_like(generated), logits=generated)
            )
            on_real = tf.reduce_mean(cross_entropy(labels=tf.ones_like(real), logits=real))
            return on_real + on_generated, generated

        sgd = tf.train.GradientDescentOptimizer
        d_loss, _ = loss(discriminator)
        copy_loss, _ = loss(copied)
        self.d_step = sgd(settings.d_learning_rate).minimize(d_loss, var_list=discriminator)
        self.copy_step = sgd(settings.d_learning_rate).minimize(copy_loss, var_list=copied)
        self.g_step = sgd(settings.g_learning_rate).minimize(-copy_loss, var_list=generator)
        self.roll_back = [tf.assign(c, d) for c, d in zip(copied, discriminator)]
        self.weights = generator + discriminator

    def iterate(self, real: np.ndarray, latent: np.ndarray) -> None:
        """One iteration on one minibatch."""
        feeds = {self.real: real, self.latent: latent}
        self.session.run(self.d_step, feeds)
        self.session.run(self.roll_back)
        for _ in range(self._settings.unrolling_steps):
            self.session.run(self.copy_step, feeds)
        self.session.run(self.g_step, feeds)


def _variables(params: GanParams, network: Network, scope: str) -> List[tf.Variable]:
    return [tf.Variable(params.initial_values[name]) for name, _ in network.shapes(scope)]


def iterations_per_second(
    params: GanParams, points: np.ndarray, batch_size: int, seconds: float
) -> float:
    """The loop's rate, drawing each minibatch as published, over about so many seconds."""
    gan = FeedDictGan(params, batch_size)
    weights = np.full(len(points), 1.0 / len(points))

    def one() -> None:
        indices = np.random.choice(len(points), batch_size, replace=False, p=weights)
        latent = np.random.normal(size=(batch_size, params.network.latent_space_dim))
        gan.iterate(points[indices].astype(float), latent)

    return rate_of(one, seconds)


def discriminator_iterations_per_second(
    params: GanParams, points: np.ndarray, batch_size: int, rate: float, seconds: float
) -> float:
    """The same of a mixture discriminator at this learning rate: one Session.run an iteration."""
    _, tell = networks_of(params.gan, params.network, params.shape)
    generated = points[np.random.permutation(len(points))]
    with tf.Graph().as_default(), tf.Session() as session:
        real = tf.placeholder(tf.float32, [None, *params.shape])
        fake = tf.placeholder(tf.float32, [None, *params.shape])
        variables = _variables(params, tell, "discriminator")
        logits = [tell.apply(variables, networks.flatten(batch)) for batch in (real, fake)]
        labels = [tf.ones_like(logits[0]), tf.zeros_like(logits[1])]
        losses = [
            tf.reduce_mean(tf.nn.sigmoid_cross_entropy_with_logits(labels=is_real, logits=logit))
            for is_real, logit in zip(labels, logits)
        ]
        step = tf.train.GradientDescentOptimizer(rate).minimize(sum(losses))
        session.run(tf.global_variables_initializer())

        def one() -> None:
            batches = [
                each[np.random.choice(len(each), batch_size, replace=False)].astype(float)
                for each in (points, generated)
            ]
            session.run(step, dict(zip((real, fake), batches)))

        return rate_of(one, seconds)


def rate_of(one: Callable[[], Any], seconds: float, warm_up: int = 20) -> float:
    """Calls a second of a function, after some that do not count."""
    for _ in range(warm_up):
        one()
    start, done = time.perf_counter(), 0
    while time.perf_counter() - start < seconds:
        one()
        done += 1
    return done / (time.perf_counter() - start)
