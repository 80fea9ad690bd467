"""Which preset a run follows, by its settings."""

import pytest

from commands import presets
from tests.commands.calls import settings

TABLE = {
    "g_num_filters": 64, "g_num_layers": 3, "g_activation": "leaky_relu", "d_num_filters": 64,
    "d_num_layers": 3, "d_activation": "leaky_relu", "d_frequencies": -1, "initialisation": "he",
    "latent_space_dim": 0, "latent_signs": -1, "objective": "relativistic", "gradient_penalty": 1.0,
    "unrolled": False, "averaged_generator": 0.999, "optimizer": "adam", "adam_beta1": 0.0,
    "g_learning_rate": 0.001, "d_learning_rate": 0.002, "learning_rate": 0.001,
    "learning_rate_decay": "linear",
}  # fmt: skip


def test_the_settings_of_a_preset_are_read_from_its_file():
    data = {"dataset": "file", "steps": 3, "iterations": 10000, "batch_size": 256}
    assert presets.values_of("table.flags") == {**TABLE, **data, "mixture_c_iterations": 3000}


@pytest.mark.parametrize(
    ("changed", "followed"),
    [
        ({}, False),
        ({"steps": 3, "iterations": 10000, "batch_size": 256}, False),
        ({"optimizer": "adam", "adam_beta1": 0.0}, False),
        (TABLE, True),
        ({**TABLE, "iterations": 60, "g_num_layers": 1, "gradient_penalty": 0.0}, True),
    ],
)
def test_a_run_follows_a_preset_although_it_overrides_some_of_it(changed, followed):
    assert presets.is_followed("table.flags", settings(**changed)) == followed


@pytest.mark.parametrize("name", ["image.flags", "quality.flags"])
def test_a_run_of_a_preset_alone_follows_it(name):
    values = {"data_file": "x.npy", **presets.values_of(name)}
    assert presets.is_followed(name, settings(**{"dataset": "file", **values}))
    assert not presets.is_followed("table.flags", settings(**{"dataset": "file", **values}))
