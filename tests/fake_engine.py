"""An engine without TensorFlow: what surrounds trainings is tested on it in milliseconds.

A "component" learns mean and deviation of the points that it is given, and maps latent noise to a
normal of these. A "mixture discriminator" is linear discriminant analysis between both kinds of
points, a fold each, and so knows the log ratio of two normals of equal width.
"""

import json
import os

import numpy as np

from estimator.engine import Engine, TrainResult, unwrapped
from model_fn import mixture_discriminator


class FakeEngine(Engine):
    """Trains by one look at all minibatches."""

    name = "fake"
    in_graph_loop = True

    def __init__(self, spoil=None):
        """Args: `spoil(training, predictions)` may change what a training predicts."""
        self.wrap_optimizers = unwrapped
        self.trained, self._spoil = [], spoil
        self.asked = []  # checkpoints that were not just trained

    def check(self, batch_size, iterations):
        """All fits."""

    def join_workers(self, shared, lock_path, lock_text):
        """Nobody to wait for."""

    def train(self, training, report):
        self.trained.append(training)
        parts = list(training.stream.chunks(0, training.iterations, 1000))
        given = {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}
        learnt = _discriminator(given) if "generated" in given else _component(given)
        report(training.iterations, {"loss": 0.0})
        os.makedirs(training.model_dir, exist_ok=True)
        checkpoint = os.path.join(training.model_dir, f"model.ckpt-{training.iterations}")
        self.teach(checkpoint, **learnt)
        points = training.predict_for
        predictions = self._predict(training.model_fn, learnt, points)
        if self._spoil:
            predictions = self._spoil(training, predictions)
        return TrainResult(checkpoint, 1000.0, predictions)

    def predict(self, model_fn, checkpoint, params, points):
        self.asked.append(checkpoint)
        return self._predict(model_fn, self.learnt(checkpoint), points)

    def _predict(self, model_fn, learnt, points):
        asked = np.concatenate([batch[:number] for batch, number in points.batches()])
        if model_fn is mixture_discriminator.model_fn:
            asked = asked.reshape(len(asked), -1)
            folds = [asked @ np.array(f["slope"]) + f["offset"] for f in learnt["folds"]]
            return {"logits": np.stack(folds, axis=1).astype(np.float32)}
        made = np.array(learnt["mean"]) + asked[:, : len(learnt["mean"])] * learnt["deviation"]
        return {"points": made.reshape(-1, *learnt.get("shape", made.shape[1:])).astype(np.float32)}

    def learnt(self, checkpoint):
        """What a checkpoint holds."""
        with open(f"{checkpoint}.index") as file:
            return json.load(file)

    def teach(self, checkpoint, **learnt):
        """Writes a checkpoint."""
        with open(f"{checkpoint}.index", "w") as file:
            json.dump(learnt, file)
        open(f"{checkpoint}.data-00000-of-00001", "w").close()


def _component(given):
    shape = given["real"].shape[2:]
    real = given["real"].reshape(-1, int(np.prod(shape)))
    return {"mean": real.mean(axis=0).tolist(), "deviation": float(real.std()), "shape": shape}


def _discriminator(given):
    """log N(x; a, s) / N(x; b, s) = (a - b)/s^2 x - (a^2 - b^2) / 2 s^2, by fold."""
    folds = []
    for fold in range(given["real"].shape[1]):
        real, generated = (
            given[name][:, fold].reshape(-1, int(np.prod(given[name].shape[3:]))).astype(float)
            for name in ("real", "generated")
        )
        a, b = real.mean(axis=0), generated.mean(axis=0)
        variance = np.concatenate([real - a, generated - b]).var()
        offset = -(a @ a - b @ b) / (2 * variance)
        folds.append({"slope": ((a - b) / variance).tolist(), "offset": float(offset)})
    return {"folds": folds}
