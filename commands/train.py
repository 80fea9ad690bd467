"""`--mode=train`: starts a run, or goes on with it."""

import functools
import logging
import os
import shutil
import tempfile
from typing import TYPE_CHECKING, Any, Dict, Optional, Tuple

from base import unfinished, version
from base.errors import UsageError
from boost import betas, scoring
from commands import presets, shared
from commands import settings as all_settings
from commands.settings import Command, Settings
from commands.shared import Call
from estimator import factory
from estimator.engine import Engine
from evaluation.metrics import Sizes
from input_fn import columns_file
from input_fn.columns import Columns
from input_fn.datasets import Dataset
from report.side_process import SideProcess
from report.verdict import FEW_ITERATIONS
from storage import repair
from storage.lock import LOCK
from storage.state import State
from storage.workdir import Workdir

if TYPE_CHECKING:  # it loads TensorFlow
    from boost.loop import Loop

log = logging.getLogger("adagan")


def train(call: Call, settings: Settings) -> None:
    """Starts a run, or goes on with it.

    Args:
      call: the command.
      settings: of the run.
    """
    workdir, state = _open(call.command, settings)
    dataset = shared.load(settings, call)
    shared.check_unchanged(workdir, state, settings, dataset)
    if state and len(state.steps) >= settings.boost.steps and workdir.is_finished(state):
        log.info(
            "Nothing is trained: the run in %s has finished its %d steps; raise --steps to go on.",
            workdir.path,
            len(state.steps),
        )
        return
    sizes = shared.sizes_of(settings, dataset)
    with SideProcess() as side:
        # It gets ready, and scores the perfect sampler, while TensorFlow loads.
        ticket = None if state else _score_yardsticks(side, dataset, sizes, settings)
        engine = shared.make_engine(call, settings, workdir)
        own = workdir if not engine.rank else _private()
        loop = _make_loop(settings, dataset, sizes, engine, own)
        if not engine.rank:
            workdir.make()
            workdir.lock()
        engine.join_workers(_shared_facts(settings, dataset), workdir.join(LOCK), workdir.holder)
        if engine.rank:
            state = workdir.read_state()
            _copy(workdir, own, settings, state)
        else:
            _start_writing(workdir, settings, state, dataset.columns)
            _tell_start(state, version.digest())
        loop.train(state, side, functools.partial(side.result, ticket))
    log.info("Done: %d components in %s", settings.boost.steps, workdir.path)


def _open(command: Command, settings: Settings) -> Tuple[Workdir, Optional[State]]:
    """The work directory, locked where there is a run in it, and how far that run is."""
    workdir = Workdir(command.workdir)
    workdir.check_usable(command.repair)
    follows = factory.follows()  # of several processes that train together one writes
    if (workdir.has_settings() or workdir.has_state()) and not follows:
        workdir.lock()
        if command.repair:
            _repair(workdir, settings)
    state = workdir.read_state()
    _check_settings(workdir, settings, state)
    return workdir, state


def _score_yardsticks(side: SideProcess, dataset: Dataset, sizes: Sizes, settings: Settings) -> int:
    """The ticket for `scoring.yardsticks`."""
    return side.submit(
        scoring.yardsticks,
        dataset.truth,
        dataset.held_out,
        scoring.reference(dataset) if dataset.columns else dataset.held_out[:0],
        dataset.columns,
        sizes,
        settings.data.data_seed,
    )


def _make_loop(
    settings: Settings, dataset: Dataset, sizes: Sizes, engine: Engine, own: Workdir
) -> "Loop":
    """What runs the boosting steps; own: where this process writes."""
    from commands import parts  # it loads TensorFlow

    spares = settings.boost.meta_algorithm == "best_of"
    scorer = scoring.scorer(dataset, sizes, spares_validation=spares)
    loop, iterations = parts.make_loop(settings, dataset, scorer, engine, own)
    engine.check(settings.boost.batch_size, iterations)
    _tell_of_a_short_training(settings, dataset, iterations[0])
    return loop


