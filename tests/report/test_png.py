"""Pixels as a PNG."""

import io

import numpy as np
import pytest
from PIL import Image

from report import png


@pytest.mark.parametrize("shape", [(1, 1, 3), (7, 5, 3), (300, 200, 3)])
def test_another_reader_finds_the_same_pixels(shape):
    pixels = np.random.RandomState(0).randint(256, size=shape).astype(np.uint8)
    with Image.open(io.BytesIO(png.encode(pixels))) as image:
        assert (image.format, image.mode) == ("PNG", "RGB")
        image.load()  # checks the sums
        np.testing.assert_array_equal(np.asarray(image), pixels)


def test_a_fourth_channel_is_left_out():
    rgba = np.arange(4 * 6 * 4, dtype=np.uint8).reshape(4, 6, 4)
    with Image.open(io.BytesIO(png.encode(rgba))) as image:
        np.testing.assert_array_equal(np.asarray(image), rgba[..., :3])
