"""Ascend: `NPUEstimator` through npu_bridge, the training loop on the device.

Written from the adapter's documents and its Python half; tried on stand-ins of two of its releases
(February 2021 and July 2026), not on a card.
"""

import importlib
import inspect
import json
import logging
import math
import os
from typing import Any, Callable, Dict, Iterable, List

import numpy as np
import tensorflow as tf

from base.errors import UsageError
from estimator import resume
from estimator.engine import (
    CHUNK_BYTES,
    DeviceMissing,
    DeviceSettings,
    Engine,
    Report,
    Training,
    TrainResult,
)
from estimator.hooks import CheckpointHook, LossHook, largest_weight, told_nan
from estimator.literal import literal
from estimator.loops import accumulated
from estimator.predictions import joined
from input_fn import pipelines
from input_fn.fixed import FixedInput

SINGLE_CARD = {"JOB_ID": "10087", "RANK_SIZE": "1", "RANK_ID": "0", "RANK_TABLE_FILE": ""}
"""What npu_bridge reads from the environment, as one card needs it."""
WARM_STARTS = ("RESTORE_FROM", "LOCAL_CHECKPOINT_DIR")
"""Variables that npu_bridge turns into a warm start of every Estimator."""
LONGEST_LOOP = 1000
FEWEST_WAITING = 16
"""Minibatches that wait for the device at least."""
INITIAL_LOSS_SCALE = 2**32
LOSS_SCALE_INCREASE_STEPS = 1000

log = logging.getLogger("adagan")


