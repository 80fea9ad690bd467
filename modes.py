"""What `--mode` chooses between: training a run, using its mixture, comparing runs."""

import dataclasses
import logging
import os
import shutil
import tempfile
from typing import Any, Dict, List, NamedTuple, Optional, Tuple

import durable
import settings as all_settings
import sizes
import version
from boost import outputs, scoring
from boost.scoring import Yardstick
from boost.settings import REFINEMENT_UNITS
from boost.side_process import SideProcess
from boost.state import State
from boost.workdir import LOCK, Workdir
from estimator import backend
from estimator.backend import DeviceSettings
from evaluation import metrics
from input_fn import datasets
from input_fn.datasets import Dataset
from options import UsageError, check
from settings import Command, RunSettings, Settings
from streams import Purpose

log = logging.getLogger("adagan")


class Call(NamedTuple):
    """What the command line says beside the settings of a run."""

    command: Command
    device: DeviceSettings
    verbosity: int


def train(call: Call, settings: Settings) -> None:
    """Starts a run, or goes on with it."""
    command = call.command
    workdir = Workdir(command.workdir)
    workdir.check_usable(command.repair)
    follows = backend.follows()  # of several processes that train together one writes
    if (workdir.has_settings() or workdir.has_state()) and not follows:
        workdir.lock()
        if command.repair:
            _repair(workdir, settings)
    state = workdir.read_state()
    _check_settings(workdir, settings, state)
    dataset, yardstick = _load(settings, call)
    _check_unchanged(workdir, state, settings, dataset)
    if state and len(state.steps) >= settings.boost.steps and workdir.is_finished(state):
        log.info(
            "The run in %s has finished its %d steps; raise --steps to go on.",
            workdir.path,
            len(state.steps),
        )
        return
    with SideProcess() as side:
        # It gets ready, and scores the perfect sampler, while TensorFlow loads.
        perfect = side.submit(
            scoring.perfect_sampler,
            dataset.truth,
            dataset.held_out,
            yardstick.sizes,
            settings.data.data_seed,
        )
        engine = _engine(call, settings, workdir)

        from boost import loop, run

        this = run.make(settings, dataset, yardstick, engine, workdir)
        engine.check(this.boost.batch_size, [this.iterations, this.discriminator_iterations])
        if not engine.rank:
            workdir.make()
            workdir.lock()
        engine.meet(_facts(settings, dataset), workdir.join(LOCK), workdir.holder)
        if engine.rank:
            state = workdir.read_state()
            this = this._replace(workdir=_private_copy(workdir, settings, state))
        else:
            _start_writing(workdir, settings, state)
            _tell_start(state, this.program)
        loop.train(this, state, side, perfect)
    log.info("Done: %d components in %s", settings.boost.steps, workdir.path)


def _check_settings(workdir: Workdir, settings: Settings, state: Optional[State]) -> None:
    """The settings of a run that was started before must be these."""
    if workdir.has_settings():
        before = all_settings.from_json(workdir.read_settings(), workdir.join("settings.json"))
        _check_own_settings(workdir, before, state)
        wanted = {n: v for n, v in settings.flat().items() if n != "data_file"}
        all_settings.check_same(wanted, before, workdir.path, may_rise=("steps",))


def _facts(settings: Settings, dataset: Dataset) -> Dict[str, Any]:
    """What must be the same wherever one run is trained; the data may lie elsewhere."""
    flags = {f"--{name}": value for name, value in settings.flat().items() if name != "data_file"}
    return {**flags, "data": dataset.fingerprint(), "version": version.digest()}


def _start_writing(workdir: Workdir, settings: Settings, state: Optional[State]) -> None:
    """With the lock held, what another process may have written meanwhile is read again."""
    _check_settings(workdir, settings, state)
    if repr(workdir.read_state()) != repr(state):  # nan is not equal to nan
        raise UsageError(f"--workdir={workdir.path}: another process wrote there; start again")
    workdir.write_settings(settings.to_json())


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
    workdir.repair()
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


