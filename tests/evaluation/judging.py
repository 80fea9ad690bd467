"""Samples and points to judge them by; tests only."""

import contextlib
import io

import numpy as np
from prdc import compute_prdc

from evaluation import two_sample
from evaluation.two_sample import TwoSampleJudge


def judged(training, held_out, samples, is_table=True):
    return TwoSampleJudge(training, held_out, is_table).score(samples)


def normals(seed, *shapes):
    rng = np.random.RandomState(seed)
    return [rng.randn(*shape) for shape in shapes]


def binary(rng, number, columns):
    """Columns of few numbers, standardised, that depend on each other."""
    found = rng.rand(number, columns) < 0.3
    found[:, 1] ^= found[:, 0]
    return (found - 0.3) / np.sqrt(0.21)


def theirs(real, samples):
    with contextlib.redirect_stdout(io.StringIO()):
        return compute_prdc(real, samples, two_sample.NEAREST)
