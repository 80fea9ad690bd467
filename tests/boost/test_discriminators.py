"""Mixture discriminators on a fake engine: folds, ratios, what counts as gone wrong."""

import logging

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


def expected_calibration_error(probabilities, real, bins):
    """Naeini et al. (AAAI 2015), bin by bin."""
    total = 0.0
    for low in np.arange(bins) / bins:
        inside = (probabilities >= low) & (probabilities < low + 1 / bins)
        if inside.any():
            total += inside.sum() * abs(real[inside].mean() - probabilities[inside].mean())
    return total / len(real)


@pytest.mark.parametrize("folds", [1, 2])
def test_the_figures_of_calibration_are_means_over_logits_by_who_was_trained_on_what(
    tmp_path, folds
):
    made = small.Parts(FakeEngine(), tmp_path, folds)
    fitted = made.discriminators.fit(2, mixture(made), star)
    training = made.engine.trained[0]
    drawn = next(training.stream.chunks(0, 100, 100))["real"]
    points = made.dataset.train_points(slice(None))
    logits = predicted_alone(made, fitted, points)["logits"].astype(float)
    by_fold = [{point.tobytes() for point in drawn[:, f].reshape(-1, 2)} for f in range(folds)]
    seen = np.array([[point.tobytes() in each for each in by_fold] for point in points])
    held_out = predicted_alone(made, fitted, made.dataset.held_out)["logits"].mean(axis=1)
    found = fitted.calibration
    if folds == 1:
        assert found.scored_logit == found.trained_on_logit
        assert found.trained_on_logit == pytest.approx(logits.mean(), rel=1e-5)
        assert found.unseen_logit == pytest.approx(held_out.mean(), rel=1e-5)
    else:
        assert np.all(seen.sum(axis=1) == 1)  # each point is one fold's alone, and was drawn
        assert found.trained_on_logit == pytest.approx(logits[seen].mean(), rel=1e-5)
        assert found.scored_logit == pytest.approx(logits[~seen].mean(), rel=1e-5)
        assert found.unseen_logit == found.scored_logit
    together = np.concatenate([fitted.unseen.real_logits, fitted.unseen.generated_logits])
    real = np.repeat([1.0, 0.0], len(together) // 2)
    error = expected_calibration_error(1 / (1 + np.exp(-together.astype(float))), real, 10)
    assert found.error == pytest.approx(error, rel=1e-4)


@pytest.mark.parametrize(
    ("folds", "advice"), [(1, "its ratios cannot be trusted"), (2, "the ratios stay usable")]
)
def test_overfitting_is_told(tmp_path, monkeypatch, caplog, folds, advice):
    """Points that were trained on score a nat above the others."""

    def spoil(training, predictions):
        logits = np.zeros_like(predictions["logits"])
        drawn = next(training.stream.chunks(0, 100, 100))["real"]
        points = made.dataset.train_points(slice(None))
        for fold in range(folds):
            known = {point.tobytes() for point in drawn[:, fold].reshape(-1, 2)}
            logits[:640, fold] = [point.tobytes() in known for point in points]
        return {"logits": logits}

    monkeypatch.setattr(logging.getLogger("adagan"), "propagate", True)
    made = small.Parts(FakeEngine(spoil), tmp_path, folds)
    made.discriminators.fit(2, mixture(made), star)
    (message,) = [text for text in caplog.messages if "overfits" in text]
    assert "score 1.00 nats above others" in message
    assert advice in message


def test_it_is_checked_on_samples_of_the_mixture_that_it_never_saw(tmp_path):
    made, given = small.Parts(FakeEngine(), tmp_path), mixture(small.Parts(FakeEngine(), tmp_path))
    fitted = made.discriminators.fit(2, given, star)
    training = made.engine.trained[0]
    drawn = next(training.stream.chunks(0, 100, 100))["generated"].reshape(-1, 2)
    seen = {point.tobytes() for point in drawn.astype(np.float32)}
    compared = fitted.unseen.points[1].astype(np.float32)
    assert len(compared) == small.SIZES.of_data
    assert not seen & {point.tobytes() for point in compared}
    unseen = {point.tobytes() for point in given.pools[0].for_evaluation.astype(np.float32)}
    assert {point.tobytes() for point in compared} <= unseen
