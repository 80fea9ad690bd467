"""Settings of the networks and their training, apart from TensorFlow so that flags load fast."""

import dataclasses
from typing import NamedTuple, Sequence

import numpy as np

from base.errors import UsageError
from base.options import option

ACTIVATIONS = ("auto", "tanh", "relu", "leaky_relu")
HIDDEN = "Hidden layers of {}; auto: tanh with --unrolled, else relu, as published."


def activation(name: str, unrolled: bool) -> str:
    """What "auto" stands for: AdaGAN's public code takes tanh when unrolled, ReLU otherwise."""
    if name != "auto":
        return name
    return "tanh" if unrolled else "relu"


LOWEST_LATENT, HIGHEST_LATENT = 6, 100
"""Dimensions of the latent noise where it is chosen by the points'.

As low as the plane's, the noise must be torn apart to give separate modes, and what lies between
them is sampled too: a classifier told 59 and 60 samples in 100 so, with six dimensions 57 and 58.
"""

FEW_SIGNS, MANY_DIMENSIONS = 4, 8
"""Signs of the latent noise where they are chosen by the points' dimension, and from where on none.

Of a seed each, four signs lowered the AUC of a classifier from .584 to .501 in the plane, from .717
to .598 in five dimensions, from .674 to .627 in seven. Three raised it from .563 to .578 in eight
and four from .745 to .786 in twenty, where the spread within each group suffered.
"""

MOST_OCTAVES = 3
"""Of the discriminators' inputs where they are chosen by the points' dimension."""
INPUTS = 64
"""Coordinates with their sines and cosines, about, that a discriminator of many sees."""


