"""What a run's settings and data make."""

import numpy as np
import pytest

from base.errors import UsageError
from boost import meta_algorithms
from boost.loop import Loop
from boost.sampler import Sampler
from commands import parts, shared
from storage.workdir import Workdir
from tests.commands.calls import call, settings


def loaded(given, path):
    workdir = Workdir(str(path))
    return (given, *shared.load(given, call("train", path))), workdir


def test_iterations_are_epochs_of_both_kinds_of_training(engine, tmp_path):
    given, workdir = loaded(settings(epochs=3, mixture_c_epoch_num=5), tmp_path)
    made, iterations = parts.make_loop(*given, engine, workdir)
    assert isinstance(made, Loop)
    assert iterations == (3 * 20, 5 * 20)


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


def test_networks_that_do_not_take_such_points_are_refused(engine, tmp_path):
    given, workdir = loaded(settings(network="dcgan"), tmp_path)
    with pytest.raises(UsageError, match=r"^--network=dcgan: "):
        parts.make_components(*given, engine, workdir)


@pytest.mark.parametrize(("standardise", "shift"), [("no", 0.0), ("auto", 0.0), ("yes", None)])
def test_networks_see_points_in_the_units_asked_for(engine, tmp_path, standardise, shift):
    given, workdir = loaded(settings(standardise=standardise), tmp_path)
    components = parts.make_components(*given, engine, workdir)
    mean = given[1].points.mean(axis=0) if shift is None else shift
    np.testing.assert_allclose(components.units.shift, mean, rtol=1e-5)


def test_unrefined_samples_come_from_the_components_alone(run, engine):
    opened = shared.open_run(call("sample", run), {})
    ready = shared.make_ready(call("sample", run), opened)
    assert isinstance(parts.make_source(ready.components, opened.state, refine=False), Sampler)
