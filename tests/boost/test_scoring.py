"""Scores: on which points, by which judge, and what the yardsticks are made of."""

import numpy as np
import pandas
import pytest
from scipy.stats import norm

from boost import scoring
from evaluation import metrics
from evaluation.metrics import Sizes
from evaluation.two_sample import Worst
from input_fn import sources
from input_fn.datasets import Dataset
from input_fn.settings import DataSettings
from tests.boost import tables

SIZES = Sizes(30, 20, 10, 40)


def images(held_out):
    """Three training points, and some held out, each a [2, 2] array of its own number."""
    rows = np.arange(held_out, dtype=np.float32)
    points = np.zeros((3, 2, 2), np.float32)
    return Dataset(points, None, np.broadcast_to(rows[:, None, None], (held_out, 2, 2)), None)


def own(path, points):
    """The dataset of a file."""
    np.save(str(path), points)
    return sources.load(DataSettings(dataset="file", data_file=str(path)), 2000, 10)


def measured(dataset):
    """Its yardsticks."""
    sizes = metrics.scaled_sizes(Sizes(1000, 500, 500, 400), len(dataset.held_out))
    training = scoring.reference(dataset)
    return scoring.yardsticks(None, dataset.held_out, training, dataset.columns, sizes, 5)


def test_the_evaluation_and_the_choice_of_a_component_take_other_points():
    dataset = images(60)
    for validation, first in ((False, 0), (True, 10)):
        real = scoring.scorer(dataset, SIZES, validation).real
        assert (real.shape, real.dtype) == ((10, 4), np.float64)
        np.testing.assert_array_equal(real[:, 0], np.arange(first, first + 10))


def test_images_are_scored_as_flat_points():
    dataset, rng = images(60), np.random.RandomState(0)
    scorer = scoring.scorer(dataset, SIZES)
    drawn = (rng.randn(SIZES.samples + SIZES.validation, 2, 2) * 5).astype(np.float32)
    found, density, _ = scorer.score(drawn)
    # Mean log density of the first ten points under kernels at the first thirty samples.
    flat = drawn.reshape(-1, 4).astype(np.float64)[:30]
    logs = norm.logpdf(scorer.real[:, None], flat[None], density.bandwidth).sum(axis=-1)
    assert found.log_p == pytest.approx(np.mean(np.log(np.mean(np.exp(logs), axis=1))))
    assert np.isnan(found[2:]).all()  # modes are not known, nor is it a file


def test_of_a_file_every_draw_divides_what_was_held_out_anew(monkeypatch):
    held_out = np.arange(60, dtype=np.float32)[:, None]
    seen = []

    def score(self, drawn):
        seen.append((drawn.ravel(), self.real.ravel()))
        return metrics.Scored(metrics.Metrics(float(len(seen)), *[0.0] * 5), None, None)

    monkeypatch.setattr(scoring.Scorer, "score", score)
    spread = metrics.spread(scoring.perfect_sampler(None, held_out, SIZES, 5))
    assert len(seen) == 20
    for drawn, real in seen:
        assert (len(drawn), len(real)) == (50, 10)
        np.testing.assert_array_equal(np.sort([*drawn, *real]), held_out.ravel())
    assert len({tuple(real) for _, real in seen}) == 20
    assert spread.median.log_p == 10.5
    assert (spread.low.log_p, spread.high.log_p) == pytest.approx((1.95, 19.05))


def test_of_a_known_truth_every_draw_takes_new_points(monkeypatch):
    data = sources.load(DataSettings(toy_dataset_size=50), 60, 10)
    seen = []

    def score(self, drawn):
        seen.append(np.concatenate([drawn, self.real]))
        return metrics.Scored(metrics.Metrics(*[0.0] * 6), None, None)

    monkeypatch.setattr(scoring.Scorer, "score", score)
    scoring.perfect_sampler(data.truth, data.held_out, SIZES, 5)
    everything = np.concatenate([*seen, data.held_out, data.points])
    assert len(everything) == 20 * (SIZES.of_model + SIZES.real) + 60 + 50
    assert len(np.unique(everything, axis=0)) == len(everything)


@pytest.mark.parametrize(
    ("number", "low_c", "high_c", "log_p"),
    [(1, 0.919, 0.956, -4.473), (5, 0.895, 0.938, -4.873), (10, 0.874, 0.933, -2.231)],
)
def test_a_perfect_sampler_scores_what_was_measured_of_it(number, low_c, high_c, log_p):
    """Medians of 20 draws lie within the 5-95 % band of single draws; log_p within 0.1."""
    data = sources.load(DataSettings(gmm_modes_num=number, toy_dataset_size=100), 2000, 64)
    sizes = metrics.published_sizes(metrics.EvaluationSettings())
    spread = metrics.spread(scoring.perfect_sampler(data.truth, data.held_out, sizes, 821))
    assert low_c <= spread.median.coverage <= high_c
    assert spread.median.log_p == pytest.approx(log_p, abs=0.12)
    assert spread.median.modes == number
    assert spread.median.high_quality == pytest.approx(1 - np.exp(-4.5), abs=0.005)


