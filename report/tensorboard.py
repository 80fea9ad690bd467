"""The mixture's events at the top of the work directory, by boosting step."""

import glob
import os
from typing import List, Optional

import numpy as np
import tensorflow as tf

from evaluation.metrics import Metrics
from storage.state import State
from storage.workdir import Workdir

HISTOGRAM_BINS = 50


class MixtureEvents:
    """Scalars, pictures and weight histograms of a run, made from its committed state.

    Two more runs, `perfect_sampler` and, on a user's own data, `gaussian_mixture`, carry what these
    score under the same tags, so that TensorBoard draws them as lines in the same charts.
    """

    def __init__(self, directory: str, state: State):
        """Replaces the events of an earlier process: all steps are written again.

        Args:
          directory: of the run.
          state: with what the mixture is measured by.
        """
        self._writer = _new_writer(directory)
        known = {"perfect_sampler": state.perfect, "gaussian_mixture": state.simple}
        self._yardsticks = [
            (_new_writer(os.path.join(directory, name)), spread.median)
            for name, spread in known.items()
            if spread
        ]

    def write_step(self, state: State, number: int, workdir: Workdir) -> None:
        """Writes the figures of a committed step, and those that it is measured by beside them."""
        record = state.steps[number - 1]
        weights = np.load(workdir.join(record.data_weights), mmap_mode="r")
        values = _mixture_values(record.metrics)
        values += [
            _scalar("boosting/beta", record.beta),
            _scalar("boosting/lambda_star", record.lambda_star),
            _scalar("boosting/zero_weight", record.zero_weight),
            _scalar("boosting/effective_sample_size", record.effective_sample_size),
            _scalar("speed/iterations_per_second", record.iterations_per_second),
            tf.Summary.Value(tag="boosting/data_weights_times_n", histo=_histogram(weights)),
        ]
        values += [_scalar(f"calibration/{n}", v) for n, v in record.calibration.items()]
        values += [_scalar(f"seconds/{part}", v) for part, v in record.seconds.items()]
        kept = [value for value in values if value is not None]
        self._writer.add_summary(tf.Summary(value=kept), number)
        self._writer.flush()
        for writer, figures in self._yardsticks:
            values = [value for value in _mixture_values(figures) if value is not None]
            writer.add_summary(tf.Summary(value=values), number)
            writer.flush()

    def write_picture(self, name: str, number: int, path: str) -> None:
        """Writes a .png as the picture of a step."""
        with open(path, "rb") as file:
            image = tf.Summary.Image(encoded_image_string=file.read())
        value = tf.Summary.Value(tag=f"plots/{name}", image=image)
        self._writer.add_summary(tf.Summary(value=[value]), number)
        self._writer.flush()

    def close(self) -> None:
        """Brings everything to disk."""
        self._writer.close()
        for writer, _ in self._yardsticks:
            writer.close()


def _new_writer(directory: str) -> tf.summary.FileWriter:
    for old in glob.glob(os.path.join(glob.escape(directory), "events.out.tfevents.*")):
        os.remove(old)
    return tf.summary.FileWriter(directory)


def _mixture_values(metrics: Metrics) -> List[Optional[tf.Summary.Value]]:
    return [
        # Under this name they come first: did it work?
        _scalar(f"adagan/{name}", value)
        for name, value in metrics._asdict().items()
        if not np.isnan(value)
    ]


def _scalar(tag: str, value: float) -> Optional[tf.Summary.Value]:
    return tf.Summary.Value(tag=tag, simple_value=value) if np.isfinite(value) else None


def _histogram(data_weights: np.ndarray) -> tf.HistogramProto:
    """Of the weights times N: 1 is the weight that every point has before boosting."""
    scaled = np.asarray(data_weights) * len(data_weights)
    counts, edges = np.histogram(scaled, bins=HISTOGRAM_BINS)
    return tf.HistogramProto(
        min=scaled.min(),
        max=scaled.max(),
        num=len(scaled),
        sum=scaled.sum(),
        sum_squares=np.square(scaled).sum(),
        bucket_limit=edges[1:],
        bucket=counts,
    )
