"""How npu_bridge is configured for a training, and what it puts around optimizers."""

import json
import os
from typing import Any, Callable, List

import tensorflow as tf

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
        # A multiple of the loop, as all intervals should be.
        "log_step_count_steps": length * max(1, LONGEST_LOOP // length),
        # NPUEstimator changes the session configuration it is given: a fresh one each time.
        "session_config": tf.ConfigProto(allow_soft_placement=True),
        "enable_data_pre_proc": True,
        # Every component compiles the same kernels.
        "op_compiler_cache_mode": "enable",
        "precision_mode": settings.precision_mode or None,
        "profiling_config": _profiling(bridge, settings, workdir),
        "dump_config": _dump(bridge, settings, workdir),
    }
    given = {name: value for name, value in wanted.items() if value is not None}
    return bridge.NPURunConfig(**given)


def wrapper(bridge: Any, precision_mode: str, ranks: int) -> Callable:
    """What stands around a model's optimizers: averaging over cards, then loss scaling.

    A plain function, because Estimators copy their params deeply.

    Args:
      bridge: npu_bridge.
      precision_mode: as `--precision_mode`.
      ranks: how many cards train together.
    """

    def wrap(optimizers: List[Any]) -> List[Any]:
        if ranks > 1:
            optimizers = [bridge.NPUDistributedOptimizer(optimizer) for optimizer in optimizers]
        if precision_mode == "allow_mix_precision":
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
    if not settings.profiling or _follows():
        return None
    output = _directory(workdir, "npu_profiling")
    options = {"output": output, "task_trace": "on", "training_trace": "on", "aicpu": "on"}
    return bridge.ProfilingConfig(
        enable_profiling=True,
        profiling_options=json.dumps({**options, "fp_point": "", "bp_point": ""}),
    )


def _dump(bridge: Any, settings: DeviceSettings, workdir: str) -> Any:
    if _follows():
        return None
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


def _follows() -> bool:
    """Whether this card is not rank 0, which alone profiles and dumps."""
    return bool(npu_environment.rank(npu_environment.rank_size()))
