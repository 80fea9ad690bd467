"""Two replicas of half a minibatch each train as one does that sees all of it.

MirroredStrategy on two logical CPU devices, as there is no machine with two GPUs to test on;
several workers, each a process of its own, are in tests/test_scale_out.py.
"""

import logging
from unittest import mock

import numpy as np
import pytest
import tensorflow as tf

from base import signals
from base.errors import Diverged, Stopped, UsageError
from estimator import factory
from estimator.cluster import ALONE, Cluster
from estimator.distributed import DistributedEngine
from estimator.engine import DeviceSettings, Training
from input_fn.fixed import FixedInput
from model_fn import gan, networks
from model_fn.settings import NetworkSettings
from tests.estimator.trainings import make_params, make_stream, weights_of

ITERATIONS = 60
SETTINGS = DeviceSettings(device="cpu")
LATENT = np.random.RandomState(0).standard_normal((7, 5)).astype(np.float32)


class TwoCPUs(DistributedEngine):
    """Two logical devices in the place of two GPUs."""

    def _make_strategy(self):
        return tf.distribute.MirroredStrategy(["/cpu:0", "/cpu:1"])

    def _session_config(self):
        return tf.ConfigProto(allow_soft_placement=True, device_count={"CPU": 2, "GPU": 0})


def train(engine, model_dir, params, report=lambda step, losses: None):
    latent = FixedInput("latent", (5,), [LATENT])
    stream = make_stream()
    training = Training(
        model_fn=gan.model_fn,
        model_dir=str(model_dir),
        params=params,
        stream=stream,
        iterations=ITERATIONS,
        predict_for=latent,
    )
    return engine.train(training, report)


@pytest.fixture
def two(tmp_path):
    return TwoCPUs(SETTINGS, False, ALONE, str(tmp_path))


@pytest.mark.parametrize(
    ("optimizer", "more"),
    [
        ("sgd", {}),
        ("adam", {"averaged_generator": 0.9, "g_learning_rate": 0.001, "d_learning_rate": 0.001}),
        ("sgd", {"d_steps": 2, "g_steps": 2}),
    ],
)
def test_without_look_ahead_two_replicas_are_one(two, tmp_path, optimizer, more):
    params = make_params(optimizer, unrolling_steps=0, **more)
    steps = []
    one = train(factory.choose(SETTINGS, ""), tmp_path / "one", params)
    both = train(two, tmp_path / "two", params, lambda step, losses: steps.append(step))
    for of_one, of_both in zip(one.predictions.values(), both.predictions.values()):
        np.testing.assert_allclose(of_both, of_one, rtol=1e-3, atol=1e-3)
    assert steps == list(range(20, ITERATIONS + 1, 20))
    assert both.iterations_per_second > 0
    one, both = weights_of(one.checkpoint), weights_of(both.checkpoint)
    one = {name.replace("while/", ""): value for name, value in one.items()}
    assert one.keys() == both.keys()
    for name in one:
        np.testing.assert_allclose(both[name], one[name], rtol=1e-3, atol=1e-4, err_msg=name)


def test_look_ahead_steps_of_adam_find_their_moments(two, tmp_path):
    params = make_params("adam", unrolling_steps=3, g_learning_rate=0.001, d_learning_rate=0.001)
    result = train(two, tmp_path / "two", params)
    assert np.isfinite(result.predictions["points"]).all()


def test_the_losses_reported_are_those_of_the_whole_minibatch(two, tmp_path):
    params = make_params(unrolling_steps=0)
    reported = {}
    for name, engine in (
        ("one", factory.choose(DeviceSettings(device="cpu", iterations_per_loop=20), "")),
        ("two", two),
    ):
        losses_of = reported.setdefault(name, {})
        train(engine, tmp_path / name, params, losses_of.__setitem__)
    for step, losses in reported["two"].items():
        assert losses == pytest.approx(reported["one"][step], rel=1e-3)


def test_a_training_that_diverges_ends_once_all_have_left(two, tmp_path):
    params = make_params(g_learning_rate=1e9, d_learning_rate=1e9)
    with pytest.raises(Diverged, match="lower --g_learning_rate"):
        train(two, tmp_path / "two", params)


def test_a_signal_saves_and_the_same_training_goes_on(two, tmp_path, monkeypatch):
    params = make_params(unrolling_steps=0)
    whole = train(two, tmp_path / "whole", params)

    def stop_at_20(step, losses):
        if step == 20:
            monkeypatch.setattr(signals, "_asked", 15)

    with pytest.raises(Stopped, match="SIGTERM"):
        train(two, tmp_path / "two", params, stop_at_20)
    monkeypatch.setattr(signals, "_asked", 0)
    steps = []
    again = train(two, tmp_path / "two", params, lambda step, losses: steps.append(step))
    assert steps[0] > 20
    one, other = weights_of(whole.checkpoint), weights_of(again.checkpoint)
    for name in one:
        np.testing.assert_array_equal(other[name], one[name], err_msg=name)


def test_a_training_of_another_engine_starts_over(two, tmp_path, monkeypatch):
    """Adam's variables have other names there."""
    params, steps = make_params("adam", unrolling_steps=0), []

    def stop(step, losses):
        monkeypatch.setattr(signals, "_asked", 15)

    with pytest.raises(Stopped):
        train(two, tmp_path / "run", params, stop)
    monkeypatch.setattr(signals, "_asked", 0)
    alone = factory.choose(DeviceSettings(device="cpu", iterations_per_loop=10), "")
    train(alone, tmp_path / "run", params, lambda step, losses: steps.append(step))
    assert steps[0] == 10


def test_a_minibatch_that_does_not_divide_is_refused(two):
    two.check(64, [1])
    with pytest.raises(UsageError, match="--batch_size=63: must divide among 2 replicas"):
        two.check(63, [1])


def test_loops_on_the_device_are_refused(tmp_path):
    with pytest.raises(UsageError, match="--iterations_per_loop=10: must be 0 or 1"):
        TwoCPUs(DeviceSettings(device="cpu", iterations_per_loop=10), False, ALONE, str(tmp_path))


@pytest.mark.parametrize(
    ("units", "batch_size", "convolutional", "logged"),
    [
        (512, 64, False, True),  # what two workers gained, or lost, in docs/scale_out.md
        (1024, 64, False, True),
        (512, 256, False, False),
        (1024, 1024, False, False),
        (16, 64, True, False),
    ],
)
def test_the_log_says_once_where_one_worker_would_be_faster(
    monkeypatch, caplog, units, batch_size, convolutional, logged
):
    workers = Cluster(("127.0.0.1:1", "127.0.0.1:2"), 0)
    monkeypatch.setattr(logging.getLogger("adagan"), "propagate", True)  # main turns it off
    strategy = mock.Mock(num_replicas_in_sync=2)
    monkeypatch.setattr(DistributedEngine, "_make_strategy", lambda self: strategy)
    engine = DistributedEngine(SETTINGS, convolutional, workers, "")
    engine.check(batch_size, [])
    network = NetworkSettings(g_num_filters=units, d_num_filters=units)
    with tf.Graph().as_default(), caplog.at_level("INFO", "adagan"):
        for make, scope in ((networks.generator, "g"), (networks.discriminator, "d")):
            make(network, (2,), True).create_parameters(scope)
        engine._log_what_pays()
        engine._log_what_pays()
    assert caplog.text.count("one worker alone would be faster") == int(logged)
