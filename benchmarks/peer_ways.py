"""What other models of tables make of rows: a command for the environment of `peers.py`.

python -m benchmarks.peer_ways WAY KNOWN.npy SAMPLES.npy NUMBER SEED

CTGAN and TVAE are the package's as they come; the diffusion model is `diffusion.py`.
"""

import sys

import ctgan
import numpy as np
import torch

from benchmarks import denoiser, diffusion

MOST_THREADS = 2


def by_package(model: ctgan.CTGAN, known: np.ndarray, number: int, seed: int) -> np.ndarray:
    """[number, d] samples of a model of the package, of [N, d] rows."""
    model.set_random_state(seed)
    model.fit(known)
    return model.sample(number)


def by_diffusion(known: np.ndarray, number: int, seed: int) -> np.ndarray:
    """[number, d] samples of a diffusion model of [N, d] rows."""
    torch.manual_seed(seed)
    mean, deviation = known.mean(axis=0), np.maximum(known.std(axis=0), 1e-9)
    predict = denoiser.fit((known - mean) / deviation)
    rng = np.random.RandomState(seed)
    return diffusion.sample(predict, number, known.shape[1], rng) * deviation + mean


def main(way: str, known: str, samples: str, number: int, seed: int) -> None:
    """Reads rows, writes samples."""
    torch.set_num_threads(min(MOST_THREADS, torch.get_num_threads()))
    rows = np.load(known).astype(float)  # the package gives back the kind that it is given
    if way == "diffusion":
        made = by_diffusion(rows, number, seed)
    else:
        model = {"ctgan": ctgan.CTGAN, "tvae": ctgan.TVAE}[way]()
        made = by_package(model, rows, number, seed)
    np.save(samples, made)


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], sys.argv[3], int(sys.argv[4]), int(sys.argv[5]))
