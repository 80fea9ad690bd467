"""What the model function of a GAN is given beside its features, and the networks that follow."""

import dataclasses
from typing import Sequence, Tuple

from base.model_params import ModelParams
from model_fn import networks, optimizers
from model_fn.networks import Network
from model_fn.settings import GanSettings, NetworkSettings, OptimizerSettings


@dataclasses.dataclass(frozen=True)
class GanParams(ModelParams):
    """Everything the model function reads beside its features."""

    gan: GanSettings
    network: NetworkSettings
    optimizer: OptimizerSettings
    shape: Tuple[int, ...]  # of one point
    iterations: int  # of the whole training, by which learning rates decay
    in_graph_loop: bool  # look-ahead steps as a while_loop
    wrap_optimizers: optimizers.Wrap = optimizers.unwrapped


def networks_of(
    gan: GanSettings, network: NetworkSettings, shape: Sequence[int]
) -> Tuple[Network, Network]:
    """Generator and discriminator."""
    return (
        networks.generator(network, shape, gan.unrolled),
        networks.discriminator(network, shape, gan.unrolled),
    )
