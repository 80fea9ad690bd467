"""Settings of boosting: what goes together, and what each makes of the algorithm."""

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from base.errors import UsageError
from boost import meta_algorithms, settings
from boost.settings import BoostSettings
from model_fn.settings import MixtureDiscriminatorSettings, NetworkSettings

NAMES = ("boosted", "vanilla", "best_of", "ensemble", "topk_last")


@given(st.integers(1, 10**9))
def test_pools_are_as_large_as_the_data_within_reason(points):
    assert settings.pool_size(points) == sorted([10_000, points, 64_000])[1]


@pytest.mark.parametrize(("points", "epochs"), [(640, 20), (655, 20), (31, 0), (10**6, 31250)])
def test_iterations_are_epochs_of_whole_minibatches_unless_given(points, epochs):
    assert BoostSettings(epochs=3, batch_size=32).iterations_of(points) == 3 * epochs
    assert BoostSettings(epochs=3, iterations=7).iterations_of(points) == 7
    own = MixtureDiscriminatorSettings(mixture_c_epoch_num=3)
    assert own.iterations_of(points, 32) == 3 * epochs
    own = MixtureDiscriminatorSettings(mixture_c_epoch_num=3, mixture_c_iterations=7)
    assert own.iterations_of(points, 32) == 7


@pytest.mark.parametrize(
    ("shape", "own"),
    [((1,), 6), ((2,), 6), ((7,), 7), ((100,), 100), ((101,), 100), ((8, 8, 3), 100)],
)
def test_latent_noise_may_have_the_points_dimension(shape, own):
    assert NetworkSettings(latent_space_dim=0).fitted(shape).latent_space_dim == own
    assert NetworkSettings(latent_space_dim=5).fitted(shape) == NetworkSettings()


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        ({"meta_algorithm": "vanilla"}, "vanilla: is one GAN, needs --steps=1, got 10"),
        ({"meta_algorithm": "best_of", "is_bagging": True}, "--is_bagging: stands for"),
        ({"meta_algorithm": "vanilla", "steps": 1, "is_bagging": True}, "--is_bagging: stands for"),
    ],
)
def test_what_does_not_go_together_is_refused(changed, told):
    with pytest.raises(UsageError, match=told):
        BoostSettings(**changed).check_combination()


@pytest.mark.parametrize(
    "changed",
    [
        {},
        {"is_bagging": True},
        {"meta_algorithm": "ensemble", "is_bagging": True},
        {"meta_algorithm": "vanilla", "steps": 1},
        {"meta_algorithm": "topk_last"},
    ],
)
def test_the_rest_is_accepted(changed):
    BoostSettings(**changed).check_combination()


@pytest.mark.parametrize(("name", "bagging"), itertools.product(NAMES, [False, True]))
def test_settings_and_algorithm_agree_on_whether_data_are_reweighted(name, bagging):
    """The memory that a run takes is foretold by the first, what it does by the second."""
    if bagging and name not in ("boosted", "ensemble"):
        return  # refused, as above
    given_settings = BoostSettings(meta_algorithm=name, is_bagging=bagging)
    made = meta_algorithms.make(given_settings, None)
    expected = name in ("boosted", "topk_last") and not bagging
    assert made.reweights == given_settings.reweights == expected


@pytest.mark.parametrize(
    ("shape", "octaves"), [((1,), 3), ((2,), 3), ((8,), 3), ((10,), 2), ((30,), 1), ((9, 9), 1)]
)
def test_octaves_go_by_the_points_dimension_where_asked(shape, octaves):
    assert NetworkSettings(d_frequencies=-1).fitted(shape).d_frequencies == octaves
    assert NetworkSettings(d_frequencies=4).fitted(shape).d_frequencies == 4
    assert NetworkSettings(d_frequencies=-1, network="dcgan").fitted(shape).d_frequencies == 0


@pytest.mark.parametrize(("shape", "signs"), [((1,), 4), ((7,), 4), ((8,), 0), ((8, 8), 0)])
def test_signs_of_the_latent_noise_go_by_the_points_dimension_where_asked(shape, signs):
    assert NetworkSettings(latent_signs=-1).fitted(shape).latent_signs == signs
    assert NetworkSettings(latent_signs=5).fitted(shape).latent_signs == 5
    few = NetworkSettings(latent_signs=-1, latent_space_dim=3)
    assert few.fitted(shape).latent_signs == min(3, signs)
    with pytest.raises(UsageError, match="^--latent_signs=6: must be 5 at most"):
        NetworkSettings(latent_signs=6).fitted(shape)


def test_more_signs_than_latent_dimensions_are_refused_before_any_data_are_read():
    with pytest.raises(UsageError, match="^--latent_signs=4: must be 3 at most"):
        NetworkSettings(latent_signs=4, latent_space_dim=3).check_combination()
    for most in ({"latent_signs": 3}, {"latent_signs": -1}):
        NetworkSettings(latent_space_dim=3, **most).check_combination()
    NetworkSettings(latent_signs=99, latent_space_dim=0).check_combination()  # data say how many
