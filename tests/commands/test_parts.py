"""What a run's settings and data make."""

import dataclasses

import numpy as np
import pytest

from boost import meta_algorithms, scoring
from boost.loop import Loop
from boost.sampler import Sampler
from commands import parts, shared
from model_fn.settings import NetworkSettings
from storage.workdir import Workdir
from tests.boost import tables
from tests.commands.calls import call, of_file, settings


def loaded(given, path):
    workdir, dataset = Workdir(str(path)), shared.load(given, call("train", path))
    return (given, dataset, scoring.scorer(dataset, shared.sizes_of(given, dataset))), workdir


def components_of(given, path, engine):
    workdir, dataset = Workdir(str(path)), shared.load(given, call("train", path))
    return parts.make_components(given, dataset, 100, engine, workdir)


def test_iterations_are_epochs_of_both_kinds_of_training(engine, tmp_path):
    given, workdir = loaded(settings(epochs=3, mixture_c_epoch_num=5), tmp_path)
    made, iterations = parts.make_loop(*given, engine, workdir)
    assert isinstance(made, Loop)
    assert iterations == (3 * 20, 5 * 20)
    given, workdir = loaded(settings(iterations=7, mixture_c_iterations=9), tmp_path)
    assert parts.make_loop(*given, engine, workdir)[1] == (7, 9)


def test_the_best_component_is_chosen_on_other_points_than_the_evaluations(
    engine, tmp_path, monkeypatch
):
    given, workdir = loaded(settings(meta_algorithm="best_of"), tmp_path)
    made = []
    monkeypatch.setattr(meta_algorithms, "make", lambda *which: made.append(which))
    parts.make_loop(*given, engine, workdir)
    ((boost, validation),) = made
    assert boost.meta_algorithm == "best_of"
    evaluation = given[2]
    assert len(evaluation.real) == len(validation.real) == 500
    together = np.concatenate([evaluation.real, validation.real])
    assert len(np.unique(together, axis=0)) == 1000


@pytest.mark.parametrize(("standardise", "shift"), [("no", 0.0), ("auto", 0.0), ("yes", None)])
def test_networks_see_points_in_the_units_asked_for(engine, tmp_path, standardise, shift):
    components = components_of(settings(standardise=standardise), tmp_path, engine)
    mean = components.dataset.points.mean(axis=0) if shift is None else shift
    np.testing.assert_allclose(components.units.shift, mean, rtol=1e-5)


def test_networks_see_rows_of_a_table_standardised_unless_told(engine, tmp_path):
    tables.write(tmp_path / "x.csv")
    held = tables.columns_of()
    towns = [held["town"] == town for town in tables.TOWNS]
    rows = np.stack([held["visits"], *towns, held["price"], held["height"]], axis=1)
    for standardise in ("auto", "yes", "no"):
        given = of_file(tmp_path / "x.csv", standardise=standardise)
        components = components_of(given, tmp_path, engine)
        dataset, units = components.dataset, components.units
        seen = (dataset.points - units.shift) / units.scale
        if standardise == "no":
            np.testing.assert_allclose(seen, rows, rtol=1e-6, atol=1e-5)
            continue
        trained = seen[dataset.train_rows][:, [0, 4, 5]]
        np.testing.assert_allclose(trained.mean(axis=0), 0, atol=1e-4)
        np.testing.assert_allclose(trained.std(axis=0), 1, atol=1e-4)


@pytest.mark.parametrize(("asked", "got"), [(0, 6), (3, 3)])
def test_latent_noise_has_the_tables_dimension_unless_told(engine, tmp_path, asked, got):
    tables.write(tmp_path / "x.csv")
    given = dataclasses.replace(
        of_file(tmp_path / "x.csv"), network=NetworkSettings(latent_space_dim=asked)
    )
    components = components_of(given, tmp_path, engine)
    assert components.models.network.latent_space_dim == got
    kernel = components.params(1).initial_values["generator/layer0/kernel"]
    assert kernel.shape[0] == got


def test_unrefined_samples_come_from_the_components_alone(run, engine):
    opened = shared.open_run(call("sample", run), {})
    components = shared.make_components(call("sample", run), opened, needs_data=False)
    assert isinstance(parts.make_source(components, opened.state, refine=False), Sampler)