def fitting_octaves(dimension: int, most: int) -> int:
    """Octaves of a point's coordinates: so many at most, and fewer of many coordinates."""
    return min(most, max(1, (INPUTS // dimension - 1) // 2))


@dataclasses.dataclass(frozen=True)
class NetworkSettings:
    """The shape of generator, discriminator and mixture discriminator."""

    network: str = option(
        "mlp",
        "mlp: fully connected, as published; dcgan: convolutional, for images.",
        choices=("mlp", "dcgan"),
    )
    latent_space_dim: int = option(
        5,
        "Dimension of the latent noise (alias: --zdim); 0: the points' own, 6 to 100.",
        bounds="[0, 100000]",
    )
    latent_space_distr: str = option(
        "normal",
        "Latent noise: standard normal, or uniform on [-1, 1].",
        choices=("normal", "uniform"),
    )
    latent_signs: int = option(
        0,
        "So many dimensions of the latent noise have their signs among the generator's inputs "
        "too, which part groups where a continuous map leaves samples in between; -1: by the "
        "points' dimension, 4 for fewer than 8 and else 0.",
        bounds="[-1, 100000]",
    )
    g_num_filters: int = option(
        16,
        "Units in each hidden layer of the generator; dcgan: channels before the image.",
        bounds="[1, 65536]",
    )
    d_num_filters: int = option(
        16,
        "Units in each hidden layer of the discriminator and the mixture discriminator; dcgan: "
        "channels after the image.",
        bounds="[1, 65536]",
    )
    g_num_layers: int = option(2, "mlp: hidden layers of the generator.", bounds="[1, 64]")
    d_num_layers: int = option(
        2,
        "mlp: hidden layers of the discriminator and the mixture discriminator.",
        bounds="[1, 64]",
    )
    g_activation: str = option("auto", HIDDEN.format("the generator"), choices=ACTIVATIONS)
    d_activation: str = option("auto", HIDDEN.format("the discriminators"), choices=ACTIVATIONS)
    d_frequencies: int = option(
        0,
        "mlp: octaves of sines and cosines of each coordinate that join the discriminators' "
        "inputs, from a period of 4 in the networks' units on; each has half the power of the "
        "one before; -1: by the points' dimension, 3 of few coordinates and 1 of many.",
        bounds="[-1, 16]",
    )
    initialisation: str = option(
        "normal",
        "Initial weights: normal with deviation --init_std, biases 0, as published; or he: by the "
        "inputs of a unit, first biases uniform on [-1, 1].",
        choices=("normal", "he"),
    )
    init_std: float = option(
        0.8,
        "Standard deviation of the normal initial weights; biases start at 0.",
        bounds="(0, 100]",
    )

    def fitted(self, shape: Sequence[int]) -> "NetworkSettings":
        """The same for points of this shape, whatever goes by their dimension chosen.

        Raises:
          UsageError: for signs of more dimensions than the latent noise has.
        """
        size = int(np.prod(shape))
        latent = self.latent_space_dim or int(np.clip(size, LOWEST_LATENT, HIGHEST_LATENT))
        signs = self.latent_signs
        if signs < 0:
            signs = min(latent, FEW_SIGNS if size < MANY_DIMENSIONS else 0)
        _check_signs(signs, latent)
        octaves = self.d_frequencies
        if octaves < 0:
            octaves = 0 if self.network == "dcgan" else fitting_octaves(size, MOST_OCTAVES)
        return dataclasses.replace(
            self,
            latent_space_dim=latent,
            latent_signs=signs,
            d_frequencies=octaves,
        )

    def check_combination(self) -> None:
        """Raises UsageError for settings that do not go together."""
        if self.network == "dcgan" and self.d_frequencies > 0:
            raise UsageError(f"--d_frequencies={self.d_frequencies}: only with --network=mlp")
        if self.latent_space_dim:
            _check_signs(self.latent_signs, self.latent_space_dim)


def _check_signs(signs: int, latent: int) -> None:
    if signs > latent:
        raise UsageError(
            f"--latent_signs={signs}: must be {latent} at most, the latent noise's dimension"
        )


@dataclasses.dataclass(frozen=True)
class OptimizerSettings:
    """Which optimizer trains all networks."""

    optimizer: str = option("sgd", "Optimizer of all networks.", choices=("sgd", "adam"))
    adam_beta1: float = option(0.5, "Decay of Adam's first moment.", bounds="[0, 1)")
    learning_rate_decay: str = option(
        "constant",
        "Of all learning rates; linear: constant for the first half of a training, then to 0.",
        choices=("constant", "linear"),
    )


@dataclasses.dataclass(frozen=True)
class GanSettings:
    """How one component's GAN is trained."""

    unrolled: bool = option(
        True,
        "The generator looks ahead of the discriminator; tanh hidden layers then, else ReLU.",
    )
    unrolling_steps: int = option(5, "Discriminator steps to look ahead.", bounds="[0, 1000]")
    d_steps: int = option(1, "Discriminator steps an iteration.", bounds="[1, 1000]")
    g_steps: int = option(1, "Generator steps an iteration.", bounds="[1, 1000]")
    objective: str = option(
        "JS",
        "JS: the generator's loss is the discriminator's with its sign turned; JS_modified: "
        "non-saturating; relativistic: both compare real and generated points in pairs.",
        choices=("JS", "JS_modified", "relativistic"),
    )
    gradient_penalty: float = option(
        0.0,
        "Of the discriminator: this times half its squared slope at real and at generated points; "
        "0: none, as published.",
        bounds="[0, 1e6]",
    )
    g_learning_rate: float = option(0.01, "Learning rate of the generator.", bounds="(0, 100]")
    averaged_generator: float = option(
        0.0,
        "Decay an iteration of the running mean of the generator's weights that samples come "
        "from; 0: the last weights, as published.",
        bounds="[0, 1)",
    )
    d_learning_rate: float = option(0.004, "Learning rate of the discriminator.", bounds="(0, 100]")


@dataclasses.dataclass(frozen=True)
class MixtureDiscriminatorSettings:
    """How the discriminator between data and mixture is trained."""

    learning_rate: float = option(
        0.008, "Learning rate of the mixture discriminator.", bounds="(0, 100]"
    )
    mixture_c_epoch_num: int = option(5, "Epochs of the mixture discriminator.", bounds="[1, 1e6]")
    mixture_c_iterations: int = option(
        0,
        "Iterations of the mixture discriminator; 0: --mixture_c_epoch_num.",
        bounds="[0, 1e9]",
    )
    mixture_c_folds: int = option(
        1,
        "1: one discriminator scores its own training points, as published; 2: each half of the "
        "data is scored by a discriminator that never saw it.",
        bounds="[1, 2]",
    )

    def iterations_of(self, points: int, batch_size: int) -> int:
        """Iterations on so many training points."""
        return self.mixture_c_iterations or self.mixture_c_epoch_num * (points // batch_size)


class ModelSettings(NamedTuple):
    """Of what kind a run's networks are, and how they are trained."""

    network: NetworkSettings
    optimizer: OptimizerSettings
    gan: GanSettings
    mixture_discriminator: MixtureDiscriminatorSettings
