"""Settings of the data."""

import dataclasses

from base.errors import UsageError
from base.options import option


@dataclasses.dataclass(frozen=True)
class DataSettings:
    """Which points to learn."""

    dataset: str = option(
        "gmm",
        "gmm: Gaussian modes with random means; circle_gmm: modes on a circle; ring: 8 modes, and "
        "grid: 25, as VEEGAN and PacGAN define them; file: --data_file.",
        choices=("gmm", "circle_gmm", "ring", "grid", "file"),
    )
    data_file: str = option(
        "", "Points of --dataset=file: .npy, .npz or .csv, [N, d] or [N, *shape]."
    )
    data_key: str = option("", "Name of the array in an .npz that holds several.")
    gmm_modes_num: int = option(10, "Number of Gaussian modes.", bounds="[1, 10000]")
    gmm_max_val: float = option(
        15.0,
        "The modes' means lie in [-this, this]^d, or on a circle of this radius.",
        bounds="(0, 1e6]",
    )
    toy_dataset_size: int = option(
        64000, "Number of training points drawn from the GMM.", bounds="[2, 1e9]"
    )
    toy_dataset_dim: int = option(2, "Dimension of the GMM's points.", bounds="[1, 100000]")
    data_seed: int = option(
        821,
        "Seed of the data: the GMM's means and points, or which points are held out.",
        bounds="[0, 4294967295]",
    )

    unbalanced: bool = option(
        False,
        "ring and grid: some modes have 0.05 of the others' weight (ring: 4 of 8, of radius 2.5 "
        "and deviation 0.05; grid: 10 of 25).",
    )
    standardise: str = option(
        "auto",
        "Networks see points of mean 0 and deviation 1; auto: those of a file, not the published "
        "toy data. Samples come out in your units either way.",
        choices=("auto", "yes", "no"),
    )

    def check_combination(self) -> None:
        """Raises UsageError for settings that do not go together."""
        if self.dataset in ("circle_gmm", "ring", "grid") and self.toy_dataset_dim != 2:
            raise UsageError(
                f"--toy_dataset_dim={self.toy_dataset_dim}: {self.dataset} lies in the plane, "
                f"needs 2"
            )
        if self.unbalanced and self.dataset not in ("ring", "grid"):
            raise UsageError(f"--unbalanced: only with --dataset=ring or grid, not {self.dataset}")
        if self.dataset == "file" and not self.data_file:
            raise UsageError(
                "--data_file=: --dataset=file needs the path of a .npy, .npz or .csv file"
            )
        if self.dataset != "file" and self.data_key:
            raise UsageError(
                f"--data_key={self.data_key}: only read with --dataset=file, not {self.dataset}"
            )
        if self.dataset != "file" and self.data_file:
            raise UsageError(
                f"--data_file={self.data_file}: only read with --dataset=file, not {self.dataset}"
            )
