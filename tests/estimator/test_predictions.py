"""One session for all models of a kind: each checkpoint's own predictions, by NumPy too."""

import numpy as np
import tensorflow as tf

from estimator import predictions
from estimator.predictions import Predictor
from input_fn import fixed
from input_fn.fixed import FixedInput
from model_fn import gan
from tests.estimator.trainings import make_params


def saved(path, values):
    """A checkpoint of these values."""
    with tf.Graph().as_default(), tf.Session() as session:
        for name, value in values.items():
            tf.get_variable(name, initializer=value)
        session.run(tf.global_variables_initializer())
        return tf.train.Saver().save(session, path)


def by_numpy(values, latent):
    hidden = latent.astype(np.float64)
    for layer in range(3):
        hidden = np.tanh(hidden) if layer else hidden
        names = (f"generator/layer{layer}/{part}" for part in ("kernel", "bias"))
        kernel, bias = (values[name] for name in names)
        hidden = hidden @ kernel + bias
    return hidden


def test_checkpoints_in_turn_predict_as_numpy_does(tmp_path):
    params = make_params()
    latent = np.random.RandomState(1).randn(fixed.BATCH + 7, 5).astype(np.float32)
    points = FixedInput("latent", (5,), [latent])
    predictor = Predictor(gan.model_fn, params, points, tf.ConfigProto())
    models = []
    for number, factor in enumerate((1.0, 0.5)):
        values = {n: np.float32(v * factor) for n, v in params.initial_values.items()}
        values["scaling/scale"] = np.ones(2, np.float32)
        models.append((saved(str(tmp_path / str(number)), values), values))
    for checkpoint, values in (*models, models[0]):
        found = predictor.predict(checkpoint, points)["points"]
        np.testing.assert_allclose(found, by_numpy(values, latent), atol=1e-5)


def test_batches_are_joined_without_padding():
    made = [{"points": np.arange(4)}, {"points": np.arange(4, 8)}]
    np.testing.assert_array_equal(predictions.joined(made, 6)["points"], np.arange(6))