def compare(call: Call, paths: List[str], explicit: Dict[str, Any]) -> None:
    """Puts several runs on one page.

    Args:
      call: the command.
      paths: work directories.
      explicit: settings that were given by flags: none may be.
    """
    command = call.command
    for name, value in explicit.items():
        raise UsageError(f"--{name}={value}: --mode=compare shows runs as they were made")
    if len({os.path.realpath(path) for path in paths}) < max(2, len(paths)):
        given = " ".join(paths) or "none"
        raise UsageError(
            f"--mode=compare: needs two different work directories or more after the flags, "
            f"got {given}"
        )
    opened, workdirs = [], [Workdir(path) for path in paths]
    outputs.check_file(command.output, command.mode, (".html",), workdirs, [])
    for workdir in workdirs:
        settings, state = _open(workdir)
        _check_files(workdir, state, settings)
        opened.append((workdir, settings.flat(), state))

    from boost import compare as page

    runs = [page.Compared(*each) for each in opened]
    page.write(runs, command.output)
    log.info("Wrote %d runs to %s", len(runs), command.output)


def _open(workdir: Workdir) -> Tuple[Settings, State]:
    """What a run was made with, and its committed steps, of which there is one at least."""
    workdir.check_links()
    settings = all_settings.from_json(workdir.read_settings(), workdir.join("settings.json"))
    state = workdir.read_state()
    if state is None or not state.steps:
        raise UsageError(f"{workdir.path}: has no finished step yet; train first")
    return settings, state


def use(call: Call, explicit: Dict[str, Any]) -> None:
    """Evaluates, samples or exports the mixture of a run.

    Args:
      call: the command.
      explicit: settings that were given by flags; they must be those of the run.
    """
    command = call.command
    workdir = Workdir(command.workdir)
    settings, state = _open(workdir)
    seed = explicit.pop("seed", settings.run.seed)
    check(RunSettings(seed))
    moved = explicit.pop("data_file", settings.data.data_file)  # the fingerprint knows other data
    data = dataclasses.replace(settings.data, data_file=moved)
    settings = dataclasses.replace(settings, data=data)
    all_settings.check_same(explicit, settings, workdir.path)
    directory = os.path.normpath(command.export_dir or workdir.join("export", command.format))
    _check_written(command, directory, len(state.steps), workdir, data.data_file)
    dataset, yardstick = _load(settings, call)
    _check_unchanged(workdir, state, settings, dataset)
    if command.mode == "export":  # for use anywhere: made with full precision
        call = call._replace(device=DeviceSettings(device="cpu"))
    engine = _engine(call, settings, workdir)
    if engine.rank:
        return

    from boost import inference, run

    mixture = run.make(settings, dataset, yardstick, engine, workdir)
    if command.mode == "export":
        from boost import exports

        def check_again() -> None:  # what may have come there in the meantime
            _check_written(command, directory, len(state.steps), workdir, data.data_file)

        refiner = _refiner(mixture, state) if command.refine else None
        for line in exports.export_mixture(
            mixture, state, command.format, command.component, directory, seed, check_again, refiner
        ):
            log.info("%s", line)
    elif command.mode == "evaluate":
        number = scoring.DRAWS * yardstick.sizes.of_model
        drawn = _sample(command, mixture, state, number, seed, Purpose.EVALUATE)
        for line in inference.evaluate(mixture, state, drawn, command.output):
            log.info("%s", line)
    else:
        points = _sample(command, mixture, state, command.num_samples, seed, Purpose.SAMPLE)
        outputs.write_points(command.output, points)
        shape = list(points.shape[1:])
        log.info("Wrote %d points of shape %s to %s", len(points), shape, command.output)


def _sample(
    command: Command, mixture: Any, state: State, number: int, seed: int, purpose: Purpose
) -> Any:
    """Samples of the mixture, refined if told to."""
    from boost import inference

    if not command.refine:
        return inference.sample(mixture, state, number, seed, purpose)

    return _refiner(mixture, state).sample(number, seed, purpose)


