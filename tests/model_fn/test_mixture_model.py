"""The exported samplers against a density in closed form."""

import numpy as np
import tensorflow as tf
from scipy import integrate
from scipy.stats import kstest, norm

from model_fn import mixture_model
from model_fn.mixture_model import PROPOSALS, Mixture, Refinement
from model_fn.rows import RowForm
from model_fn.settings import GanSettings, NetworkSettings
from tests.input_fn.made_columns import of

NETWORK = NetworkSettings(
    latent_space_dim=1, g_num_filters=2, d_num_filters=2, g_num_layers=1, d_num_layers=1,
    g_activation="relu", d_activation="relu",
)  # fmt: skip
UNITS = {"scaling/shift": np.zeros(1, np.float32), "scaling/scale": np.ones(1, np.float32)}


def values(scope, last):
    """Both halves of x, relu(x) and relu(-x), weighed by `last`."""
    return {
        f"{scope}/layer0/kernel": np.array([[1.0, -1.0]], np.float32),
        f"{scope}/layer0/bias": np.zeros(2, np.float32),
        f"{scope}/layer1/kernel": np.array([[last[0]], [last[1]]], np.float32),
        f"{scope}/layer1/bias": np.zeros(1, np.float32),
        **UNITS,
    }


def test_resampling_draws_from_the_density_that_the_ratio_tells():
    """Proposals x ~ N(0, 1), log ratio -2 |x| in two rounds: exp(-x^2/2 - 2 |x|) / Z."""
    mixture = Mixture(NETWORK, (1,), GanSettings(), [values("generator", (1.0, -1.0))], [1.0], {})
    round_ = values("mixture_discriminator/fold0", (-1.0, -1.0))
    refinement = Refinement(NETWORK, [round_, round_], [1.5, 0.5], [0.3, -0.1], 100.0)
    rng = np.random.Generator(np.random.Philox(3))
    number = 20_000
    with tf.Graph().as_default(), tf.Session() as session:
        tensors = mixture_model.build_refined(mixture, refinement, 0)
        session.run(tf.global_variables_initializer())
        feeds = {
            tensors["latent"]: rng.standard_normal((number * PROPOSALS, 1)),
            tensors["choice_uniform"]: rng.random(number, np.float32),
        }
        points = session.run(tensors["points"], feeds)
    assert points.shape == (number, 1)

    def density(x):
        return norm.pdf(x) * np.exp(-2.0 * abs(x))

    half = integrate.quad(density, 0.0, 10.0)[0]
    cdf = np.vectorize(
        lambda x: 0.5 + np.sign(x) * integrate.quad(density, 0.0, abs(x))[0] / (2 * half)
    )
    few = points[:4000, 0].astype(np.float64)
    assert kstest(few, cdf).pvalue > 0.01
    assert kstest(few, norm.cdf).pvalue < 1e-10


def test_the_cap_levels_the_largest_ratios():
    """With a cap below all ratios every proposal weighs the same."""
    mixture = Mixture(NETWORK, (1,), GanSettings(), [values("generator", (1.0, -1.0))], [1.0], {})
    round_ = values("mixture_discriminator/fold0", (1.0, 1.0))
    refinement = Refinement(NETWORK, [round_], [5.0], [0.0], 0.0)
    latent = np.arange(2.0 * PROPOSALS)[:, None]
    with tf.Graph().as_default(), tf.Session() as session:
        tensors = mixture_model.build_refined(mixture, refinement, 0)
        session.run(tf.global_variables_initializer())
        for uniform, chosen in ((0.0, 0), (0.999999, PROPOSALS - 1), (0.51, 25)):
            feeds = {tensors["latent"]: latent, tensors["choice_uniform"]: [uniform, uniform]}
            points = session.run(tensors["points"], feeds)
            np.testing.assert_allclose(points[:, 0], [chosen, PROPOSALS + chosen])


def test_a_chosen_proposal_lacks_its_own_numbers_only():
    """Both coordinates are the latent number: the larger half of the samples lacks its number."""
    rows = np.where(np.arange(100) < 50, np.arange(100.0), np.nan)[:, None]
    columns = of(rows).columns
    kernels = {
        "generator/layer1/kernel": np.array([[1.0, 1], [-1, -1]], np.float32),
        "generator/layer1/bias": np.zeros(2, np.float32),
        "scaling/shift": np.zeros(2, np.float32),
        "scaling/scale": np.ones(2, np.float32),
    }
    form = RowForm(**{name: getattr(columns, name) for name in RowForm._fields})
    component = {**values("generator", (1.0, -1.0)), **kernels}
    mixture = Mixture(NETWORK, (2,), GanSettings(), [component], [1.0], {}, form)
    weighs_nothing = {
        **values("mixture_discriminator/fold0", (0.0, 0.0)),
        **{name: value for name, value in kernels.items() if "scaling" in name},
        "mixture_discriminator/fold0/layer0/kernel": np.ones((2, 2), np.float32),
    }
    refinement = Refinement(NETWORK, [weighs_nothing], [1.0], [0.0], 1.0)
    latent = np.random.RandomState(0).randn(4 * PROPOSALS, 1)
    uniform = (np.array([0, 17, 30, 49]) + 0.5) / PROPOSALS
    with tf.Graph().as_default(), tf.Session() as session:
        tensors = mixture_model.build_refined(mixture, refinement, 0)
        session.run(tf.global_variables_initializer())
        points = session.run(
            tensors["points"], {tensors["latent"]: latent, tensors["choice_uniform"]: uniform}
        )
    chosen = latent[[0, PROPOSALS + 17, 2 * PROPOSALS + 30, 3 * PROPOSALS + 49]]
    expected = columns.decode(np.repeat(chosen, 2, axis=1).astype(np.float32))
    assert 0 < np.isnan(expected).sum() < 4
    np.testing.assert_allclose(points, expected, rtol=1e-6)
