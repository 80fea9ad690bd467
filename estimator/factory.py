"""Chooses the engine that runs Estimators; loads TensorFlow.

Imports no TensorFlow before `load_tensorflow` does.
"""

import ctypes
import dataclasses
import importlib.util
import logging
import os
import re
import warnings

from base.errors import UsageError
from estimator import cluster as clusters
from estimator import npu_environment, xla_flags
from estimator.cluster import Cluster
from estimator.engine import DeviceMissing, DeviceSettings, Engine

CANN_VARIABLES = ("ASCEND_OPP_PATH", "ASCEND_HOME_PATH", "ASCEND_TOOLKIT_HOME")
"""What CANN's set_env script sets; one is enough to know that it was sourced."""


log = logging.getLogger("adagan")


M_ARENA_MAX, ARENAS = -8, 2


def load_tensorflow(verbosity: int, units: int = 16) -> None:
    """Imports TensorFlow with the environment that it reads when it loads.

    Args:
      verbosity: as `--verbosity`; below 0, TensorFlow prints nothing.
      units: of the widest hidden layer that will be trained.

    Raises:
      UsageError: names a variable of the environment with which TensorFlow would end the process.
    """
    xla_flags.set_in_environment(units)
    if verbosity < 0:
        os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
        warnings.filterwarnings("ignore", category=FutureWarning, module="tensor")
    # The threads of all sessions share malloc's arenas: each keeping its own, memory grows by a
    # megabyte with every component.
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)  # glibc's
    if mallopt is not None:
        mallopt(M_ARENA_MAX, ARENAS)
    import tensorflow as tf

    # Errors are raised as well; the log only says them twice.
    tf.get_logger().setLevel(logging.CRITICAL if verbosity < 0 else logging.INFO)


def check(settings: DeviceSettings) -> None:
    """Checks how the settings go together, before anything is loaded.

    Raises:
      UsageError: names the flags, or TF_CONFIG.
    """
    clusters.from_environment()
    if settings.over_dump and settings.data_dump_flag:
        raise UsageError("--over_dump: not together with --data_dump_flag; use one of them")
    if not all(_is_dump_step(step) for step in settings.data_dump_step.split("|")):
        raise UsageError(
            f"--data_dump_step={settings.data_dump_step}: must be like 0|5|10 or 0|5-10, from the "
            f"lower to the higher"
        )
    if settings.precision_mode and settings.precision_mode_v2:
        raise UsageError(
            f"--precision_mode_v2={settings.precision_mode_v2}: not together with "
            f"--precision_mode={settings.precision_mode}; use one of them"
        )
    if settings.op_precision_mode and not os.path.isfile(settings.op_precision_mode):
        raise UsageError(f"--op_precision_mode={settings.op_precision_mode}: is no file")


def choose(settings: DeviceSettings, workdir: str, convolutional: bool = False) -> Engine:
    """The engine for `--device`, ready to train and predict.

    "auto" takes the NPU where npu_bridge is installed and CANN's environment is sourced. Whether
    it is there is seen without importing it: importing changes every later Session.

    Args:
      settings: which device, and how.
      workdir: directory of the run; nothing is written yet.
      convolutional: whether the networks are.

    Raises:
      UsageError: where the device that was asked for is not there.
    """
    workers = clusters.from_environment()
    os.environ.pop(clusters.VARIABLE, None)
    if workers and workers.size > 1:
        if settings.device == "npu":
            raise UsageError("--device=npu: not with TF_CONFIG; cards train together by RANK_SIZE")
        return _distributed(settings, convolutional, workers, workdir)
    reason = ""
    if settings.device in ("auto", "npu"):
        reason = _why_no_npu()
        if settings.device == "npu" or not reason:
            from estimator.npu import NPUEngine

            try:
                return NPUEngine(settings, workdir)
            except DeviceMissing as error:
                if settings.device == "npu":
                    raise
                reason = str(error)
    from estimator.host import HostEngine, gpus_for

    if settings.device == "gpu" and len(gpus_for(settings)) > 1:
        return _distributed(settings, convolutional, clusters.ALONE, workdir)
    engine = HostEngine(settings, convolutional)
    if settings.device == "auto":
        log.info("Device: %s (%s; %s)", engine.name, reason, engine.reason)
    return engine


def for_drawing(settings: DeviceSettings) -> DeviceSettings:
    """Where a finished mixture is drawn from and scored: on an NPU only if it is asked for by name.

    A card compiles each network first, for longer than a CPU takes to draw a million samples.
    """
    if settings.device != "auto" or _why_no_npu():
        return settings
    log.info("Device: not the NPU, whose graphs take longer to compile; --device=npu takes it")
    return dataclasses.replace(settings, device="cpu")


def several_workers() -> bool:
    """Whether TF_CONFIG names several."""
    workers = clusters.from_environment()
    return workers is not None and workers.size > 1


def follows() -> bool:
    """Whether this process trains along with others, of which another one keeps the run."""
    workers = clusters.from_environment()
    return workers.rank > 0 if workers else npu_environment.follows()


def _distributed(
    settings: DeviceSettings, convolutional: bool, workers: Cluster, workdir: str
) -> Engine:
    from estimator.distributed import DistributedEngine

    engine = DistributedEngine(settings, convolutional, workers, workdir)
    log.info("Device: %s (%s)", engine.name, engine.reason)
    return engine


def _is_dump_step(text: str) -> bool:
    """Whether it is a number of an iteration, or a range; the adapter aborts on one from above."""
    found = re.fullmatch("([0-9]+)(?:-([0-9]+))?", text, re.ASCII)
    return found is not None and int(found[1]) <= int(found[2] or found[1])


def _why_no_npu() -> str:
    if importlib.util.find_spec("npu_bridge") is None:
        return "npu_bridge is not installed"
    if not any(os.environ.get(name) for name in CANN_VARIABLES):
        return "npu_bridge is installed, but CANN's set_env script is not sourced"
    return ""
