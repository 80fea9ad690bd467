"""Tables of given text, loaded or refused."""

import pytest

from input_fn import tables
from input_fn.tables import TableOptions


def load(path, data, **options):
    path.write_bytes(data if isinstance(data, bytes) else data.encode())
    return tables.load(str(path), TableOptions(**options))


def refused(path, data, message, **options):
    with pytest.raises(ValueError, match=message) as error:
        load(path, data, **options)
    assert str(error.value).isprintable()