def _tell_of_a_short_training(settings: Settings, dataset: Dataset, iterations: int) -> None:
    """Says what helps where components of a user's data hardly begin to train."""
    if not dataset.columns or iterations >= FEW_ITERATIONS:
        return
    preset = "table.flags" if dataset.columns.is_table else "image.flags"
    remedy = f"--flagfile={preset} has settings for such data, and more iterations."
    if presets.is_followed(preset, settings):
        number = presets.values_of(preset)["iterations"]
        remedy = f"{preset} itself has --iterations={number}."
    log.warning("Components train %d iterations each, which is a beginning; %s", iterations, remedy)


def _check_settings(workdir: Workdir, settings: Settings, state: Optional[State]) -> None:
    """The settings of a run that was started before must be these."""
    if workdir.has_settings():
        before = all_settings.from_json(workdir.read_settings(), workdir.join("settings.json"))
        shared.check_own_settings(workdir, before, state)
        wanted = {n: v for n, v in settings.flat().items() if n != "data_file"}
        all_settings.check_same(wanted, before, workdir.path, may_rise=("steps",))


def _shared_facts(settings: Settings, dataset: Dataset) -> Dict[str, Any]:
    """What must be the same wherever one run is trained; the data may lie elsewhere."""
    flags = {f"--{name}": value for name, value in settings.flat().items() if name != "data_file"}
    return {**flags, "data": dataset.fingerprint(), "version": version.digest()}


def _start_writing(
    workdir: Workdir, settings: Settings, state: Optional[State], columns: Optional[Columns]
) -> None:
    """With the lock held, what another process may have written meanwhile is read again."""
    _check_settings(workdir, settings, state)
    if repr(workdir.read_state()) != repr(state):  # nan is not equal to nan
        raise UsageError(f"--workdir={workdir.path}: another process wrote there; start again")
    workdir.write_settings(settings.to_json())
    if columns and not (state and workdir.columns.is_of(state)):
        workdir.columns.write(columns_file.to_bytes(columns))


def _tell_start(state: Optional[State], program: str) -> None:
    if state is None or not state.steps:
        return
    number, before = len(state.steps), state.steps[-1].program
    log.info("Going on after step %d.", number)
    if before != program:
        log.warning(
            "Step %d was made by another version of this program (%s, this is %s): the steps from "
            "here on may differ from what that one would have made.",
            number,
            before,
            program,
        )


def _repair(workdir: Workdir, settings: Settings) -> None:
    """Lost or damaged settings are replaced by the flags, if the steps were made with these."""
    path = workdir.join("settings.json")
    repair.repair(workdir, betas.mixture_weights)
    state = workdir.read_state()
    flags_fit = state is None or state.settings_fingerprint == settings.fingerprint()
    try:
        before = all_settings.from_json(workdir.read_settings(), path)
    except UsageError as error:
        if not flags_fit:
            raise UsageError(f"{error}; repairing it needs the flags of the run") from error
        reason = str(error)
    else:
        if state is None or not flags_fit or before.fingerprint() == settings.fingerprint():
            return
        reason = f"{path}: was changed since the run was started"
    workdir.set_aside(reason, [path])
    workdir.write_settings(settings.to_json())


def _private() -> Workdir:
    """Where a rank other than 0 works: it trains and boosts along, but only rank 0 keeps it."""
    private = Workdir(tempfile.mkdtemp(prefix="adagan-rank-"))
    unfinished.remove_at_end(private.path)
    return private


def _copy(workdir: Workdir, private: Workdir, settings: Settings, state: Optional[State]) -> None:
    """Copies what is committed; from here on rank 0 speaks for all."""
    log.setLevel(logging.ERROR)
    private.write_settings(settings.to_json())
    for record in state.steps if state else ():
        for path in record.sha256:
            os.makedirs(os.path.dirname(private.join(path)), exist_ok=True)
            shutil.copy(workdir.join(path), private.join(path))