class NPUEngine(Engine):
    """Trains and predicts on Ascend cards."""

    name = "npu"
    # A card belongs to one process and one graph at once, and gradients inside a while_loop are not
    # safe there: look-ahead steps are written out.
    trains_side_by_side = False
    in_graph_loop = False

    def __init__(self, settings: DeviceSettings, workdir: str):
        """Prepares the environment and loads npu_bridge.

        Raises:
          UsageError: if it cannot be loaded, or the environment would warm-start components.
        """
        _prepare_environment()
        self._bridge = _load_bridge()
        self._settings, self._workdir = settings, workdir
        release_b = "auto_tune_mode" in _arguments(self._bridge)
        if release_b and not os.environ.get("RANK_SIZE"):
            os.environ["RANK_SIZE"] = os.environ["CM_WORKER_SIZE"]
        self.ranks = _rank_size()
        self.rank = _rank(self.ranks)
        self.wrap_optimizers = _wrapper(self._bridge, settings.precision_mode, self.ranks)
        log.info("Device: npu (npu_bridge is there; rank %d of %d)", self.rank, self.ranks)

    def check(self, batch_size: int, iterations: Iterable[int]) -> None:
        """Checks that minibatches divide among the cards, and trainings into device loops."""
        if batch_size % self.ranks:
            raise UsageError(f"--batch_size={batch_size}: must divide among {self.ranks} cards")
        for number in iterations:
            loop_length(number, self._settings.iterations_per_loop)

    def meet(self, shared: Dict[str, Any], lock_path: str, lock_text: str) -> None:
        """The ranks of one job meet in their first collective."""

    def train(self, training: Training, report: Report) -> TrainResult:
        """Trains a model and predicts with it; see `Engine.train`.

        Several cards always start from the initial values: only rank 0 keeps checkpoints.
        """
        model_fn, model_dir, params = training.model_fn, training.model_dir, training.params
        iterations = training.iterations
        length = loop_length(iterations, self._settings.iterations_per_loop)
        start = resume.start(model_dir, self.name, length if self.ranks == 1 else 0)
        own = training.stream.part(self.rank, self.ranks)
        hooks: List[Any] = []

        def make_hooks(step: tf.Tensor, means: Dict[str, tf.Tensor]) -> List[Any]:
            seconds = self._settings.checkpoint_seconds
            hooks.extend(
                [
                    LossHook(step, means, largest_weight(step), model_dir, report, start),
                    _LoopCheckHook(step, start, length),
                    CheckpointHook(step, None, model_dir, self.name, seconds),
                ]
            )
            return hooks

        looped = accumulated(model_fn, length, make_hooks)
        waiting = min(length, max(FEWEST_WAITING, CHUNK_BYTES // own.bytes_an_iteration))
        if start < iterations:
            minibatches = pipelines.single_iterations(own, start, waiting)
            with literal(model_dir) as directory, told_nan():
                estimator = self._estimator(looped, directory, params, length)
                estimator.train(minibatches, max_steps=iterations)
        checkpoint = os.path.join(model_dir, f"{resume.PREFIX}-{iterations}")
        rate = math.nan
        if hooks:
            checkpoint, rate = hooks[-1].saved(iterations), hooks[0].iterations_per_second
        predictions = self.predict(model_fn, checkpoint, params, training.predict_for)
        return TrainResult(checkpoint, rate, predictions)

    def predict(
        self, model_fn: Callable, checkpoint: str, params: Any, points: FixedInput
    ) -> Dict[str, np.ndarray]:
        """Predictions of a trained model; see `Engine.predict`."""
        above, name = os.path.split(checkpoint)
        with literal(above) as directory:
            outputs = self._estimator(model_fn, directory, params, 1).predict(
                pipelines.predictions(points),
                checkpoint_path=os.path.join(directory, name),
                yield_single_examples=False,
            )
            return joined(outputs, len(points))

    def _estimator(self, model_fn: Callable, model_dir: str, params: Any, length: int) -> Any:
        bridge, settings = self._bridge, self._settings
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
            "profiling_config": _profiling(bridge, settings, self._workdir),
            "dump_config": _dump(bridge, settings, self._workdir),
        }
        given = {name: value for name, value in wanted.items() if value is not None}
        config = bridge.NPURunConfig(**given)
        return bridge.NPUEstimator(
            model_fn=model_fn, model_dir=model_dir, config=config, params={"params": params}
        )


class _LoopCheckHook(tf.train.SessionRunHook):
    """Stops a run whose device loop was skipped, which unknown shapes cause silently."""

    def __init__(self, step: tf.Tensor, start: int, length: int):
        self._step, self._start, self._length, self._checked = step, start, length, False

    def before_run(self, run_context: Any) -> Any:
        return None if self._checked else tf.train.SessionRunArgs(self._step)

    def after_run(self, run_context: Any, run_values: Any) -> None:
        done = None if self._checked else int(run_values.results) - self._start
        if done not in (None, self._length):
            raise UsageError(
                f"--iterations_per_loop={self._length}: the device advanced the global step by "
                f"{done} in its first run; its loop was skipped, use 1"
            )
        self._checked = True


def loop_length(iterations: int, wanted: int) -> int:
    """Iterations to one Session.run: a divisor of all, so that training ends where it should.

    Raises:
      UsageError: if the wanted length does not divide them.
    """
    if wanted:
        if iterations % wanted:
            raise UsageError(
                f"--iterations_per_loop={wanted}: must divide the {iterations} iterations of a "
                f"training; 0 chooses"
            )
        return wanted
    return max(n for n in range(1, min(LONGEST_LOOP, iterations) + 1) if iterations % n == 0)


def _prepare_environment() -> None:
    """Sets what one card needs and what is missing; npu_bridge reads it once a process."""
    for name in WARM_STARTS:
        if os.environ.get(name):
            raise UsageError(
                f"{name}={os.environ[name]}: npu_bridge would start every component from it; "
                f"unset it, each component starts afresh"
            )
    # July 2026's release takes the size from CM_WORKER_SIZE too, and refuses both together.
    skipped = {"RANK_SIZE"} if os.environ.get("CM_WORKER_SIZE") else set()
    if skipped and os.environ.get("RANK_SIZE"):
        raise UsageError(
            f"CM_WORKER_SIZE={os.environ['CM_WORKER_SIZE']}: npu_bridge does not take it together "
            f"with RANK_SIZE={os.environ['RANK_SIZE']}; unset one of them"
        )
    if _rank_size() > 1:
        skipped.add("RANK_ID")
    for name, value in SINGLE_CARD.items():
        if name not in skipped and not os.environ.get(name):
            os.environ[name] = value
    if _rank_size() > 1 and not os.environ.get("RANK_TABLE_FILE"):
        raise UsageError(
            f"RANK_TABLE_FILE=: {_rank_size()} cards need the path of the HCCL rank table"
        )


def _arguments(bridge: Any) -> Any:
    """Names that this release's run configuration takes."""
    return inspect.signature(bridge.NPURunConfig.__init__).parameters


def _rank(ranks: int) -> int:
    text = os.environ.get("RANK_ID") or ""
    known = text.isdigit() and text.isascii()
    if ranks > 1 and not (known and int(text) < ranks):
        raise UsageError(f"RANK_ID={text}: must be this card's number, from 0 to {ranks - 1}")
    return int(text) if known else 0


def _rank_size() -> int:
    text = os.environ.get("RANK_SIZE") or os.environ.get("CM_WORKER_SIZE") or "1"
    if not (text.isdigit() and text.isascii()) or int(text) < 1:
        raise UsageError(f"RANK_SIZE={text}: must be the number of cards")
    return int(text)


def _load_bridge() -> Any:
    try:
        return importlib.import_module("npu_bridge.npu_init")
    except (ImportError, OSError, RuntimeError, AttributeError, tf.errors.OpError) as error:
        raise DeviceMissing(
            f"--device=npu: npu_bridge does not load ({' '.join(str(error).split())[:160]}); "
            f"source CANN's environment, such as "
            f". /usr/local/Ascend/ascend-toolkit/set_env.sh, or use --device=cpu"
        ) from error


def _wrapper(bridge: Any, precision_mode: str, ranks: int) -> Callable:
    """What stands around a model's optimizers: averaging over cards, then loss scaling.

    A plain function, because Estimators copy their params deeply.
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
    if not settings.profiling or _rank(_rank_size()):
        return None  # rank 0 profiles and dumps
    output = _made(workdir, "npu_profiling")
    options = {"output": output, "task_trace": "on", "training_trace": "on", "aicpu": "on"}
    return bridge.ProfilingConfig(
        enable_profiling=True,
        profiling_options=json.dumps({**options, "fp_point": "", "bp_point": ""}),
    )


def _dump(bridge: Any, settings: DeviceSettings, workdir: str) -> Any:
    if _rank(_rank_size()):
        return None
    if settings.over_dump:
        path = _made(workdir, "npu_dump")
        return bridge.DumpConfig(enable_dump_debug=True, dump_path=path, dump_debug_mode="all")
    if settings.data_dump_flag:
        path, step = _made(workdir, "npu_dump"), settings.data_dump_step
        return bridge.DumpConfig(enable_dump=True, dump_path=path, dump_step=step, dump_mode="all")
    return None


def _made(workdir: str, name: str) -> str:
    path = os.path.abspath(os.path.join(workdir, name))
    os.makedirs(path, exist_ok=True)
    return path
