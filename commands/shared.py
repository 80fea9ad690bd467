"""What the commands share: opening a run, its data, the device, and what makes its components."""

import dataclasses
import logging
from typing import TYPE_CHECKING, Any, Dict, NamedTuple, Optional, Tuple

from base.errors import UsageError
from base.options import check
from boost import refinement
from boost.settings import REFINEMENT_UNITS
from commands import memory
from commands import settings as all_settings
from commands.settings import Command, RunSettings, Settings
from estimator import factory
from estimator.engine import DeviceSettings, Engine
from evaluation import metrics
from evaluation.metrics import Sizes
from input_fn import columns_file, datasets, sources
from input_fn.columns import Columns
from input_fn.datasets import Dataset
from storage import ownership
from storage.state import State
from storage.workdir import Workdir

if TYPE_CHECKING:  # it loads TensorFlow
    from boost.components import Components

log = logging.getLogger("adagan")


class Call(NamedTuple):
    """What the command line says beside the settings of a run."""

    command: Command
    device: DeviceSettings
    verbosity: int


class Run(NamedTuple):
    """A run that is there, as it is going to be used."""

    workdir: Workdir
    settings: Settings  # that it was made with; its data may lie elsewhere now
    state: State  # of one step at least
    seed: int  # of what is drawn


def open_run(call: Call, explicit: Dict[str, Any]) -> Run:
    """The run in `--workdir`.

    Args:
      call: the command.
      explicit: settings that were given by flags; they must be those of the run, but for the seed
        and where its data lie now.

    Raises:
      UsageError: if there is no such run, or names the first setting that differs.
    """
    workdir, given = Workdir(call.command.workdir), dict(explicit)
    settings, state = read_run(workdir)
    seed = given.pop("seed", settings.run.seed)
    check(RunSettings(seed))
    moved = given.pop("data_file", settings.data.data_file)  # the fingerprint knows other data
    data = dataclasses.replace(settings.data, data_file=moved)
    settings = dataclasses.replace(settings, data=data)
    all_settings.check_same(given, settings, workdir.path)
    return Run(workdir, settings, state, seed)


def read_run(workdir: Workdir) -> Tuple[Settings, State]:
    """What a run was made with, and its committed steps, of which there is one at least.

    Raises:
      UsageError: if there is no such run.
    """
    ownership.check_links(workdir.path)
    text, state = workdir.read_settings(), workdir.read_state()  # which tells other versions' runs
    settings = all_settings.from_json(text, workdir.join("settings.json"))
    if state is None or not state.steps:
        raise UsageError(f"{workdir.path}: has no finished step yet; train first")
    return settings, state


def make_components(call: Call, run: Run, needs_data: bool) -> "Optional[Components]":
    """What a run's mixture is drawn from; loads TensorFlow, and the data where need be.

    Args:
      call: the command.
      run: it.
      needs_data: whether a file must be there; else what the work directory knows of it is enough.

    Returns:
      None in a process that only trains along with others.

    Raises:
      UsageError: if something of the run was changed.
    """
    settings, state = run.settings, run.state
    if refines_anew(run, call.command):
        run.workdir.check_usable()
    if needs_data or not state.columns_sha256:
        dataset = load(settings, call)
        check_unchanged(run.workdir, state, settings, dataset)
    else:
        check_files(run.workdir, state, settings)
        dataset = datasets.remembered(read_columns(run.workdir, state))
        memory.check_memory(settings, call.command, call.device, dataset)
    engine = make_engine(call, settings, run.workdir)
    if engine.rank:
        return None

    from commands import parts

    return parts.make_components(settings, dataset, state.sizes.of_model, engine, run.workdir)


def refines_anew(run: Run, command: Command) -> bool:
    """Whether a command trains a refinement, for which it needs the data."""
    return command.refine and not refinement.is_made(run.workdir, run.state)


def read_columns(workdir: Workdir, state: State) -> Columns:
    """What a run on a file knows of it beside its points.

    Raises:
      UsageError: if that is not what was committed.
    """
    return columns_file.from_bytes(workdir.columns.read(state))


def load(settings: Settings, call: Call) -> Dataset:
    """The data, told to the log."""
    command, device = call.command, call.device
    points = metrics.published_sizes(settings.evaluation)
    memory.check_memory(settings, command, device)  # before anything is drawn
    wanted = points.of_data
    if settings.data.dataset == "file":
        wanted = max(wanted, points.fresh)  # samples are told from as many points of the data
    # An epoch needs a minibatch; iterations draw with replacement from any number of points.
    smallest = 1 if settings.boost.iterations else settings.boost.batch_size
    dataset = sources.load(settings.data, wanted, smallest)
    memory.check_memory(settings, command, device, dataset)  # the shape of a file is known now
    log.info(
        "Data: %d training points of shape %s from %s",
        dataset.number,
        list(dataset.shape),
        settings.data.data_file or settings.data.dataset,
    )
    for remark in dataset.remarks:
        log.warning("  %s", remark)
    return dataset


def sizes_of(settings: Settings, dataset: Dataset) -> Sizes:
    """Of the evaluation, told to the log where they are not the published ones."""
    points = metrics.published_sizes(settings.evaluation)
    scaled = metrics.scaled_sizes(points, len(dataset.held_out))
    if scaled != points:
        log.info(
            "Only %d points are held out: C and log_p take %d samples, %d for the bandwidth, %d "
            "points of the data",
            len(dataset.held_out),
            *scaled[:3],
        )
    return scaled


def check_unchanged(
    workdir: Workdir, state: Optional[State], settings: Settings, dataset: Dataset
) -> None:
    """What was committed, and what it was made from, must be what they were."""
    if state is None:
        return
    check_files(workdir, state, settings)
    if state.data_fingerprint != dataset.fingerprint() or _has_other_columns(
        workdir, state, dataset.columns
    ):
        path = settings.data.data_file
        given = f"--data_file={path}: " if path else ""
        raise UsageError(
            f"{given}--workdir={workdir.path}: its components are trained on other data; give the "
            f"same data, or another --workdir"
        )


def _has_other_columns(workdir: Workdir, state: State, found: Optional[Columns]) -> bool:
    """Whether columns have other names, types, texts or gaps; moments may differ in last digits."""
    if found is None or not state.columns_sha256:
        return (found is None) == bool(state.columns_sha256)
    try:
        known = read_columns(workdir, state)
    except UsageError:  # lost: only the very same can take its place
        return columns_file.digest(found) != state.columns_sha256
    same = ("names", "shape", "dtype", "categories", "gaps")
    return any(getattr(found, name) != getattr(known, name) for name in same)


def check_files(workdir: Workdir, state: State, settings: Settings) -> None:
    """Files and settings of a run must be what they were when its state was committed."""
    workdir.verify(state)
    check_own_settings(workdir, settings, state)


def check_own_settings(workdir: Workdir, before: Settings, state: Optional[State]) -> None:
    """Settings as they are in the work directory must be those of its state."""
    if state is not None and state.settings_fingerprint != before.fingerprint():
        raise UsageError(
            f"{workdir.join('settings.json')}: was changed since the run was started; the flags "
            f"of the run with --mode=train --repair write it anew"
        )


def make_engine(call: Call, settings: Settings, workdir: Workdir) -> Engine:
    """TensorFlow, loaded only when all input is known to be good, and the device."""
    network = settings.network
    refining = REFINEMENT_UNITS if call.command.refine else 0
    units = max(network.g_num_filters, network.d_num_filters, refining)
    factory.load_tensorflow(call.verbosity, units)
    return factory.choose(call.device, workdir.path, network.network == "dcgan")
