"""The mixture's events at the top of the work directory, by boosting step."""

import contextlib
import glob
import os
from typing import Any, Dict, Iterator, Mapping, Sequence

import numpy as np
import tensorflow as tf

from evaluation.metrics import Metrics
from report import tags
from storage.state import State
from storage.workdir import Workdir

try:
    from tensorboard.plugins.hparams import api_pb2 as hparams_api
    from tensorboard.plugins.hparams import summary as hparams
except ImportError:  # a TensorFlow that came without TensorBoard
    hparams = None

HISTOGRAM_BINS = 50
Settings = Dict[str, Dict[str, Any]]
"""By what they are of, and by flag."""


class MixtureEvents:
    """Scalars, pictures and weight histograms of a run, made from its committed state.

    Two more runs, `perfect_sampler` and, on a user's own data, `gaussian_mixture`, carry what these
    score under the same tags, so that TensorBoard draws them as lines in the same charts. Its
    hyperparameters tab compares runs below one --logdir: each is a session with its settings.
    """

    def __init__(self, directory: str, state: State, settings: Settings):
        """Replaces the events of an earlier process: all steps are written again.

        Args:
          directory: of the run.
          state: with what the mixture is measured by.
          settings: of the run.
        """
        self._writer = _new_writer(directory)
        known = {"perfect_sampler": state.perfect, "gaussian_mixture": state.simple}
        self._yardsticks = [
            (_new_writer(os.path.join(directory, name)), spread.median)
            for name, spread in known.items()
            if spread
        ]
        self._writer.add_summary(tf.Summary(value=[_text("settings", settings)]), 0)
        if hparams:
            flags = {name: value for room in settings.values() for name, value in room.items()}
            for summary in _session(flags):
                self._writer.add_summary(summary, 0)

    def write_step(self, state: State, number: int, workdir: Workdir) -> None:
        """Writes the figures of a committed step, and those that it is measured by beside them."""
        record = state.steps[number - 1]
        weights = np.load(workdir.join(record.data_weights), mmap_mode="r")
        values = [*_mixture_values(record.metrics)]
        values += _scalars(
            {
                "boosting/beta": record.beta,
                "boosting/lambda_star": record.lambda_star,
                "boosting/zero_weight": record.zero_weight,
                "boosting/effective_sample_size": record.effective_sample_size,
                "speed/iterations_per_second": record.iterations_per_second,
                **{f"calibration/{name}": value for name, value in record.calibration.items()},
                **{f"seconds/{part}": value for part, value in record.seconds.items()},
            }
        )
        values.append(_value("boosting/data_weights_times_n", histo=_histogram(weights)))
        self._writer.add_summary(tf.Summary(value=values), number)
        self._writer.flush()
        for writer, figures in self._yardsticks:
            writer.add_summary(tf.Summary(value=_mixture_values(figures)), number)
            writer.flush()

    def write_picture(self, name: str, number: int, path: str) -> None:
        """Writes a .png as the picture of a step."""
        with open(path, "rb") as file:
            image = tf.Summary.Image(encoded_image_string=file.read())
        value = _value(f"plots/{name}", image=image)
        self._writer.add_summary(tf.Summary(value=[value]), number)
        self._writer.flush()

    def close(self) -> None:
        """Brings everything of a run that has ended to disk."""
        if hparams:
            self._writer.add_summary(hparams.session_end_pb(hparams_api.STATUS_SUCCESS), 0)
        self._writer.close()
        for writer, _ in self._yardsticks:
            writer.close()


def write_figures(
    directory: str, flags: Dict[str, Any], figures: Mapping[str, Sequence[float]]
) -> None:
    """A session of TensorBoard's comparison, of a run that is not there any more.

    Args:
      directory: for its events; those of an earlier call are replaced.
      flags: the run's.
      figures: the mixture's by name, one a boosting step; others than `Metrics` has are left out.
    """
    known = [name for name in Metrics._fields if name in figures]
    with contextlib.closing(_new_writer(directory)) as writer:
        for summary in _session(flags) if hparams else ():
            writer.add_summary(summary, 0)
        for number, values in enumerate(zip(*(figures[name] for name in known)), 1):
            named = {f"adagan/{name}": value for name, value in zip(known, values)}
            writer.add_summary(tf.Summary(value=_scalars(named)), number)
        if hparams:
            writer.add_summary(hparams.session_end_pb(hparams_api.STATUS_SUCCESS), 0)


def _new_writer(directory: str) -> tf.summary.FileWriter:
    for old in glob.glob(os.path.join(glob.escape(directory), "events.out.tfevents.*")):
        os.remove(old)
    return tf.summary.FileWriter(directory)


def _mixture_values(metrics: Metrics) -> Iterator[tf.Summary.Value]:
    # Under this name they come first: did it work?
    return _scalars({f"adagan/{name}": value for name, value in metrics._asdict().items()})


def _scalars(figures: Dict[str, float]) -> Iterator[tf.Summary.Value]:
    """Of those that are finite, by tag."""
    return (_value(tag, simple_value=v) for tag, v in figures.items() if np.isfinite(v))


PLUGINS = {
    "simple_value": "scalars",
    "histo": "histograms",
    "image": "images",
    "tensor": "text",
}
"""Of TensorBoard, by what a value is."""


def _value(tag: str, **value: Any) -> tf.Summary.Value:
    """With what stands beside it on TensorBoard's page."""
    (kind,) = value
    name, description = tags.about(tag)
    metadata = tf.SummaryMetadata(display_name=name, summary_description=description)
    metadata.plugin_data.plugin_name = PLUGINS[kind]
    return tf.Summary.Value(tag=tag, metadata=metadata, **value)


def _text(tag: str, settings: Settings) -> tf.Summary.Value:
    return _value(tag, tensor=tf.make_tensor_proto(tags.settings_text(settings)))


def _session(flags: Dict[str, Any]) -> Iterator[tf.Summary]:
    """The run among others, and what is compared: all flags, and the mixture's figures alone."""
    number, text = hparams_api.DATA_TYPE_FLOAT64, hparams_api.DATA_TYPE_STRING
    # To the plugin True is a number.
    plain = {n: v if type(v) in (int, float) else str(v) for n, v in flags.items()}
    yield hparams.experiment_pb(
        hparam_infos=[
            hparams_api.HParamInfo(name=name, type=text if isinstance(value, str) else number)
            for name, value in plain.items()
        ],
        metric_infos=[
            hparams_api.MetricInfo(
                name=hparams_api.MetricName(tag=tag),
                display_name=tags.about(tag).name,
                description=tags.about(tag).description,
            )
            for tag in (f"adagan/{name}" for name in Metrics._fields)
        ],
    )
    yield hparams.session_start_pb(plain)


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
