"""A whole run: steps from where it stands to where it shall end, committed one by one."""

import contextlib
import dataclasses
import glob
import logging
import os
from typing import List, Optional, Sequence

import numpy as np

import durable
import endings
from boost import memory, ratios, report, scoring, step
from boost.mixture import Pool
from boost.pictures import Pictures
from boost.run import Run
from boost.side_process import SideProcess
from boost.state import State, StepRecord
from boost.step import Step
from evaluation import metrics
from evaluation.calibration import Unseen
from evaluation.scene import Picture, Scene, points_shown
from evaluation.tensorboard import MixtureEvents

log = logging.getLogger("adagan")


def train(run: Run, state: Optional[State], side: SideProcess, perfect: int) -> State:
    """Runs the steps that the state lacks, committing each.

    While a step runs, the last one's picture is drawn.

    Args:
      run: what all steps share.
      state: the last committed one; None before the first step.
      side: draws the pictures.
      perfect: its ticket for `scoring.perfect_sampler`.

    Returns:
      The last committed state.

    Raises:
      Diverged: if a network's numbers went wrong from every initialisation.
      Stopped: where the run can go on, if a signal has come.
    """
    run.workdir.remove_uncommitted(state)
    memory.settle()
    with endings.deferred():
        return _train(run, state, side, perfect)


def _train(run: Run, state: Optional[State], side: SideProcess, perfect: int) -> State:
    if state is None:
        state = _before_the_first_step(run, side.result(perfect))
        run.workdir.commit(state)  # what goes on from here has these data and settings
    pools = _pools(run, state)
    return _steps(run, state, pools, side)


def _pools(run: Run, state: State) -> List[Pool]:
    """The committed components' samples, drawn again."""
    pools: List[Pool] = []
    if len(state.steps) < run.boost.steps:
        for record in state.steps:
            path = run.workdir.join(record.checkpoint)
            _add(pools, step.component_pool(run, record.step, path), state.mixture_weights)
    return pools


def _add(pools: List[Pool], newest: Pool, mixture_weights: Sequence[float]) -> None:
    """Adds a pool; what is not needed of those before it goes."""
    pools[:] = [pool.beginning(newest, weight) for pool, weight in zip(pools, mixture_weights)]
    pools.append(newest)


def _before_the_first_step(run: Run, perfect: metrics.Spread) -> State:
    line = metrics.spread_line(perfect)
    log.info("A perfect sampler on the same sizes, median of %d draws: %s", scoring.DRAWS, line)
    return State(run.yardstick.sizes, perfect, run.dataset.fingerprint(), run.fingerprint, (), ())


def _steps(run: Run, state: State, pools: List[Pool], side: SideProcess) -> State:
    modes = len(run.dataset.truth.means) if run.dataset.truth else 0
    events = MixtureEvents(run.workdir.path, state.perfect)
    pictures = Pictures(side, run.workdir, run.dataset.number, modes)
    for number in range(1, len(state.steps) + 1):
        events.write_step(state, number, run.workdir)
    run.workdir.write_metrics(state)
    pictures.draw(state)
    first, scene = len(state.steps) + 1, _scene(run)
    with contextlib.closing(step.trained_ahead(run, first)) as ahead:
        for number in range(first, run.boost.steps + 1):
            endings.check()
            state = _one_step(run, state, number, pools, scene, next(ahead))
            run.workdir.commit(state)
            events.write_step(state, number, run.workdir)
            pictures.draw(state)
            for name, drawn, path in pictures.finished():
                events.write_picture(name, drawn, path)
            memory.release()
    for name, drawn, path in pictures.wait():
        events.write_picture(name, drawn, path)
    for name, path in pictures.summaries().items():
        events.write_picture(name, len(state.steps), path)
    events.close()
    report.write(run.workdir, state, modes, pictures.summaries())
    state = dataclasses.replace(state, complete=True)
    run.workdir.commit(state)
    return state


def _one_step(
    run: Run,
    state: State,
    number: int,
    pools: List[Pool],
    scene: Scene,
    trained: Optional[step.Trained],
) -> State:
    """The state with one step more, not yet committed."""
    done = step.run_step(run, number, pools, state.mixture_weights, scene.probe(), trained)
    _log_step(done, state, len(run.dataset.truth.means) if run.dataset.truth else 0)
    state = state.with_step(_record(run, scene, done))
    _add(pools, done.pool, state.mixture_weights)
    return state


def _record(run: Run, scene: Scene, done: Step) -> StepRecord:
    """Writes the step's own files and describes it; the commit comes later."""
    directory = run.workdir.component(done.number)
    data_weights = done.reweighting.data_weights
    weights_path = os.path.join(directory, "data_weights.npy")
    with durable.naming(weights_path):
        np.save(weights_path, data_weights)
    picture_path = os.path.join(directory, "picture.npz")
    relative_weights = data_weights[_shown(run)] * run.dataset.number
    told = done.verdict
    with durable.naming(picture_path):
        Picture(
            done.number,
            scene,
            relative_weights,
            done.samples,
            done.density,
            told.probe_logits if told else np.zeros(0, np.float32),
            told.unseen if told else Unseen.nothing(),
        ).save(picture_path)
    checkpoint_files = sorted(glob.glob(glob.escape(done.checkpoint) + ".*"))
    discriminator = done.verdict.checkpoint if done.verdict else ""
    if discriminator:
        checkpoint_files += sorted(glob.glob(glob.escape(discriminator) + ".*"))
    return StepRecord(
        step=done.number,
        beta=done.beta,
        lambda_star=done.reweighting.lambda_star,
        zero_weight=float(np.mean(data_weights == 0)),
        effective_sample_size=ratios.effective_sample_size(data_weights),
        metrics=done.metrics,
        calibration=dict(done.verdict.calibration._asdict()) if done.verdict else {},
        iterations_per_second=done.iterations_per_second,
        seconds=done.seconds,
        program=run.program,
        initialisations=done.initialisations,
        checkpoint=os.path.relpath(done.checkpoint, run.workdir.path),
        discriminator_checkpoint=discriminator and os.path.relpath(discriminator, run.workdir.path),
        data_weights=os.path.relpath(weights_path, run.workdir.path),
        picture=os.path.relpath(picture_path, run.workdir.path),
        sha256=run.workdir.digests([*checkpoint_files, weights_path, picture_path]),
    )


def _scene(run: Run) -> Scene:
    points = run.dataset.train_points(_shown(run))
    return Scene.of(run.dataset.shape, points, run.yardstick.truth or ())


def _shown(run: Run) -> np.ndarray:
    """Indices of the training points that the pictures show: the same in all, evenly spread."""
    number = points_shown(run.dataset.number, run.dataset.shape)
    return np.linspace(0, run.dataset.number - 1, number).astype(np.int64)


def _log_step(done: Step, state: State, number_of_modes: int) -> None:
    log.info("%s", metrics.published_line(done.metrics))
    if number_of_modes:
        log.info("  %s", metrics.modes_line(done.metrics, number_of_modes))
    log.info("  perfect sampler: %s", metrics.median_line(state.perfect))
    if done.verdict:
        data_weights = done.reweighting.data_weights
        effective = ratios.effective_sample_size(data_weights) / len(data_weights)
        log.info(
            "  weights: lambda*=%.3f, %.0f%% of the points at 0, effective points %.0f%%",
            done.reweighting.lambda_star,
            100 * np.mean(data_weights == 0),
            100 * effective,
        )
