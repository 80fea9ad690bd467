"""Short trainings of a small component, and the same in single iterations; tests only."""

import os

import numpy as np
import tensorflow as tf

from base import streams
from estimator import factory
from estimator.engine import DeviceSettings, Training
from estimator.literal import literal
from input_fn import sources, weighted
from input_fn.fixed import FixedInput
from input_fn.settings import DataSettings
from model_fn import gan
from model_fn.settings import GanSettings, NetworkSettings, OptimizerSettings

ITERATIONS = 130


def make_params(optimizer="sgd", **gan_settings):
    network = NetworkSettings()
    rng = streams.generator(3, streams.Purpose.COMPONENT_INIT, 1)
    settings = GanSettings(**gan_settings)
    values = gan.initial_values(settings, network, (2,), np.zeros(2), np.ones(2), rng)
    return gan.GanParams(
        gan=settings,
        network=network,
        optimizer=OptimizerSettings(optimizer=optimizer),
        shape=(2,),
        initial_values=values,
        iterations=ITERATIONS,
        in_graph_loop=True,
    )


def make_stream():
    data = sources.load(DataSettings(toy_dataset_size=200), 10, 16)
    weights = np.full(data.number, 1 / data.number)
    return weighted.component_stream(data, weights, 16, 5, "normal", 3, 1)


def train(tmp_path, chunk, params, latent):
    engine = factory.choose(DeviceSettings(device="cpu", iterations_per_loop=chunk), "")
    reports = []
    training = Training(
        model_fn=gan.model_fn,
        model_dir=str(tmp_path / f"chunk{chunk}"),
        params=params,
        stream=make_stream(),
        iterations=ITERATIONS,
        predict_for=FixedInput("latent", (5,), [latent]),
    )
    result = engine.train(training, lambda step, losses: reports.append((step, losses)))
    return engine, result, reports


def weights_of(checkpoint):
    above, name = os.path.split(checkpoint)
    with literal(above) as directory:
        reader = tf.train.load_checkpoint(os.path.join(directory, name))
        return {each: reader.get_tensor(each) for each in reader.get_variable_to_shape_map()}


def single_iterations(params):
    """The same stream through the bare model function, one Session.run an iteration, no XLA."""
    (chunk,) = make_stream().chunks(0, ITERATIONS, ITERATIONS)
    with tf.Graph().as_default(), tf.variable_scope("", use_resource=True):
        step = tf.train.create_global_step()
        features = {name: tf.placeholder(tf.float32, a.shape[1:]) for name, a in chunk.items()}
        spec = gan.model_fn(features, None, "train", {"params": params}, None)
        names = [v.op.name for v in tf.global_variables()]
        reported = []
        with tf.Session() as session:
            session.run(tf.global_variables_initializer())
            spec.scaffold.init_fn(session)
            for i in range(ITERATIONS):
                feeds = {features[name]: a[i] for name, a in chunk.items()}
                reported.append(session.run([spec.predictions, spec.train_op], feeds)[0])
            assert session.run(step) == ITERATIONS
            return dict(zip(names, session.run(tf.global_variables()))), reported
