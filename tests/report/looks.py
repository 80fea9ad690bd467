"""What can be told of a picture without looking at it."""

import io

import numpy as np
from PIL import Image


def pixels(png):
    """[height, width, 3] uint8 of a .png by its path or its bytes."""
    with Image.open(io.BytesIO(png) if isinstance(png, bytes) else str(png)) as image:
        assert image.format == "PNG"
        return np.asarray(image.convert("RGB"))


def assert_drawn(png, width, height, panels=(1, 1)):
    """A picture of this size with something in each panel: dark letters and colours on white."""
    shown = pixels(png)
    assert shown.shape == (height, width, 3)
    rows, columns = panels
    for band in np.array_split(shown, rows, axis=0):
        for panel in np.array_split(band, columns, axis=1):
            ink = np.mean((panel < 250).any(axis=-1))
            assert 0.005 < ink < 0.95, ink
            assert len(np.unique(panel @ [65536, 256, 1])) > 20  # colours
    return shown


def has_colour(shown, red, green, blue, within=40):
    """Whether some pixels of it are about of a colour."""
    return (np.abs(shown.astype(int) - [red, green, blue]).max(axis=-1) < within).sum() > 20