def test_of_toys_nothing_is_measured_but_the_perfect_sampler():
    data = sources.load(DataSettings(toy_dataset_size=50), 60, 10)
    known = scoring.yardsticks(data.truth, data.held_out, data.held_out[:0], None, SIZES, 5)
    drawn = scoring.perfect_sampler(data.truth, data.held_out, SIZES, 5)
    np.testing.assert_array_equal(known.perfect.median, np.median(np.array(drawn), axis=0))
    assert (known.simple, known.simple_components) == (None, 0)
    assert np.isnan(known.perfect.median.two_sample_auc)


def test_of_gaussian_clumps_a_gaussian_mixture_is_as_good_as_the_data(tmp_path):
    rng = np.random.RandomState(0)
    points = rng.randn(2000, 2) + 10 * rng.randint(0, 2, (2000, 1))
    perfect, simple, components = measured(own(tmp_path / "x.npy", points))
    assert components >= 2
    for each in (perfect, simple):
        assert each.median.two_sample_auc == pytest.approx(0.5, abs=0.05)
        assert each.median.copying == pytest.approx(1, abs=0.15)
        assert each.median.recall > 0.9
        assert np.isnan(each.median.modes)
    assert simple.median.log_p == pytest.approx(perfect.median.log_p, abs=0.3)


def test_samples_of_the_gaussian_mixture_lie_where_the_data_could(tmp_path):
    """Coins are no Gaussians; trees would tell any other number from them."""
    coins = np.random.RandomState(0).randint(0, 2, (1000, 3)).astype(float)
    _, simple, _ = measured(own(tmp_path / "x.npy", coins))
    assert simple.median.two_sample_auc < 0.6
    assert simple.median.precision == 1


def test_a_gaussian_mixture_is_told_from_what_it_cannot_learn(tmp_path):
    """It has fewer components than there are clumps."""
    rng = np.random.RandomState(0)
    clumps = rng.randint(0, 12, (2000, 2)) + 0.02 * rng.randn(2000, 2)
    perfect, simple, _ = measured(own(tmp_path / "x.npy", clumps))
    assert perfect.median.two_sample_auc < 0.55
    assert simple.median.two_sample_auc > 0.65


@pytest.mark.parametrize("pair", [("size", "size=missing"), ("kind=a", "kind=b")])
def test_a_number_and_whether_it_is_missing_are_no_pair_nor_are_texts(tmp_path, pair):
    rng = np.random.RandomState(0)
    size, weight = rng.randn(2, 3000)
    size[rng.rand(3000) < 0.4] = np.nan
    frame = pandas.DataFrame({"size": size, "weight": weight, "kind": rng.choice([*"abc"], 3000)})
    frame.to_csv(str(tmp_path / "x.csv"), index=False)
    given = DataSettings(dataset="file", data_file=str(tmp_path / "x.csv"), keep_missing=True)
    scorer = scoring.scorer(sources.load(given, 400, 10), SIZES._replace(fresh=300))
    made = rng.randn(scorer.sizes.of_model, len(scorer.names))
    one, other = map(scorer.names.index, pair)
    made[:, one] = made[:, other]
    worst = scorer.score(made).worst
    first, second = (scorer.names[n].split("=")[0] for n in (worst.first, worst.second))
    assert first != second


def test_only_the_evaluation_on_a_file_has_a_judge(tmp_path):
    tables.write(tmp_path / "x.csv")
    given = DataSettings(dataset="file", data_file=str(tmp_path / "x.csv"))
    table, toys = sources.load(given, 80, 10), sources.load(DataSettings(), 80, 10)
    scorer = scoring.scorer(table, SIZES)
    assert scorer.names == tables.COORDINATES
    assert scorer.judge.size == SIZES.fresh
    assert scoring.scorer(table, SIZES, validation=True).judge is None
    assert scoring.scorer(toys, SIZES).judge is None
    assert scoring.scorer(images(60), SIZES).judge is None


def test_images_of_a_file_are_judged_as_flat_points_without_columns(tmp_path):
    rng = np.random.RandomState(0)
    data = own(tmp_path / "x.npy", rng.rand(400, 4, 4))
    scorer = scoring.scorer(data, metrics.scaled_sizes(SIZES, len(data.held_out)))
    noise = rng.rand(scorer.sizes.of_model, 4, 4) * [1.0, 1.0, 1.0, 3.0]
    figures, _, worst = scorer.score(noise)
    assert scorer.names == ()
    assert figures.two_sample_auc > 0.9
    assert np.isnan(figures.worst_column_ks)
    assert worst == Worst(-1, -1, -1)


def test_what_tells_copies_are_training_points_alone(tmp_path):
    data = own(tmp_path / "x.npy", np.random.RandomState(0).randn(400, 2))
    scorer = scoring.scorer(data, SIZES)
    training = data.train_points(np.arange(data.number))
    copied = training[np.random.RandomState(1).randint(0, data.number, SIZES.of_model)]
    assert scorer.score(copied).metrics.copying == 0
    assert {tuple(point) for point in scoring.reference(data)} == {tuple(p) for p in training}
