"""The mixture weight of the next component."""

from typing import List, Sequence


def next_beta(step: int, beta_heur: str, beta_constant: float) -> float:
    """Weight beta_t of the component that boosting step t adds.

    AdaGAN (arXiv 1701.02386), Section 3.4: beta_t = 1/t leaves all components with equal weight;
    a constant beta gives later components more.

    Args:
      step: t = 1, 2, ...
      beta_heur: "uniform" or "constant".
      beta_constant: beta of every step but the first, in (0, 1).

    Returns:
      beta in (0, 1]; 1 for the first step.

    Raises:
      ValueError: for a step below 1 or an unknown rule.
    """
    if step < 1:
        raise ValueError(f"step must be at least 1, got {step}")
    if beta_heur not in ("uniform", "constant"):
        raise ValueError(f"beta_heur must be uniform or constant, got {beta_heur!r}")
    if beta_heur == "uniform" or step == 1:
        return uniform_beta(step)
    return beta_constant


def uniform_beta(step: int) -> float:
    """beta_t = 1/t, which leaves all components with equal weight."""
    return 1.0 / step


def next_mixture_weights(mixture_weights: Sequence[float], beta: float) -> List[float]:
    """Weights of P_new = (1 - beta) P_old + beta Q (AdaGAN, Section 3, equation 4).

    >>> next_mixture_weights([0.5, 0.5], 0.25)
    [0.375, 0.375, 0.25]
    """
    return [(1.0 - beta) * weight for weight in mixture_weights] + [beta]


def mixture_weights(betas: Sequence[float]) -> List[float]:
    """Weights of all components, from the one that each was added with."""
    weights: List[float] = []
    for beta in betas:
        weights = next_mixture_weights(weights, beta)
    return weights
