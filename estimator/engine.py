"""The contract of what trains and predicts, whatever the device. Imports no TensorFlow."""

import abc
import dataclasses
from typing import Any, Callable, Dict, Iterable, List, NamedTuple

import numpy as np

from base.errors import UsageError
from base.model_params import ModelParams
from base.options import option
from input_fn.fixed import FixedInput
from input_fn.weighted import Stream

PROGRESS = "progress.json"
"""In the directory of a training: it can go on from there, see `estimator.resume`."""
CHUNK_BYTES = 64 << 20
"""Most memory that the input waiting for one Session.run takes."""

Report = Callable[[int, Dict[str, float]], None]
"""Called with the global step and the losses' means since the last call."""


@dataclasses.dataclass(frozen=True)
class DeviceSettings:
    """Where a run computes; never part of what it computes."""

    device: str = option(
        "auto",
        "auto: the NPU where CANN is sourced, else a GPU, else the CPU. npu: Ascend; tested on a "
        "stand-in of npu_bridge, not on a card.",
        choices=("auto", "cpu", "gpu", "npu"),
    )
    iterations_per_loop: int = option(
        0,
        "Training iterations to one Session.run; 0 chooses. On the NPU it must divide them all.",
        bounds="[0, 1e6]",
    )
    checkpoint_seconds: float = option(
        60.0,
        "Seconds of training between two checkpoints: a kill loses no more.",
        bounds="(0, 1e9]",
    )
    precision_mode: str = option(
        "",
        "NPU: empty leaves it to the adapter: allow_fp32_to_fp16 on the 910 (matrix products in "
        "fp16, no loss scaling, as published), must_keep_origin_dtype on later cards.",
        choices=("", "allow_fp32_to_fp16", "must_keep_origin_dtype", "allow_mix_precision"),
    )
    precision_mode_v2: str = option(
        "",
        "NPU: the same in the words of later releases; not together with --precision_mode.",
        choices=("", "origin", "cube_fp16in_fp32out", "mixed_float16", "mixed_bfloat16"),
    )
    op_precision_mode: str = option(
        "", "NPU: file (.ini) with the precision of single operators, in later releases."
    )
    jit_compile: str = option(
        "",
        "NPU: whether operators are compiled anew or taken from CANN's binaries, in later "
        "releases; empty is the release's default.",
        choices=("", "auto", "true", "false"),
    )
    profiling: bool = option(False, "NPU: profile the training into WORKDIR/npu_profiling.")
    over_dump: bool = option(False, "NPU: dump operators that overflow into WORKDIR/npu_dump.")
    data_dump_flag: bool = option(
        False, "NPU: dump operators' inputs and outputs at --data_dump_step into WORKDIR/npu_dump."
    )
    data_dump_step: str = option("0", 'NPU: iterations to dump, such as "0|5|10-20".')


class DeviceMissing(UsageError):
    """The device's software does not load; an automatic choice takes another."""


class Training(NamedTuple):
    """One training of one model."""

    model_fn: Callable  # one iteration a train op, as `loops.looped` takes it
    model_dir: str  # a directory of its own
    params: ModelParams  # handed to the model function as {"params": params}
    stream: Stream  # of minibatches
    iterations: int  # in all, those of an interrupted training included
    predict_for: FixedInput  # what to predict for with the trained model


class TrainResult(NamedTuple):
    """What a training leaves beside its checkpoint."""

    checkpoint: str  # path prefix of the final checkpoint
    iterations_per_second: float  # see `hooks.LossHook`
    predictions: Dict[str, np.ndarray]  # of the trained model for `predict_for`, may be empty


def unwrapped(optimizers: List[Any]) -> List[Any]:
    """Optimizers with nothing around them."""
    return optimizers


class Engine(abc.ABC):
    """Trains and predicts on some device, alone or along with others that run the same program."""

    name: str
    """Of the device, for the log."""
    reason: str = ""
    """Why it was chosen."""
    rank: int = 0
    """Of this process among those that train together; 0 keeps the run."""
    trains_side_by_side: bool = False
    """Whether several trainings may run at once, each in a thread."""
    in_graph_loop: bool = False
    """Whether look-ahead steps may be a while_loop."""

    wrap_optimizers: Callable[[List[Any]], List[Any]]
    """What the device puts around a model's optimizers: a plain function, because Estimators copy
    deeply what they are given."""

    @abc.abstractmethod
    def check(self, batch_size: int, iterations: Iterable[int]) -> None:
        """Checks what is going to be trained, before any work.

        Args:
          batch_size: points of a minibatch.
          iterations: of each kind of training.

        Raises:
          UsageError: names the flag.
        """

    @abc.abstractmethod
    def join_workers(self, shared: Dict[str, Any], lock_path: str, lock_text: str) -> None:
        """Waits for the processes that train along, and checks that they belong together.

        Args:
          shared: what must be the same in all of them, by name.
          lock_path: a file in the directory of the run, which rank 0 has written.
          lock_text: what it says: who sees it shares the directory.

        Raises:
          UsageError: names what differs.
          WorkerLost: if one does not come.
        """

    @abc.abstractmethod
    def train(self, training: Training, report: Report) -> TrainResult:
        """Trains a model and predicts with it.

        From its initial values, or from where an interrupted training of the same model in the
        same directory came to, on the same minibatches.

        Args:
          training: of what.
          report: called once a Session.run.

        Raises:
          Diverged: when losses or weights are no numbers to go on with.
          Stopped: once the model is saved, if a signal has come.
        """

    @abc.abstractmethod
    def predict(
        self, model_fn: Callable, checkpoint: str, params: ModelParams, points: FixedInput
    ) -> Dict[str, np.ndarray]:
        """Predictions of a trained model: what `train` returned for the same points.

        Args:
          model_fn: as in `Training`.
          checkpoint: path prefix of its checkpoint.
          params: as in `Training`; initial values are not used.
          points: to predict for, n of them.

        Returns:
          By name [n, ...].
        """
