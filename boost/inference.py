"""What a trained or half-trained mixture is used for: scoring it again, and sampling."""

import json
import math
from typing import Callable, List

import numpy as np

import durable
import streams
from boost import mixture, scoring
from boost.run import Run
from boost.state import State
from evaluation import metrics
from model_fn import gan
from streams import Purpose


def sample(run: Run, state: State, number: int, seed: int, purpose: Purpose) -> np.ndarray:
    """Fresh samples of the mixture through its components' checkpoints.

    Args:
      run: the run that made the components.
      state: its committed steps, at least one.
      number: of samples.
      seed: of the draw.
      purpose: of the draw.

    Returns:
      [number, *shape] float32, in random order; the same for the same seed.
    """
    drawn = draw(run, state, number, streams.generator(seed, purpose))
    return mixture.sample(components(run, state), drawn)


def draw(run: Run, state: State, number: int, rng: np.random.Generator) -> mixture.Draw:
    """The inputs of so many samples."""
    return mixture.draw(
        state.mixture_weights,
        number,
        run.network.latent_space_dim,
        run.network.latent_space_distr,
        rng,
    )


def components(run: Run, state: State) -> List[Callable[[np.ndarray], np.ndarray]]:
    """For each component what maps latent noise [n, z] to points through its checkpoint."""
    return [
        mixture.generator_of(
            run.engine,
            gan.model_fn,
            run.workdir.join(record.checkpoint),
            run.gan_params(record.step),
        )
        for record in state.steps
    ]


def evaluate(run: Run, state: State, drawn: np.ndarray, output: str) -> List[str]:
    """Scores the mixture on fresh samples: one draw as published, and the medians of several.

    Args:
      run: the run that made the components.
      state: its committed steps, at least one.
      drawn: [`scoring.DRAWS` x `sizes.of_model`, *shape] samples in random order.
      output: .json file for the figures of each draw; "": none.

    Returns:
      The lines to print.
    """
    draws = [run.yardstick.score(part)[0] for part in np.split(drawn, scoring.DRAWS)]
    if output:
        figures = [
            {name: None if math.isnan(value) else value for name, value in each._asdict().items()}
            for each in draws
        ]
        durable.write_atomically(output, json.dumps(figures, indent=1) + "\n")
    lines = [metrics.published_line(draws[0])]
    if run.dataset.truth:
        lines.append("  " + metrics.modes_line(draws[0], len(run.dataset.truth.means)))
    lines.append(f"Median of {scoring.DRAWS} draws: {metrics.spread_line(metrics.spread(draws))}")
    lines.append(f"Perfect sampler: {metrics.spread_line(state.perfect)}")
    return lines
