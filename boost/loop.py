"""A whole run: steps from where it stands to where it shall end, committed one by one."""

import dataclasses
import glob
import logging
import os
from typing import Any, List

import numpy as np

from boost import betas, scoring, step
from boost.run import Run
from boost.state import State, StepRecord
from boost.step import Clock, Step
from evaluation import metrics, plots
from evaluation.tensorboard import MixtureEvents

PROBE_SIDE = 80
"""The plane's density ratio is drawn on a grid of so many points a side."""

log = logging.getLogger("adagan")


def train(run: Run, state: State) -> State:
    """Runs the steps that the state lacks, committing each.

    Args:
      run: what all steps share.
      state: the last committed one, or one without steps.

    Returns:
      The last committed state.
    """
    run.workdir.remove_uncommitted(state)
    pools: List[np.ndarray] = []
    for record in state.steps:
        pools.append(step.component_pool(run, record.step, run.workdir.join(record.checkpoint)))
    scene = plots.Scene.of(run.dataset.shape, _points_to_show(run), run.yardstick.truth)
    probe = scene.probe(PROBE_SIDE)
    events = MixtureEvents(run.workdir.path, state.perfect)
    events.replay(state, run.workdir)
    number_of_modes = len(run.dataset.truth.means) if run.dataset.truth else 0
    while len(state.steps) < run.boost.steps:
        number = len(state.steps) + 1
        done = step.run_step(run, number, pools, state.mixture_weights, probe)
        pools.append(done.pool)
        _log_step(done, state, number_of_modes)
        clock = Clock()
        draft = _with(state, done, _record(run, done))
        _draw(run, scene, done, draft)
        clock.lap("plots")
        record = dataclasses.replace(draft.steps[-1], seconds={**done.seconds, **clock.seconds})
        state = dataclasses.replace(draft, steps=(*state.steps, record))
        events.write(state, run.workdir)
        run.workdir.commit(state)
    events.close()
    return state


def start(run: Run, data_seed: int) -> State:
    """The state before the first step: only the yardstick is known."""
    sizes = run.yardstick.sizes
    perfect = scoring.perfect_sampler(run.dataset, sizes, data_seed)
    log.info(
        "A perfect sampler on the same sizes, median of %d draws: %s",
        scoring.DRAWS,
        metrics.spread_line(perfect),
    )
    return State(sizes, perfect, (), ())


def _with(state: State, done: Step, record: StepRecord) -> State:
    mixture_weights = betas.next_mixture_weights(list(state.mixture_weights), done.beta)
    return dataclasses.replace(
        state, mixture_weights=tuple(mixture_weights), steps=(*state.steps, record)
    )


def _record(run: Run, done: Step) -> StepRecord:
    """Writes the step's own files and describes it; the commit comes later."""
    directory = run.workdir.component(done.number)
    weights_path = os.path.join(directory, "data_weights.npy")
    data_weights = done.reweighting.data_weights
    np.save(weights_path, data_weights)
    files = sorted(glob.glob(glob.escape(done.checkpoint) + ".*")) + [weights_path]
    return StepRecord(
        step=done.number,
        beta=done.beta,
        lambda_star=done.reweighting.lambda_star,
        zero_weight=float(np.mean(data_weights == 0)),
        effective_sample_size=step.ratios.effective_sample_size(data_weights),
        metrics=done.metrics,
        calibration=dict(done.calibration._asdict()) if done.calibration else {},
        iterations_per_second=done.iterations_per_second,
        seconds=done.seconds,
        checkpoint=os.path.relpath(done.checkpoint, run.workdir.path),
        data_weights=os.path.relpath(weights_path, run.workdir.path),
        sha256=run.workdir.digests(files),
    )


def _points_to_show(run: Run) -> np.ndarray:
    """The training points whose weights the pictures show: the first of a fixed choice."""
    return run.dataset.train_points(_shown_indices(run))


def _shown_indices(run: Run) -> np.ndarray:
    number = min(run.dataset.number, plots.POINTS_SHOWN)
    return np.linspace(0, run.dataset.number - 1, number).astype(np.int64)


def _draw(run: Run, scene: Any, done: Step, state: State) -> None:
    directory = run.workdir.join("plots")
    os.makedirs(directory, exist_ok=True)
    shown = _shown_indices(run)
    plots.draw_step(
        os.path.join(directory, f"step_{done.number:02d}.png"),
        scene,
        done.number,
        done.reweighting.data_weights[shown] * run.dataset.number,
        done.samples,
        done.density,
        done.probe_logits,
    )
    steps = state.steps
    plots.draw_metrics(
        os.path.join(directory, "metrics.png"),
        [record.metrics for record in steps],
        state.perfect,
        len(run.dataset.truth.means) if run.dataset.truth else 0,
    )
    plots.draw_weights(
        os.path.join(directory, "mixture_weights.png"),
        [record.beta for record in steps],
        [record.effective_sample_size / run.dataset.number for record in steps],
        [record.zero_weight for record in steps],
    )


def _log_step(done: Step, state: State, number_of_modes: int) -> None:
    log.info("%s", metrics.published_line(done.metrics))
    if number_of_modes:
        log.info("  %s", metrics.modes_line(done.metrics, number_of_modes))
    log.info("  perfect sampler: %s", metrics.median_line(state.perfect))
    if done.calibration:
        log.info(
            "  weights: lambda*=%.3f, %.0f%% of the points at 0, effective points %.0f%%",
            done.reweighting.lambda_star,
            100 * np.mean(done.reweighting.data_weights == 0),
            100
            * step.ratios.effective_sample_size(done.reweighting.data_weights)
            / len(done.reweighting.data_weights),
        )
