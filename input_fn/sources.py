"""Datasets by name: the published toy data, or a user's own.

Imports no TensorFlow.
"""

import numpy as np

from base import streams
from base.errors import UsageError
from base.streams import Purpose
from input_fn import files, gmm, own_data
from input_fn.datasets import Dataset
from input_fn.settings import DataSettings


def load(settings: DataSettings, held_out: int, batch_size: int) -> Dataset:
    """Makes or reads the dataset.

    Args:
      settings: which.
      held_out: points that the evaluation would like to have beside the training points; of a
        file at most a fifth.
      batch_size: training needs at least so many points.

    Raises:
      UsageError: names the flag or file and what is wrong with it.
    """
    if settings.dataset == "file":
        dataset = own_data.load(settings, held_out)
    else:
        dataset = _from_gmm(settings, held_out)
    if batch_size > dataset.number:
        raise UsageError(
            f"--batch_size={batch_size}: larger than the data, "
            f"which have {dataset.number} training points"
        )
    return dataset


def _from_gmm(settings: DataSettings, held_out: int) -> Dataset:
    if settings.dataset == "ring":
        truth = gmm.ring(settings.unbalanced)
    elif settings.dataset == "grid":
        truth = gmm.grid(settings.unbalanced)
    elif settings.dataset == "gmm":
        truth = gmm.random_gmm(
            settings.gmm_modes_num,
            settings.toy_dataset_dim,
            settings.gmm_max_val,
            settings.data_seed,
        )
    else:
        truth = gmm.circle_gmm(settings.gmm_modes_num, settings.gmm_max_val)
    rng = streams.generator(settings.data_seed, Purpose.DATA_POINTS)
    points = truth.sample(settings.toy_dataset_size, rng)
    rng = streams.generator(settings.data_seed, Purpose.HELD_OUT_POINTS)
    held_out_points = truth.sample(held_out, rng)
    rng = streams.generator(settings.data_seed, Purpose.DATA_POINTS)
    modes = truth.draw_modes(settings.toy_dataset_size, rng)
    empty = len(truth.means) - len(np.unique(modes))
    remark = (
        f"{empty} of {len(truth.means)} modes have no training point; raise "
        f"--toy_dataset_size={settings.toy_dataset_size}"
    )
    remarks = (remark,) if empty else ()
    return Dataset(points, None, held_out_points, truth, remarks, digest=files.digest(points))
