"""Scores of the mixture, and of a perfect sampler and a simple model on the same sizes."""

from typing import List, NamedTuple, Optional, Tuple

import numpy as np

from base import streams
from base.streams import Purpose
from evaluation import metrics, simple_model
from evaluation.metrics import Metrics, Scored, Sizes, Spread
from evaluation.two_sample import TwoSampleJudge
from input_fn.columns import Columns
from input_fn.datasets import Dataset
from input_fn.gmm import GaussianMixture

DRAWS = 20
"""Draws behind a median: one draw's log_p jumps with the bandwidth that the coarse grid picks."""
JUDGED_DRAWS = 7
"""Of them are judged by two samples as well, which takes longer and varies less."""
MANY_COORDINATES = 50
"""From where on samples of the simple model are drawn once: images are large."""
REFERENCE, REFERENCE_NUMBERS = 20_000, 4_000_000
"""Training points, and numbers in them, that tell whether samples copy some."""


class Scorer(NamedTuple):
    """What samples are scored against."""

    sizes: Sizes
    real: np.ndarray  # [sizes.real, d] float64 points of the data that no training saw
    truth: Optional[Tuple[np.ndarray, float, np.ndarray]]  # means, sigma and weights of the modes
    judge: Optional[TwoSampleJudge] = None  # of samples of a user's own data
    names: Tuple[str, ...] = ()  # of a table's coordinates

    def score(self, drawn: np.ndarray) -> Scored:
        """Scores [sizes.of_model, *shape] samples in random order; see `metrics.score`."""
        return metrics.score(flat(drawn), self.real, self.sizes, self.truth, self.judge)


def scorer(
    dataset: Dataset, sizes: Sizes, validation: bool = False, spares_validation: bool = False
) -> Scorer:
    """The scorer of samples against a dataset, of which `sizes.real` points at least are held out.

    Args:
      dataset: what samples are compared with.
      sizes: of the evaluation.
      validation: takes other points than the evaluation does, and looks at C and log_p alone.
      spares_validation: judges without those points, because they choose something.
    """
    start = sizes.real if validation else 0
    truth = dataset.truth and (
        dataset.truth.means,
        dataset.truth.sigma,
        dataset.truth.mode_weights,
    )
    made = Scorer(sizes, flat(dataset.held_out[start : start + sizes.real]), truth)
    columns = dataset.columns
    if columns is None or validation:
        return made
    names = columns.coordinate_names if columns.is_table else ()
    held_out = dataset.held_out
    if spares_validation:
        held_out = np.delete(held_out, slice(sizes.real, 2 * sizes.real), axis=0)
    known = judge(reference(dataset), held_out, columns, sizes)
    return made._replace(judge=known, names=names)


def judge(
    training: np.ndarray, held_out: np.ndarray, columns: Columns, sizes: Sizes
) -> TwoSampleJudge:
    """What tells samples from points of a user's own data that no training saw.

    Args:
      training: [n, *shape] some that it saw.
      held_out: [H, *shape].
      columns: of the file that they come from.
      sizes: of the evaluation.
    """
    judged = min(sizes.fresh, len(held_out), len(training))  # as many play the perfect sampler
    source = columns.users_columns if columns.is_table else None
    return TwoSampleJudge(flat(training), flat(held_out[:judged]), columns.is_table, source)


def reference(dataset: Dataset) -> np.ndarray:
    """[n, *shape] training points, evenly spread over all."""
    most = max(1, min(REFERENCE, REFERENCE_NUMBERS // int(np.prod(dataset.shape))))
    rows = np.linspace(0, dataset.number - 1, min(most, dataset.number)).astype(np.int64)
    return dataset.train_points(rows)


class Yardsticks(NamedTuple):
    """What the mixture is measured by."""

    perfect: Spread  # what samples of the data themselves score
    simple: Optional[Spread]  # what a Gaussian mixture scores, fitted to a user's own data
    simple_components: int  # of it


def yardsticks(
    truth: Optional[GaussianMixture],
    held_out: np.ndarray,
    training: np.ndarray,
    columns: Optional[Columns],
    sizes: Sizes,
    data_seed: int,
) -> Yardsticks:
    """What samples of the data themselves score, and what those of a simple model do.

    Args:
      truth: the data's density, where it is known.
      held_out: [H, *shape] points that no training sees.
      training: [n, *shape] some that it sees; none where the truth is known.
      columns: of the file that they come from.
      sizes: of the evaluation.
      data_seed: of the draws.
    """
    perfect = perfect_sampler(truth, held_out, sizes, data_seed)
    if columns is None:
        return Yardsticks(metrics.spread(perfect), None, 0)
    judged = judge(training, held_out, columns, sizes)
    training, points = flat(training), flat(held_out)
    for draw in range(JUDGED_DRAWS):
        rng = streams.generator(data_seed, Purpose.PERFECT_SAMPLER, draw, 1)
        # Training points are samples of the truth as well; but they are their own copies.
        rows = rng.choice(len(training), judged.size, replace=False)
        told, _ = judged.score(training[rows])
        halves = np.array_split(rng.permutation(len(judged.nearest_held_out)), 2)
        told = told._replace(copying=judged.copying_of(*halves))
        perfect[draw] = perfect[draw]._replace(**told._asdict())
    draws, size = 1 if training.shape[1] > MANY_COORDINATES else JUDGED_DRAWS, training.std() or 1.0
    made, components = simple_model.fit_and_sample(
        training / size, draws * sizes.of_model, data_seed
    )
    made *= size
    made = columns.finish(made.reshape(-1, *columns.point_shape))
    compared = Scorer(sizes, points[: sizes.real], None, judged)
    simple = [compared.score(part).metrics for part in np.split(made, draws)]
    return Yardsticks(metrics.spread(perfect), metrics.spread(simple), components)


def perfect_sampler(
    truth: Optional[GaussianMixture], held_out: np.ndarray, sizes: Sizes, data_seed: int
) -> List[Metrics]:
    """C and log_p, and figures against the truth, of samples of the data themselves, by draw.

    Where the density is known, every draw takes new points; for a file, points held out of
    training, divided anew for every draw.

    Args:
      truth: the data's density, where it is known.
      held_out: [H, *shape] points that no training sees.
      sizes: of the evaluation.
      data_seed: of the draws.
    """
    known = truth and (truth.means, truth.sigma, truth.mode_weights)
    draws: List[Metrics] = []
    for draw in range(DRAWS):
        rng = streams.generator(data_seed, Purpose.PERFECT_SAMPLER, draw)
        if truth:
            points = truth.sample(sizes.of_model + sizes.real, rng)
        else:
            rows = rng.permutation(len(held_out))
            missing = max(0, sizes.of_data - len(rows))  # of three, one has to play two parts
            points = held_out[np.append(rows, rows[:missing])]
        real, drawn = flat(points[-sizes.real :]), points[: -sizes.real]
        draws.append(Scorer(sizes, real, known).score(drawn).metrics)
    return draws


def flat(points: np.ndarray) -> np.ndarray:
    """[n, d] float64."""
    return points.reshape(len(points), -1).astype(np.float64)
