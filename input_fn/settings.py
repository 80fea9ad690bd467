"""Settings of the data."""

import dataclasses

from base.errors import UsageError
from base.options import option

TABLE_OPTIONS = ("columns", "drop", "na_values", "header", "delimiter", "decimal")
"""How a table is read."""


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
        "",
        "Points of --dataset=file: a table, .csv, .tsv, .txt (or .gz of them) or .parquet, or an "
        "array [N, d] or [N, *shape], .npy or .npz.",
    )
    data_key: str = option("", "Name of the array in an .npz that holds several.")
    columns: str = option("", "Of a table, the columns to learn, a,b,c; all unless given.")
    drop: str = option("", "Of a table, the columns to leave out, a,b,c.")
    na_values: str = option(
        "",
        "Of a table, cells that mean a missing value beside empty ones, such as NA,-999; rows that "
        "hold one in a column of numbers are left out, unless --keep_missing.",
    )
    keep_missing: bool = option(
        False,
        "Of a table or an array [N, d], keep rows that lack numbers: where they do is learned too, "
        "and samples lack as many. Else --na_values leaves such rows out, or they are refused.",
    )
    header: str = option(
        "auto",
        "Whether a table's first row names its columns.",
        choices=("auto", "yes", "no"),
    )
    delimiter: str = option(
        "auto",
        "What stands between a table's columns.",
        choices=("auto", "comma", "semicolon", "tab", "pipe", "space"),
    )
    decimal: str = option(
        "auto",
        "What a table's numbers have before their decimals.",
        choices=("auto", "point", "comma"),
    )
    column_transform: str = option(
        "auto",
        "How networks see a table's columns of numbers: standard, by mean and deviation; quantile, "
        "by their own quantiles as a normal distribution; auto: quantile for long tails.",
        choices=("auto", "standard", "quantile"),
    )
    channels: str = option(
        "auto",
        "Whether images of a file are [height, width, channels] or have their channels first.",
        choices=("auto", "first", "last"),
    )
    extrapolate: bool = option(
        False, "Samples may lie outside the range of each of a file's columns."
    )
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
        if self.dataset == "file":
            if not self.data_file:
                raise UsageError(
                    "--data_file=: --dataset=file needs the path of a table or an array, .csv or "
                    ".npy say"
                )
            return
        for name in (
            "data_file",
            "data_key",
            *TABLE_OPTIONS,
            "keep_missing",
            "column_transform",
            "channels",
            "extrapolate",
        ):
            value = getattr(self, name)
            if value and value != "auto":
                raise UsageError(
                    f"--{name}={value}: only read with --dataset=file, not {self.dataset}"
                )
