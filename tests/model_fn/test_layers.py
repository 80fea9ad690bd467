"""What layers say of themselves is what TensorFlow makes of them."""

import numpy as np
import pytest
import tensorflow as tf

from base.errors import UsageError
from model_fn import layers, networks
from model_fn.settings import NetworkSettings


@pytest.mark.parametrize(
    ("network", "shape"), [("mlp", (8, 12)), ("dcgan", (8, 12)), ("dcgan", (4, 8, 3))]
)
@pytest.mark.parametrize("signs", [0, 3])
@pytest.mark.parametrize("side", ["generator", "discriminator"])
def test_outputs_have_the_shapes_that_layers_tell(network, shape, side, signs):
    settings = NetworkSettings(
        network=network, g_num_layers=3, d_num_layers=1, g_num_filters=6, d_num_filters=10,
        latent_signs=signs,
    )  # fmt: skip
    made = getattr(layers, side)(settings, shape)
    latent = settings.latent_space_dim + signs
    size = latent if side == "generator" else int(np.prod(shape))
    with tf.Graph().as_default():
        outputs = tf.zeros([3, size])
        for layer in made:
            outputs = networks._apply(layer, outputs, tf.zeros(layer.kernel))
            assert outputs.shape.as_list() == [3, *layer.outputs]
            assert layer.units == layer.outputs[-1]
    assert np.prod(made[-1].outputs) == (np.prod(shape) if side == "generator" else 1)


@pytest.mark.parametrize("shape", [(8,), (7, 8), (8, 6, 3), (4, 4, 4, 4)])
def test_other_shapes_are_no_images(shape):
    with pytest.raises(UsageError, match=r"^--network=dcgan: needs points of shape \[4 a, 4 b\]"):
        layers.image_size(shape)


def test_a_stride_divides_what_reaches_an_output():
    """Of a transposed convolution, by counting: zero inputs but for one channel of ones."""
    layer = layers._transposed_convolution((6, 6, 5), 2)
    with tf.Graph().as_default(), tf.Session() as session:
        seen = networks._apply(layer, tf.ones((1, 6, 6, 5)), tf.ones(layer.kernel))
        inner = session.run(seen)[0, 4:8, 4:8]
    assert (inner == layer.inputs_of_a_unit).all()