def _refiner(mixture: Any, state: State) -> Any:
    from boost.refinement import Refiner

    refiner = Refiner(mixture, state)
    log.info("Refining accepts %.1f %% of the samples", 100 * refiner.refinement.acceptance)
    return refiner


def _load(settings: Settings, call: Call) -> Tuple[Dataset, Yardstick]:
    """The data and what samples are scored against, told to the log."""
    command, device = call.command, call.device
    points = metrics.published_sizes(settings.evaluation)
    sizes.check_memory(settings, command, device)  # before anything is drawn
    dataset = datasets.load(settings.data, points.of_data, settings.boost.batch_size)
    sizes.check_memory(settings, command, device, dataset)  # the shape of a file is known now
    log.info(
        "Data: %d training points of shape %s from %s",
        dataset.number,
        list(dataset.shape),
        settings.data.data_file or settings.data.dataset,
    )
    for remark in dataset.remarks:
        log.warning("  %s", remark)
    scaled = metrics.scaled_sizes(points, len(dataset.held_out))
    if scaled != points:
        log.info(
            "Only %d points are held out: C and log_p take %d samples, %d for the bandwidth, %d "
            "points of the data",
            len(dataset.held_out),
            *scaled[:3],
        )
    return dataset, scoring.yardstick(dataset, scaled)


def _check_unchanged(
    workdir: Workdir, state: Optional[State], settings: Settings, dataset: Dataset
) -> None:
    """What was committed, and what it was made from, must be what they were."""
    if state is None:
        return
    _check_files(workdir, state, settings)
    if state.data_fingerprint != dataset.fingerprint():
        raise UsageError(
            f"--workdir={workdir.path}: its components are trained on other data; give the same "
            f"data, or another --workdir"
        )


def _check_files(workdir: Workdir, state: State, settings: Settings) -> None:
    workdir.verify(state)
    _check_own_settings(workdir, settings, state)


def _check_own_settings(workdir: Workdir, before: Settings, state: Optional[State]) -> None:
    """Settings as they are in the work directory must be those of its state."""
    if state is not None and state.settings_fingerprint != before.fingerprint():
        raise UsageError(
            f"{workdir.join('settings.json')}: was changed since the run was started; the flags "
            f"of the run with --mode=train --repair write it anew"
        )


def _engine(call: Call, settings: Settings, workdir: Workdir) -> Any:
    """TensorFlow, loaded only when all input is known to be good, and the device."""
    network = settings.network
    refining = REFINEMENT_UNITS if call.command.refine else 0
    units = max(network.g_num_filters, network.d_num_filters, refining)
    backend.load_tensorflow(call.verbosity, units)
    return backend.choose(call.device, workdir.path, network.network == "dcgan")


def _private_copy(workdir: Workdir, settings: Settings, state: Optional[State]) -> Workdir:
    """Where a rank other than 0 works: it trains and boosts along, but only rank 0 keeps it."""
    log.setLevel(logging.ERROR)
    private = Workdir(tempfile.mkdtemp(prefix="adagan-rank-"))
    durable.remove_at_end(private.path)
    private.write_settings(settings.to_json())
    for record in state.steps if state else ():
        for path in record.sha256:
            os.makedirs(os.path.dirname(private.join(path)), exist_ok=True)
            shutil.copy(workdir.join(path), private.join(path))
    return private


def _check_written(
    command: Command, directory: str, steps: int, workdir: Workdir, data: str
) -> None:
    """That what the mode writes can be written, before any work."""
    if command.mode == "export":
        if command.component > steps:
            raise UsageError(
                f"--component={command.component}: the run has {steps} components so far"
            )
        outputs.check_export(directory, command.format, command.overwrite, workdir, data)
        return
    kinds = (".npy", ".csv") if command.mode == "sample" else (".json",)
    if command.output or command.mode == "sample":
        outputs.check_file(command.output, command.mode, kinds, [workdir], [data])
