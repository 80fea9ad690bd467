"""A Gaussian mixture fitted by expectation maximisation: is a GAN needed at all?

Imports neither TensorFlow nor matplotlib, and scikit-learn only once a mixture is fitted.
"""

import warnings
from typing import Any, Tuple

import numpy as np

COMPONENTS = (1, 2, 4, 8, 16, 32, 64)
"""Numbers of components to choose from."""
ROWS = 5000
"""Training points to choose and fit with, at most."""
FULL_COLUMNS = 50
"""Up to so many columns covariances are full, beyond them diagonal."""
LEAST_VARIANCE = 1e-4
"""Added to variances, of standardised columns: of one that holds few numbers, likelihood would
grow without bound as components narrow around each."""
ITERATIONS, TOLERANCE = 40, 1e-2
"""Of expectation maximisation, and the gain in mean log likelihood at which it ends, in nats."""
PATIENCE = 2
"""Numbers of components in a row that are no better, after which no more are tried."""


def fit_and_sample(
    training: np.ndarray, number: int, seed: int, validation_share: float = 0.2
) -> Tuple[np.ndarray, int]:
    """Samples of a Gaussian mixture fitted to training points.

    Args:
      training: [n, d] points in standardised columns, n >= 3.
      number: of samples, >= 1.
      seed: of rows, fits and samples.
      validation_share: of the rows, whose likelihood chooses the number of components; the mixture
        then sees them too.

    Returns:
      [number, d] float64 samples in random order, and the number of components.
    """
    from threadpoolctl import threadpool_limits

    if len(training) < 3:
        raise ValueError(f"training has {len(training)} rows, at least 3 are needed")
    rng = np.random.RandomState(seed)
    rows = training[rng.permutation(len(training))[:ROWS]]
    validation = max(1, min(int(validation_share * len(rows)), len(rows) - 2))
    # Threads wait for each other without rest, which takes several times as long beside other work.
    with threadpool_limits(1):
        mixture = _quietly_fitted(_chosen(rows, validation, seed), rows)
    mixture.weights_ /= mixture.weights_.sum()  # a rounding error above 1 is refused
    samples, _ = mixture.sample(number)
    rng.shuffle(samples)
    return samples, mixture.n_components


def _chosen(rows: np.ndarray, validation: int, seed: int) -> Any:
    """The mixture that gives the last rows, which it is not fitted to, the best likelihood."""
    from sklearn.mixture import GaussianMixture

    learnt, unseen = rows[:-validation], rows[-validation:]
    best, best_score, worse = None, -np.inf, 0
    for components in COMPONENTS:
        if components > len(learnt) or worse == PATIENCE:
            break
        mixture = GaussianMixture(
            components,
            covariance_type="full" if rows.shape[1] <= FULL_COLUMNS else "diag",
            tol=TOLERANCE,
            reg_covar=LEAST_VARIANCE,
            max_iter=ITERATIONS,
            random_state=seed,
            warm_start=True,  # so that fitting to all rows goes on from here
        )
        score = _quietly_fitted(mixture, learnt).score(unseen)
        worse = worse + 1 if score <= best_score else 0
        if score > best_score:
            best, best_score = mixture, score
    return best


def _quietly_fitted(mixture: Any, rows: np.ndarray) -> Any:
    """Fits without a word on ending early, or on equal rows that leave clusters empty."""
    from sklearn.exceptions import ConvergenceWarning

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        return mixture.fit(rows)
