"""What a run would take is known before it takes any, and never more than it would."""

import dataclasses
import re

import numpy as np
import pytest

from base import machine
from base.errors import UsageError
from commands import memory
from commands import settings as all_settings
from commands.settings import Command
from estimator.engine import DeviceSettings
from input_fn import sources

DEFAULTS = {
    field.name: field.default
    for _, kind in all_settings.ROOMS.values()
    for field in dataclasses.fields(kind)
}
GIB = 2.0**30


def check(available, monkeypatch, mode="train", points=None, **changed):
    monkeypatch.setattr(machine, "available_memory", lambda: available * GIB)
    commands = {field.name for field in dataclasses.fields(Command)}
    devices = {field.name for field in dataclasses.fields(DeviceSettings)}
    command = Command(mode=mode, **{n: v for n, v in changed.items() if n in commands})
    device = DeviceSettings(**{n: v for n, v in changed.items() if n in devices})
    rest = {n: v for n, v in changed.items() if n not in commands | devices}
    settings = all_settings.make({**DEFAULTS, **rest})
    memory.check_memory(settings, command, device, points)


@pytest.mark.parametrize("mode", ["train", "evaluate", "sample", "export"])
def test_the_published_experiment_needs_little(monkeypatch, mode):
    check(0.05, monkeypatch, mode)


@pytest.mark.parametrize(
    ("mode", "flag", "value"),
    [
        ("train", "toy_dataset_size", 10**9),
        ("sample", "toy_dataset_size", 10**9),
        ("train", "toy_dataset_dim", 100000),
        ("train", "latent_space_dim", 100000),
        ("train", "g_num_filters", 65536),
        ("train", "d_num_filters", 65536),
        ("train", "eval_points_num", 100000),
        ("evaluate", "eval_points_num", 100000),
        ("train", "steps", 10000),
        ("train", "batch_size", 10**6),
        ("train", "iterations_per_loop", 10**6),
        ("sample", "num_samples", 10**9),
    ],
)
def test_absurd_sizes_are_refused_by_the_flag_that_counts(monkeypatch, mode, flag, value):
    more = {"batch_size": {"toy_dataset_size": 10**7}, "iterations_per_loop": {"epochs": 100}}
    with pytest.raises(UsageError, match=rf"^--{flag}={value}: .* GiB of memory at least, 0.3 GiB"):
        check(0.3, monkeypatch, mode, **{flag: value}, **more.get(flag, {}))


@pytest.mark.parametrize("flag", ["g_num_layers", "d_num_layers"])
def test_every_layer_counts(monkeypatch, flag):
    wide = flag.replace("layers", "filters")
    check(0.05, monkeypatch, **{wide: 256})
    with pytest.raises(UsageError, match=f"^--{flag}=64: the networks' weights would take 0.1 GiB"):
        check(0.05, monkeypatch, **{wide: 256, flag: 64})
    with pytest.raises(UsageError, match="^--d_num_filters=65536: the networks' weights"):
        check(0.3, monkeypatch, d_num_filters=65536, steps=1)
    check(0.3, monkeypatch, d_num_filters=65536, steps=1, d_num_layers=1)


def test_images_that_no_network_takes_are_refused(monkeypatch):
    with pytest.raises(UsageError, match=r"^--network=dcgan: needs points of .*, got \[2\]"):
        check(2, monkeypatch, network="dcgan")


def test_what_only_together_is_absurd_names_the_larger_one(monkeypatch):
    with pytest.raises(UsageError, match="--toy_dataset_dim=20000: "):
        check(2, monkeypatch, toy_dataset_dim=20000, toy_dataset_size=100000)
    with pytest.raises(
        UsageError, match="--toy_dataset_dim=100000: the modes' means would take 7.5"
    ):
        check(
            2,
            monkeypatch,
            "export",
            toy_dataset_dim=100000,
            toy_dataset_size=2,
            gmm_modes_num=10000,
        )


def test_a_file_is_looked_at_when_its_shape_is_known(monkeypatch, tmp_path):
    path = str(tmp_path / "wide.npy")
    np.save(path, np.random.RandomState(0).rand(20, 100000).astype(np.float32))
    changed = {"dataset": "file", "data_file": path, "batch_size": 2}
    made = all_settings.make({**DEFAULTS, **changed})
    dataset = sources.load(made.data, 2000, 2)
    check(0.0, monkeypatch, **changed)  # nothing is known without the dataset
    with pytest.raises(
        UsageError, match=re.escape(f"--data_file={path}: the components' samples would take")
    ):
        check(5, monkeypatch, points=dataset, **changed)
    check(100, monkeypatch, points=dataset, **changed)


def test_iterations_that_are_given_count_as_those_of_epochs_do(monkeypatch):
    loop = {"iterations_per_loop": 10**6, "epochs": 1}
    check(0.3, monkeypatch, **loop)
    with pytest.raises(UsageError, match="^--iterations_per_loop=1000000: "):
        check(0.3, monkeypatch, iterations=10**6, **loop)


def test_latent_noise_of_the_points_dimension_counts_as_such(monkeypatch):
    made = all_settings.make({**DEFAULTS, "toy_dataset_dim": 40, "latent_space_dim": 0})
    assert memory._shape(made, None).latent == 40
