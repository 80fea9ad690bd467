"""Mixture discriminators on a fake engine: folds, ratios, what counts as gone wrong."""

import numpy as np
import pytest

from base.errors import Diverged
from boost import weights
from boost.mixture import Mixture, Pool
from evaluation import calibration
from input_fn.fixed import FixedInput
from tests.boost import parts as small
from tests.fake_engine import FakeEngine


def mixture(made, shift=2.0):
    points = made.dataset.held_out[:1].repeat(20_000, axis=0)
    points = points + np.random.RandomState(0).randn(*points.shape).astype(np.float32) * 3 + shift
    return Mixture([Pool(points[:12_000], points[12_000:])], [1.0])


def star(ratios):
    return weights.star_weights(ratios, 0.5)


def predicted_alone(made, fitted, points):
    training = made.engine.trained[-1]
    asked = FixedInput("points", (2,), [points])
    return made.engine.predict(training.model_fn, fitted.checkpoint, training.params, asked)


@pytest.mark.parametrize("folds", [1, 2])
def test_each_fold_is_scored_by_one_that_was_not_trained_on_it(tmp_path, folds):
    made, seen = small.Parts(FakeEngine(), tmp_path, folds), []
    fitted = made.discriminators.fit(2, mixture(made), lambda r: seen.append(r) or star(r))
    training = made.engine.trained[0]
    real = np.concatenate([p["real"] for p in training.stream.chunks(0, training.iterations, 999)])
    points = made.dataset.train_points(slice(None))
    logits = predicted_alone(made, fitted, points)["logits"].astype(float)
    used_by = [{p.tobytes() for p in real[:, fold].reshape(-1, 2)} for fold in range(folds)]
    for row in range(0, 640, 7):
        of_fold = int(np.argmin(np.abs(np.exp(-logits[row]) - seen[0][row])))
        assert seen[0][row] == pytest.approx(np.exp(-logits[row, of_fold]), rel=1e-5)
        assert folds == 1 or points[row].tobytes() not in used_by[of_fold]
    assert fitted.calibration.ratio == pytest.approx(seen[0].mean())
    held_out = predicted_alone(made, fitted, made.dataset.held_out)["logits"].astype(float)
    expected = np.exp(-held_out.mean(axis=1)).mean()
    assert fitted.calibration.unseen_ratio == pytest.approx(expected, rel=1e-5)
    assert fitted.initialisations == 1


def test_the_probe_and_unseen_points_are_scored_too(tmp_path):
    made = small.Parts(FakeEngine(), tmp_path)
    fitted = made.discriminators.fit(2, mixture(made), star)
    alone = predicted_alone(made, fitted, small.PROBE)["logits"][:, 0]
    np.testing.assert_allclose(fitted.probe_logits, alone, rtol=1e-6)
    held_out = min(len(made.dataset.held_out), calibration.POINTS)
    assert len(fitted.unseen.real_logits) == len(fitted.unseen.generated_logits) == held_out
    assert fitted.unseen.samples.shape == (calibration.KDE_SAMPLES, 2)


@pytest.mark.parametrize(
    ("logits", "words"),
    [
        (np.nan, "its logits are not finite; lower --learning_rate or --init_std"),
        (20.0, "it calls every training point real, by 20 nats at least"),
        (-20.0, "it calls every training point generated, by 20 nats at least"),
    ],
)
def test_what_carries_nothing_is_tried_again_and_told(tmp_path, logits, words):
    def spoil(training, predictions):
        return {"logits": np.full_like(predictions["logits"], logits)}

    made = small.Parts(FakeEngine(spoil), tmp_path)
    with pytest.raises(Diverged, match=words):
        made.discriminators.fit(2, mixture(made), star)
    directories = [training.model_dir for training in made.engine.trained]
    assert len(directories) == 2
    assert directories[1].endswith("initialisation_2")


def test_weights_on_too_few_points_are_no_good(tmp_path):
    made = small.Parts(FakeEngine(), tmp_path)
    with pytest.raises(Diverged, match="all weight lies on 10 points, fewer than --batch_size=32"):
        made.discriminators.fit(2, mixture(made), lambda r: weights.topk_weights(r, 10 / 640))


def test_a_second_initialisation_that_is_good_is_used(tmp_path):
    def spoil(training, predictions):
        bad = "initialisation_2" not in training.model_dir
        return {"logits": predictions["logits"] * (np.nan if bad else 1)}

    made = small.Parts(FakeEngine(spoil), tmp_path)
    fitted = made.discriminators.fit(2, mixture(made), star)
    assert fitted.initialisations == 2
    first, second = (training.params.initial_values for training in made.engine.trained)
    name = "mixture_discriminator/fold0/layer0/kernel"
    assert (first[name] != second[name]).any()
