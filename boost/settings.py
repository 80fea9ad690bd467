"""Settings of the boosting procedure."""

import dataclasses

from options import option


@dataclasses.dataclass(frozen=True)
class BoostSettings:
    """How many components, how long each trains, and how data and mixture are weighted."""

    steps: int = option(10, "Boosting steps: components of the mixture.", bounds="[1, 10000]")
    epochs: int = option(
        15,
        "Epochs a component, each of training points / batch size iterations.",
        bounds="[1, 1e6]",
    )
    batch_size: int = option(
        64, "Points a minibatch, of the data and of the latent noise.", bounds="[1, 1e6]"
    )
    beta_heur: str = option(
        "uniform",
        "Mixture weight of component t: uniform 1/t, or constant (--beta_constant).",
        choices=("uniform", "constant"),
    )
    beta_constant: float = option(
        0.5,
        "Mixture weight of later components with --beta_heur=constant.",
        bounds="(0, 1)",
    )
    weights_heur: str = option(
        "theory_star",
        "Weights of the training points: the paper's Theorem 1 (star) or 2 (dagger), or topk.",
        choices=("theory_star", "theory_dagger", "topk"),
    )
    topk_constant: float = option(
        0.5, "Share of the training points that --weights_heur=topk keeps.", bounds="(0, 1]"
    )
    is_bagging: bool = option(
        False, "Ensemble of independent components with equal weights instead of boosting."
    )
