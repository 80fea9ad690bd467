"""The in-graph loop against single iterations, with XLA and without."""

import dataclasses
import logging

import numpy as np
import pytest
import tensorflow as tf

from base import streams
from estimator import factory, loops
from estimator.engine import DeviceSettings, Training
from input_fn import datasets, weighted
from input_fn.fixed import FixedInput
from model_fn import gan
from model_fn.settings import GanSettings, NetworkSettings
from tests.estimator import trainings
from tests.estimator.trainings import ITERATIONS, make_params, single_iterations, train, weights_of


@pytest.mark.parametrize(("optimizer", "comparable"), [("sgd", ITERATIONS), ("adam", 7)])
def test_the_loop_equals_single_iterations_whatever_the_chunk(tmp_path, optimizer, comparable):
    """Bit for bit between chunk sizes; to 2e-5 of plain TensorFlow, as long as rounding allows."""
    params = make_params(optimizer)
    latent = np.random.RandomState(0).randn(5000, 5).astype(np.float32)
    expected, losses = single_iterations(params)
    found = []
    for chunk in (0, 50, 7):
        _, result, reports = train(tmp_path, chunk, params, latent)
        found.append(weights_of(result.checkpoint))
        assert [step for step, _ in reports][-1] == ITERATIONS
        first, first_losses = reports[0]
        for name, value in first_losses.items() if first <= comparable else ():
            mean = np.mean([loss[name] for loss in losses[:first]])
            assert value == pytest.approx(mean, abs=2e-5)
    for name, value in expected.items() if comparable == ITERATIONS else ():
        np.testing.assert_allclose(found[0][name], value, atol=2e-5, err_msg=name)
    for name, value in found[0].items():
        for other in found[1:]:
            np.testing.assert_array_equal(other[name], value, err_msg=name)


@pytest.mark.parametrize(
    "changed",
    [
        {"g_steps": 2},
        {"d_steps": 2, "g_steps": 3, "unrolling_steps": 1},
        {"unrolled": False, "g_steps": 2},
        {"objective": "JS_modified", "unrolling_steps": 0},
    ],
)
def test_other_iterations_compile_and_equal_single_ones(tmp_path, changed, monkeypatch):
    monkeypatch.setattr(trainings, "ITERATIONS", 30)  # later, rounding has grown (ReLU)
    params = make_params(**changed)
    expected, _ = single_iterations(params)
    _, result, _ = train(tmp_path, 0, params, np.zeros((1, 5), np.float32))
    found = weights_of(result.checkpoint)
    for name, value in expected.items():
        np.testing.assert_allclose(found[name], value, atol=5e-5, err_msg=name)


def test_other_modes_pass_through_the_loop():
    wrapped = loops.looped(lambda features, labels, mode, params, config: (features, mode), None)
    assert wrapped({"latent": 1}, None, "infer", {}, None) == ({"latent": 1}, "infer")


def test_without_xla_a_plain_loop_takes_over_and_says_so(tmp_path, monkeypatch, caplog):
    latent = np.zeros((1, 5), np.float32)
    _, compiled, _ = train(tmp_path / "xla", 50, make_params(), latent)

    def left_out(*_):
        raise tf.errors.InvalidArgumentError(None, None, "XLA is not linked in\nand more")

    monkeypatch.setattr(tf.xla.experimental, "compile", left_out)
    monkeypatch.setattr(logging.getLogger("adagan"), "propagate", True)
    _, plain, reports = train(tmp_path / "plain", 50, make_params(), latent)
    assert "XLA compiles nothing here (XLA is not linked in)" in caplog.text
    assert [step for step, _ in reports] == [50, 100, ITERATIONS]
    expected = weights_of(compiled.checkpoint)
    for name, value in weights_of(plain.checkpoint).items():
        np.testing.assert_allclose(value, expected[name], atol=2e-5, err_msg=name)


def test_convolutions_train_without_xla(tmp_path, monkeypatch):
    shape, rng = (4, 4), streams.generator(3, streams.Purpose.COMPONENT_INIT, 1)
    network = NetworkSettings(network="dcgan", g_num_filters=2, d_num_filters=2)
    values = gan.initial_values(GanSettings(), network, shape, np.zeros(shape), np.ones(shape), rng)
    params = dataclasses.replace(make_params(), network=network, shape=shape, initial_values=values)
    data = datasets.Dataset(rng.standard_normal((200, *shape), np.float32), None, None, None)
    stream = weighted.component_stream(data, np.full(200, 1 / 200), 16, 5, "normal", 3, 1)
    found = []
    for convolutional in (False, True):
        engine = factory.choose(DeviceSettings(device="cpu"), "", convolutional)
        training = Training(
            model_fn=gan.model_fn,
            model_dir=str(tmp_path / str(convolutional)),
            params=params,
            stream=stream,
            iterations=20,
            predict_for=FixedInput("latent", (5,), [np.zeros((1, 5), np.float32)]),
        )
        result = engine.train(training, lambda *_: None)
        found.append(weights_of(result.checkpoint))
        monkeypatch.setattr(loops, "why_no_xla", lambda: "")
        monkeypatch.setattr(tf.xla.experimental, "compile", None)
    for name, value in found[0].items():
        np.testing.assert_allclose(found[1][name], value, atol=2e-5, err_msg=name)


@pytest.mark.parametrize("units", [1, 3, 7, 16, 33])
def test_odd_widths_neither_crash_nor_differ_from_plain_tensorflow(tmp_path, monkeypatch, units):
    """A faster LLVM flag once wrote beyond small arrays: found as crashes at a width of 3."""
    latent = np.zeros((1, 5), np.float32)
    network = NetworkSettings(g_num_filters=units, d_num_filters=units)
    monkeypatch.setattr(trainings, "NetworkSettings", lambda: network)
    monkeypatch.setattr(trainings, "ITERATIONS", 30)
    params = make_params()
    _, compiled, _ = train(tmp_path, 0, params, latent)
    expected, _ = single_iterations(params)
    for name, value in weights_of(compiled.checkpoint).items():
        if name in expected:
            np.testing.assert_allclose(value, expected[name], atol=5e-5, err_msg=name)
