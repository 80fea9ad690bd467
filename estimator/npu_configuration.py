"""How npu_bridge is configured for a training, and what it puts around optimizers."""

import json
import os
from typing import Any, Callable, Dict, List

import tensorflow as tf

from base.errors import UsageError
from estimator import npu_environment
from estimator.engine import DeviceSettings

LONGEST_LOOP = 1000
INITIAL_LOSS_SCALE = 2**32
LOSS_SCALE_INCREASE_STEPS = 1000


def run_config(
    bridge: Any, settings: DeviceSettings, workdir: str, model_dir: str, length: int
) -> Any:
    """The run configuration of one Estimator.

    Args:
      bridge: npu_bridge.
      settings: of the device.
      workdir: the directory of the run.
      model_dir: the Estimator's directory.
      length: iterations to one Session.run.
    """
    wanted = {
        "model_dir": model_dir,
        "iterations_per_loop": length,
        "tf_random_seed": 0,
        "save_summary_steps": 0,
        # Our own hook saves once, at the end: every save on the way costs a Session.run.
        "save_checkpoints_steps": 0,
        # NPUEstimator changes the session configuration it is given: a fresh one each time.
        "session_config": tf.ConfigProto(allow_soft_placement=True),
        "enable_data_pre_proc": True,
        # Every component compiles the same kernels.
        "op_compiler_cache_mode": "enable",
        "precision_mode": settings.precision_mode or None,
        "profiling_config": _profiling(bridge, settings, workdir),
        "dump_config": _dump(bridge, settings, workdir),
        **of_later_releases(bridge, settings),
    }
    given = {name: value for name, value in wanted.items() if value is not None}
    # Its logging would fetch the global step alone in the first run only: the device would compile
    # the training graph twice.
    return bridge.NPURunConfig(log_step_count_steps=None, **given)


def of_later_releases(bridge: Any, settings: DeviceSettings) -> Dict[str, Any]:
    """Arguments that only some releases take.

    Raises:
      UsageError: names the flag of one that this release does not take.
    """
    takes = npu_environment.arguments(bridge)
    wanted: Dict[str, Any] = {
        name: getattr(settings, name)
        for name in ("precision_mode_v2", "op_precision_mode", "jit_compile")
        if getattr(settings, name)
    }
    for name, value in wanted.items():
        if name not in takes:
            raise UsageError(f"--{name}={value}: this release of npu_bridge does not take it")
    if "deterministic" in takes:
        wanted["deterministic"] = 1  # a run that goes on must end as one that never stopped
    return wanted


def wrapper(bridge: Any, precision_mode: str, ranks: int) -> Callable:
    """What stands around a model's optimizers: averaging over cards, then loss scaling.

    A plain function, because Estimators copy their params deeply.

    Args:
      bridge: npu_bridge.
      precision_mode: as `--precision_mode` or `--precision_mode_v2`.
      ranks: how many cards train together.
    """

    def wrap(optimizers: List[Any]) -> List[Any]:
        if ranks > 1:
            optimizers = [bridge.NPUDistributedOptimizer(optimizer) for optimizer in optimizers]
        if precision_mode in ("allow_mix_precision", "mixed_float16"):
            # One manager: overflows of two optimizers in one Session.run cannot be told apart.
            manager = bridge.ExponentialUpdateLossScaleManager(
                INITIAL_LOSS_SCALE, LOSS_SCALE_INCREASE_STEPS
            )
            more = {"is_distributed": True} if ranks > 1 else {}
            optimizers = [
                bridge.NPULossScaleOptimizer(optimizer, manager, **more) for optimizer in optimizers
            ]
        return optimizers

    return wrap


def _profiling(bridge: Any, settings: DeviceSettings, workdir: str) -> Any:
    if not settings.profiling:
        return None
    output = _directory(workdir, "npu_profiling")
    options = {"output": output, "task_trace": "on", "training_trace": "on", "aicpu": "on"}
    return bridge.ProfilingConfig(
        enable_profiling=True,
        profiling_options=json.dumps({**options, "fp_point": "", "bp_point": ""}),
    )


def _dump(bridge: Any, settings: DeviceSettings, workdir: str) -> Any:
    if settings.over_dump:
        path = _directory(workdir, "npu_dump")
        return bridge.DumpConfig(enable_dump_debug=True, dump_path=path, dump_debug_mode="all")
    if settings.data_dump_flag:
        path, step = _directory(workdir, "npu_dump"), settings.data_dump_step
        return bridge.DumpConfig(enable_dump=True, dump_path=path, dump_step=step, dump_mode="all")
    return None


def _directory(workdir: str, name: str) -> str:
    path = os.path.abspath(os.path.join(workdir, name))
    os.makedirs(path, exist_ok=True)
    return path
