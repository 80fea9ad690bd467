"""The network of the diffusion model, and its training. For the environment that has torch."""

from typing import Callable

import numpy as np
import torch
from torch import nn

from benchmarks import diffusion

WIDTH, LAYERS, FREQUENCIES = 256, 3, 32
ITERATIONS, BATCH, LEARNING_RATE = 10_000, 512, 1e-3


def _network(columns: int) -> nn.Module:
    """Hidden layers that see points and their step, [n, d + 2 frequencies], to [n, d] noise."""
    sizes = [columns + 2 * FREQUENCIES, *[WIDTH] * LAYERS]
    hidden = [
        layer
        for before, after in zip(sizes, sizes[1:])
        for layer in (nn.Linear(before, after), nn.SiLU())
    ]
    return nn.Sequential(*hidden, nn.Linear(WIDTH, columns))


def _noise(network: nn.Module, points: torch.Tensor, steps: torch.Tensor) -> torch.Tensor:
    """What the network takes for the noise, [n, d], in [n, d] points after [n, 1] steps."""
    angles = steps * torch.logspace(0, -4, FREQUENCIES)
    return network(torch.cat([points, angles.sin(), angles.cos()], dim=1))


def fit(known: np.ndarray, iterations: int = ITERATIONS) -> Callable[[np.ndarray, int], np.ndarray]:
    """Learns by Algorithm 1 of the paper, at a rate that falls to 0 as a cosine does.

    Args:
      known: [N, d] standardised.
      iterations: minibatches.

    Returns:
      What `diffusion.sample` asks for the noise.
    """
    points, kept = (torch.tensor(each, dtype=torch.float32) for each in (known, diffusion.KEPT))
    network = _network(points.shape[1])
    optimizer = torch.optim.Adam(network.parameters(), LEARNING_RATE)
    rate = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, iterations)
    for _ in range(iterations):
        batch = points[torch.randint(len(points), (BATCH,))]
        steps, noise = torch.randint(len(kept), (BATCH, 1)), torch.randn_like(batch)
        predicted = _noise(network, diffusion.noised(batch, noise, kept[steps]), steps)
        optimizer.zero_grad()
        nn.functional.mse_loss(predicted, noise).backward()
        optimizer.step()
        rate.step()

    def predict(points: np.ndarray, step: int) -> np.ndarray:
        with torch.no_grad():
            given = torch.tensor(points, dtype=torch.float32)
            return _noise(network, given, torch.full((len(given), 1), step)).numpy()

    return predict
