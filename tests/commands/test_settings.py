"""Settings: checks, JSON both ways, and the comparison of runs."""

import dataclasses
import json

import pytest

from base.errors import UsageError
from commands import settings as all_settings

DEFAULTS = {
    field.name: field.default
    for _, kind in all_settings.ROOMS.values()
    for field in dataclasses.fields(kind)
}

PUBLISHED = {
    "gmm_modes_num": 10, "gmm_max_val": 15.0, "toy_dataset_size": 64000, "toy_dataset_dim": 2,
    "steps": 10, "epochs": 15, "batch_size": 64, "unrolled": True, "unrolling_steps": 5,
    "d_steps": 1, "g_steps": 1, "objective": "JS", "latent_space_dim": 5,
    "latent_space_distr": "normal", "optimizer": "sgd", "g_learning_rate": 0.01,
    "d_learning_rate": 0.004, "learning_rate": 0.008, "adam_beta1": 0.5, "init_std": 0.8,
    "g_num_filters": 16, "d_num_filters": 16, "mixture_c_epoch_num": 5, "beta_heur": "uniform",
    "beta_constant": 0.5, "weights_heur": "theory_star", "topk_constant": 0.5,
    "is_bagging": False, "eval_points_num": 1000, "data_seed": 821, "dataset": "gmm",
    "iterations": 0, "mixture_c_iterations": 0,
}  # fmt: skip


def test_defaults_are_the_published_ones():
    assert {name: DEFAULTS[name] for name in PUBLISHED} == PUBLISHED


def test_json_both_ways():
    made = all_settings.make({**DEFAULTS, "steps": 3, "objective": "JS_modified", "init_std": 0.1})
    assert all_settings.from_json(made.to_json(), "settings.json") == made


@pytest.mark.parametrize(
    "text",
    ["", "[]", "{}", "nonsense", "[" * 100000, '{"run": 3}', json.dumps({"run": {"seed": "x"}})],
)
def test_a_text_that_holds_no_settings_is_named(text):
    with pytest.raises(UsageError, match="here.json"):
        all_settings.from_json(text, "here.json")


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"beta_constant": 1.5}, r"--beta_constant=1.5: must lie in \(0, 1\)"),
        ({"beta_constant": float("nan")}, r"--beta_constant=nan: must lie in"),
        ({"init_std": float("inf")}, r"--init_std=inf"),
        ({"steps": 0}, r"--steps=0: must lie in \[1, 10000\]"),
        ({"dataset": "mnist"}, "--dataset=mnist: must be one of gmm, circle_gmm, ring, grid, file"),
        ({"dataset": "file"}, "--data_file=: --dataset=file needs"),
        ({"data_file": "a.npy"}, "--data_file=a.npy: only read with --dataset=file"),
        ({"columns": "a,b"}, "--columns=a,b: only read with --dataset=file, not gmm"),
        ({"header": "no"}, "--header=no: only read with --dataset=file, not gmm"),
        ({"extrapolate": True}, "--extrapolate=True: only read with --dataset=file, not gmm"),
        ({"iterations": -1}, r"--iterations=-1: must lie in \[0, 1e9\]"),
        ({"mixture_c_iterations": -1}, r"--mixture_c_iterations=-1: must lie in \[0, 1e9\]"),
        ({"latent_space_dim": -1}, r"--latent_space_dim=-1: must lie in \[0, 100000\]"),
        ({"dataset": "circle_gmm", "toy_dataset_dim": 3}, "--toy_dataset_dim=3"),
        ({"seed": -1}, "--seed=-1"),
        ({"steps": 2.5}, "--steps=2.5: must be of type int"),
        ({"steps": 10**400}, r"--steps=1000.* \.\.\. |--steps=10+: must lie in"),
        ({"init_std": 10**400}, r"--init_std=10+: must lie in"),
        ({"dataset": "a\n\x1b[31m\udcff"}, r"--dataset=a\\n\\x1b\[31m\\udcff: must be one of"),
        (
            {"dataset": "x" * 10000},
            r"^--dataset=xxx.* \.\.\. .*: must be one of gmm, circle_gmm, ring, grid, file$",
        ),
    ],
)
def test_bad_values_name_flag_value_and_range(changed, message):
    with pytest.raises(UsageError, match=message):
        all_settings.make({**DEFAULTS, **changed})


def test_other_settings_are_refused_and_steps_may_rise():
    made = all_settings.make(DEFAULTS)
    all_settings.check_same({"steps": 12}, made, "here", may_rise=("steps",))
    with pytest.raises(UsageError, match="--steps=9: the run in here was made with --steps=10"):
        all_settings.check_same({"steps": 9}, made, "here", may_rise=("steps",))
    with pytest.raises(UsageError, match="--seed=4: the run in here was made with --seed=0"):
        all_settings.check_same({"seed": 4}, made, "here")


OF_FILE = {"dataset": "file", "data_file": "x.csv"}


@pytest.mark.parametrize(
    ("made", "given", "told"),
    [
        ({}, {"columns": "a,b"}, "--columns=a,b: .* made without --columns; leave it out, or "),
        ({"na_values": "-9"}, {"na_values": ""}, "^no --na_values: .* made with --na_values=-9; "),
        ({"keep_missing": True}, {"keep_missing": False}, "^--nokeep_missing .the default.: .* "),
        ({}, {"extrapolate": True}, "^--extrapolate: .* made with --noextrapolate; use that or "),
        (
            {"seed": 3},
            {"seed": 0},
            r"^--seed=0 \(the default\): .* made with --seed=3; use that or ",
        ),
    ],
)
def test_settings_that_are_empty_or_defaults_are_told_as_such(made, given, told):
    run = all_settings.make({**DEFAULTS, **OF_FILE, **made})
    with pytest.raises(UsageError, match=told) as error:
        all_settings.check_same(given, run, "here")
    assert "=;" not in str(error.value)
    assert "=:" not in str(error.value)
