"""The in-graph loop against single iterations, chunk sizes, and predictions from checkpoints."""

import dataclasses
import logging
import os
import signal

import numpy as np
import pytest
import tensorflow as tf

from base import errors, signals, streams
from estimator import factory, loops
from estimator.engine import DeviceSettings, Training
from estimator.literal import literal
from input_fn import datasets, sources, weighted
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
    monkeypatch.setitem(globals(), "ITERATIONS", 30)  # later, rounding has grown (ReLU)
    params = make_params(**changed)
    expected, _ = single_iterations(params)
    _, result, _ = train(tmp_path, 0, params, np.zeros((1, 5), np.float32))
    found = weights_of(result.checkpoint)
    for name, value in expected.items():
        np.testing.assert_allclose(found[name], value, atol=5e-5, err_msg=name)


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


@pytest.mark.parametrize("optimizer", ["sgd", "adam"])
@pytest.mark.parametrize("resumed_chunk", [7, 50])
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


@pytest.mark.parametrize("units", [1, 3, 7, 16, 33])
def test_odd_widths_neither_crash_nor_differ_from_plain_tensorflow(tmp_path, monkeypatch, units):
    """A faster LLVM flag once wrote beyond small arrays: found as crashes at a width of 3."""
    latent = np.zeros((1, 5), np.float32)
    network = NetworkSettings(g_num_filters=units, d_num_filters=units)
    monkeypatch.setitem(globals(), "NetworkSettings", lambda: network)
    monkeypatch.setitem(globals(), "ITERATIONS", 30)
    params = make_params()
    _, compiled, _ = train(tmp_path, 0, params, latent)
    expected, _ = single_iterations(params)
    for name, value in weights_of(compiled.checkpoint).items():
        if name in expected:
            np.testing.assert_allclose(value, expected[name], atol=5e-5, err_msg=name)
