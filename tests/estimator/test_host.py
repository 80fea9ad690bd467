"""Trainings that are interrupted, damaged or diverge, and predictions from checkpoints."""

import logging
import os
import signal

import numpy as np
import pytest
import tensorflow as tf

from base import errors, signals
from estimator.literal import literal
from input_fn.fixed import FixedInput
from model_fn import gan
from tests.estimator.trainings import ITERATIONS, make_params, train, weights_of


def test_predictions_of_training_and_of_its_checkpoint_are_the_same(tmp_path):
    params = make_params()
    latent = np.random.RandomState(0).randn(5000, 5).astype(np.float32)
    engine, result, _ = train(tmp_path, 0, params, latent)
    again = engine.predict(
        gan.model_fn, result.checkpoint, params, FixedInput("latent", (5,), [latent])
    )
    assert again["points"].shape == (5000, 2)
    np.testing.assert_array_equal(again["points"], result.predictions["points"])
    hidden = latent.astype(np.float64)
    weights = weights_of(result.checkpoint)
    for layer in range(3):
        hidden = np.tanh(hidden) if layer else hidden
        kernel, bias = (weights[f"generator/layer{layer}/{part}"] for part in ("kernel", "bias"))
        hidden = hidden @ kernel + bias
    np.testing.assert_allclose(again["points"], hidden, atol=1e-4)


def test_a_model_directory_can_be_moved(tmp_path):
    _, result, _ = train(tmp_path, 0, make_params(), np.zeros((1, 5), np.float32))
    moved = tmp_path / "elsewhere"
    (tmp_path / "chunk0").rename(moved)
    with literal(str(moved)) as directory:
        latest = tf.train.latest_checkpoint(directory)
        assert latest == os.path.join(directory, f"model.ckpt-{ITERATIONS}")


class Signal:
    """Comes during so many Session.runs."""

    def __init__(self, runs):
        self.left = runs

    def asked(self):
        return self.left <= 0

    def check(self):
        self.left -= 1
        if self.left < 0:
            raise errors.Stopped(signal.SIGTERM)


@pytest.mark.parametrize(("optimizer", "resumed_chunk"), [("sgd", 50), ("adam", 7)])
def test_an_interrupted_training_goes_on_to_the_very_same_weights(
    tmp_path, monkeypatch, optimizer, resumed_chunk
):
    latent = np.random.RandomState(0).randn(10, 5).astype(np.float32)
    params = make_params(optimizer)
    _, whole, _ = train(tmp_path / "whole", 7, params, latent)
    coming = Signal(9)
    with monkeypatch.context() as patch:
        patch.setattr(signals, "asked", coming.asked)
        patch.setattr(signals, "check", coming.check)
        with pytest.raises(errors.Stopped):
            train(tmp_path, 7, params, latent)
    (tmp_path / "chunk7").rename(tmp_path / "stopped")
    (tmp_path / "stopped").rename(tmp_path / f"chunk{resumed_chunk}")
    _, resumed, reports = train(tmp_path, resumed_chunk, params, latent)
    assert 56 < reports[0][0] <= 63 + resumed_chunk
    expected = weights_of(whole.checkpoint)
    for name, value in weights_of(resumed.checkpoint).items():
        np.testing.assert_array_equal(value, expected[name], err_msg=name)
    np.testing.assert_array_equal(resumed.predictions["points"], whole.predictions["points"])
    _, again, reports = train(tmp_path, resumed_chunk, params, latent)
    assert reports == []  # nothing is left to train
    np.testing.assert_array_equal(again.predictions["points"], whole.predictions["points"])


def test_a_damaged_checkpoint_of_an_interrupted_training_is_not_used(tmp_path, caplog, monkeypatch):
    monkeypatch.setattr(logging.getLogger("adagan"), "propagate", True)
    latent = np.zeros((1, 5), np.float32)
    _, whole, _ = train(tmp_path, 50, make_params(), latent)
    with open(whole.checkpoint + ".data-00000-of-00001", "r+b") as file:
        file.write(b"x")
    _, _, reports = train(tmp_path, 50, make_params(), latent)
    assert "this training starts over" in caplog.text
    assert [step for step, _ in reports] == [50, 100, ITERATIONS]


def test_weights_that_explode_are_noticed_within_a_chunk(tmp_path, monkeypatch):
    monkeypatch.setattr("estimator.hooks.LARGEST_WEIGHT", 0.1)
    with pytest.raises(errors.Diverged, match=r"a weight became .* by iteration 50; lower --g"):
        train(tmp_path, 50, make_params(), np.zeros((1, 5), np.float32))
