"""Files of given bytes, loaded or refused."""

import numpy as np
import pytest

from base.errors import UsageError
from input_fn import files
from input_fn.settings import DataSettings

POINTS = np.random.RandomState(0).randn(200, 2)
GOOD = "{'descr': '<f8', 'fortran_order': False, 'shape': (200, 2), }"


def npy(header=GOOD, data=None, version=1, length=None):
    """The bytes of a .npy file whose header says what it likes."""
    text = header.encode()
    size = (len(text) if length is None else length).to_bytes(2 if version == 1 else 4, "little")
    body = POINTS.tobytes() if data is None else data
    return b"\x93NUMPY" + bytes([version, 0]) + size + text + body


def header(descr="'<f8'", order="False", shape="(200, 2)"):
    return f"{{'descr': {descr}, 'fortran_order': {order}, 'shape': {shape}, }}"


def read(path, key=""):
    """What `files.load` makes of a file."""
    return files.load(DataSettings(dataset="file", data_file=str(path), data_key=key))


def load(path, data, key=""):
    path.write_bytes(data)
    return read(path, key).rows


def refused(path, data, message, key=""):
    with pytest.raises(UsageError, match=message) as error:
        load(path, data, key)
    assert str(error.value).isprintable()
    assert path.name in str(error.value)


def save(path, points):
    path = str(path)
    if path.endswith(".npy"):
        np.save(path, points)
    elif path.endswith(".npz"):
        np.savez(path, points=points)
    else:
        np.savetxt(path, points, delimiter=",", fmt="%.17g")
    return path
