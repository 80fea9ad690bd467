"""Exports the mixture, or one of its components, for use without this project."""

import functools
import json
import os
from typing import Callable, Dict, List, NamedTuple, Optional, Tuple

import numpy as np
import tensorflow as tf
from scipy import special

from base import durable, streams
from base.streams import Purpose
from boost import mixture
from boost.components import Components
from boost.refiner import Refiner
from boost.sampler import Sampler
from estimator import export
from estimator.export import Signature
from estimator.literal import literal
from input_fn import columns_file
from input_fn.columns import Columns
from model_fn import mixture_model
from model_fn.gan import AVERAGE
from model_fn.mixture_model import Mixture, Refinement
from model_fn.rows import RowForm
from storage import outputs
from storage.state import State
from storage.workdir import Workdir


class Wanted(NamedTuple):
    """What is to be exported, and where to."""

    form: str  # as `export.write` takes it
    component: int  # 1, 2, ...; 0 for the whole mixture
    directory: str  # of the export
    seed: int  # of the example


def export_mixture(
    components: Components,
    state: State,
    wanted: Wanted,
    check: Callable[[], None],
    refiner: Optional[Refiner] = None,
) -> List[str]:
    """Writes an export, whole or not at all, in place of an earlier one.

    With it goes an example: the latent noise of `--mode=sample` with this seed, which component
    each row comes from, and the points that the checkpoints make of it; for a refined sampler also
    the number that chooses among each `mixture_model.PROPOSALS` of these.

    Args:
      components: of the run that made them.
      state: its committed steps, at least one.
      wanted: what, and where to.
      check: raises if the directory may not be replaced, just before it is.
      refiner: chooses among the whole mixture's samples, if given.

    Returns:
      Lines that say what was written.
    """
    model = _model(components, state, wanted.component)
    feeds, expected = _example(components, state, wanted, model)
    build = functools.partial(mixture_model.build, model)
    if refiner:
        build = functools.partial(
            mixture_model.build_refined, model, _refinement(components.workdir, refiner)
        )
        feeds["choice_uniform"], expected = _chosen(refiner, expected, wanted.seed)
    signatures = {"sample": Signature(build, list(feeds), "points")}
    if model.discriminator:
        signatures["density_ratio"] = Signature(
            lambda batch: mixture_model.build_density_ratio(model), ["points_in"], "density_ratio"
        )
    durable.make_directories(os.path.dirname(os.path.abspath(wanted.directory)))
    with durable.replacing_directory(wanted.directory) as temporary:
        columns = components.dataset.columns
        rows = columns.decode(expected) if columns else expected
        lines = export.write(wanted.form, temporary, signatures, feeds, rows)
        if columns and columns.is_table:
            with open(os.path.join(temporary, "columns.json"), "w", encoding="utf-8") as file:
                json.dump(columns_file.describe(columns), file, indent=1)
        outputs.write_manifest(temporary)
        check()
    return [line.replace(temporary, wanted.directory) for line in lines]


def _model(components: Components, state: State, component: int) -> Mixture:
    records = [state.steps[component - 1]] if component else list(state.steps)
    weights = [1.0] if component else list(state.mixture_weights)
    discriminator = records[-1].discriminator_checkpoint
    workdir, models = components.workdir, components.models
    return Mixture(
        network=models.network,
        shape=components.dataset.shape,
        gan=models.gan,
        components=[_values(workdir.join(record.checkpoint)) for record in records],
        mixture_weights=weights,
        rows=_row_form(components.dataset.columns),
        discriminator=(
            _values(workdir.join(discriminator)) if discriminator and not component else {}
        ),
    )


def _row_form(columns: Optional[Columns]) -> Optional[RowForm]:
    return columns and RowForm(**{name: getattr(columns, name) for name in RowForm._fields})


def _refinement(workdir: Workdir, refiner: Refiner) -> Refinement:
    rounds = refiner.refinement.rounds
    return Refinement(
        refiner.network,
        [_values(workdir.join(each.checkpoint)) for each in rounds],
        [each.slope for each in rounds],
        [each.offset for each in rounds],
        refiner.refinement.cap,
    )


def _chosen(refiner: Refiner, points: np.ndarray, seed: int) -> Tuple[np.ndarray, np.ndarray]:
    """The example's uniform numbers, and the proposal of each sample that they choose."""
    log_weights = np.minimum(refiner.log_ratio(points), refiner.refinement.cap)
    probabilities = special.softmax(log_weights.reshape(-1, mixture_model.PROPOSALS), axis=1)
    rng = streams.generator(seed, Purpose.SAMPLE, 1)
    chosen = np.array([rng.choice(len(own), p=own) for own in probabilities])
    rows = np.arange(len(chosen))
    # In the middle of the interval that chooses the proposal, as with the components.
    middles = np.cumsum(probabilities, axis=1) - probabilities / 2
    proposals = points.reshape(*probabilities.shape, *points.shape[1:])
    return middles[rows, chosen].astype(np.float32), proposals[rows, chosen]


def _values(checkpoint: str) -> Dict[str, np.ndarray]:
    """What inference needs, by name; an averaged generator stands in for the last one."""
    above, name = os.path.split(checkpoint)
    scopes = ("generator", AVERAGE, "scaling", "mixture_discriminator")
    with literal(above) as directory:
        reader = tf.train.load_checkpoint(os.path.join(directory, name))
        names = [
            name
            for name in sorted(reader.get_variable_to_shape_map())
            if name.split("/")[0] in scopes and "optimizer" not in name
        ]
        values = {name: reader.get_tensor(name) for name in names}
    averaged = {n.replace(AVERAGE, "generator"): v for n, v in values.items() if AVERAGE in n}
    return {**values, **averaged}


def _example(
    components: Components, state: State, wanted: Wanted, model: Mixture
) -> Tuple[Dict[str, np.ndarray], np.ndarray]:
    sampler = Sampler(components, state)
    rng = streams.generator(wanted.seed, Purpose.SAMPLE)
    drawn, generators = sampler.draw(export.FROZEN_BATCH, rng), sampler.generators
    if wanted.component:
        drawn = mixture.Draw(np.zeros_like(drawn.components), drawn.latent)
        generators = [generators[wanted.component - 1]]
    feeds = {"latent": drawn.latent}
    if len(generators) > 1:
        # In the middle of the interval that chooses the component.
        ends = np.cumsum(model.mixture_weights)
        middles = ends - np.array(model.mixture_weights) / 2
        feeds["component_uniform"] = middles[drawn.components].astype(np.float32)
    return feeds, mixture.sample(generators, drawn)
