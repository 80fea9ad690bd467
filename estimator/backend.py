"""Chooses the engine that runs Estimators; loads TensorFlow.

Imports no TensorFlow before `load_tensorflow` does.
"""

import dataclasses
import logging
import os
import warnings
from typing import Any, Dict, NamedTuple

import numpy as np

from options import option

XLA_FLAGS = (
    # Less optimisation compiles sooner and, with small matrices, runs faster.
    "--xla_llvm_disable_expensive_passes=true",
    # One iteration is a chain of small operations: threads cost more than they give.
    "--xla_cpu_multi_thread_eigen=false",
    # Matrix products are compiled into the loop instead of calls into Eigen; of what fits into the
    # registers of AVX2, six rows by two vectors is the fastest tile. Elementwise loops run two
    # vectors at a time.
    "--xla_backend_extra_options=xla_force_enable_experimental_llvm_ir_gemm,"
    "xla_llvm_ir_gemm_tile_size=6:8:2*vectwidth,-force-vector-interleave=2",
)


@dataclasses.dataclass(frozen=True)
class DeviceSettings:
    """Where a run computes; never part of what it computes."""

    device: str = option(
        "auto",
        "auto: a GPU if TensorFlow sees one, else the CPU.",
        choices=("auto", "cpu", "gpu", "npu"),
    )
    iterations_per_loop: int = option(
        0, "Training iterations to one Session.run; 0 chooses.", bounds="[0, 1e6]"
    )


class TrainResult(NamedTuple):
    """What training leaves beside its checkpoint."""

    checkpoint: str  # path prefix of the final checkpoint
    iterations_per_second: float  # see `hooks.LossHook`
    predictions: Dict[str, np.ndarray]  # of the trained model for `predict_for`, may be empty


def load_tensorflow(verbosity: int) -> None:
    """Imports TensorFlow with the environment that it reads when it loads.

    Args:
      verbosity: as `--verbosity`; below 0, TensorFlow prints errors only.
    """
    present = os.environ.get("XLA_FLAGS", "").split()
    named = {flag.split("=")[0] for flag in present}
    ours = [flag for flag in XLA_FLAGS if flag.split("=")[0] not in named]
    os.environ["XLA_FLAGS"] = " ".join(present + ours)
    if verbosity < 0:
        os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
        warnings.filterwarnings("ignore", category=FutureWarning, module="tensor")
    import tensorflow as tf

    tf.get_logger().setLevel(logging.ERROR if verbosity < 0 else logging.INFO)


def choose(settings: DeviceSettings) -> Any:
    """The engine for `--device`, ready to train and predict.

    Raises:
      UsageError: where the device that was asked for is not there.
    """
    if settings.device == "npu":
        from estimator.npu import NPUEngine

        return NPUEngine(settings)
    from estimator.host import HostEngine

    return HostEngine(settings)
