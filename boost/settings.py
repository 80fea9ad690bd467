"""Settings of the boosting procedure."""

import dataclasses

from base.errors import UsageError
from base.options import option

REFINEMENT_UNITS = 64
"""In each hidden layer of fully connected discriminators that refine; see `boost.refiner`."""
SMALLEST_POOL, LARGEST_POOL = 10_000, 64_000


def pool_size(points: int) -> int:
    """Samples of the mixture that its discriminator is trained with: N, within reason."""
    return min(max(points, SMALLEST_POOL), LARGEST_POOL)


@dataclasses.dataclass(frozen=True)
class BoostSettings:
    """How many components, how long each trains, and how data and mixture are weighted."""

    steps: int = option(10, "Boosting steps: components of the mixture.", bounds="[1, 10000]")
    epochs: int = option(
        15,
        "Epochs a component, each of training points / batch size iterations.",
        bounds="[1, 1e6]",
    )
    iterations: int = option(
        0,
        "Iterations of a component, however many points there are; 0: --epochs.",
        bounds="[0, 1e9]",
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
    meta_algorithm: str = option(
        "boosted",
        "boosted: AdaGAN. vanilla: one GAN. best_of: the best of independent GANs, by C on "
        "points that the evaluation does not use. ensemble: independent GANs, equal weights. "
        "topk_last: each trained on the --topk_constant share of the data that the last one covers "
        "worst, equal weights.",
        choices=("boosted", "vanilla", "best_of", "ensemble", "topk_last"),
    )
    is_bagging: bool = option(False, "The published name of --meta_algorithm=ensemble.")

    def iterations_of(self, points: int) -> int:
        """Iterations of a component on so many training points."""
        return self.iterations or self.epochs * (points // self.batch_size)

    @property
    def reweights(self) -> bool:
        """Whether later components are trained on reweighted data."""
        return not self.is_bagging and self.meta_algorithm in ("boosted", "topk_last")

    def check_combination(self) -> None:
        """Raises UsageError for settings that do not go together."""
        if self.is_bagging and self.meta_algorithm not in ("boosted", "ensemble"):
            raise UsageError(
                f"--is_bagging: stands for --meta_algorithm=ensemble, not {self.meta_algorithm}"
            )
        if self.meta_algorithm == "vanilla" and self.steps != 1:
            raise UsageError(
                f"--meta_algorithm=vanilla: is one GAN, needs --steps=1, got {self.steps}"
            )
