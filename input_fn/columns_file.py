"""What is known of a data file's columns as a file of the work directory, and in words.

Imports no TensorFlow.
"""

import hashlib
import io
import json
import zipfile
from typing import Dict, Iterator, List

import numpy as np

from input_fn.columns import Columns


def to_bytes(columns: Columns) -> bytes:
    """Columns as an .npz archive that `from_bytes` reads."""
    arrays = {
        name: value for name, value in columns._asdict().items() if isinstance(value, np.ndarray)
    }
    counts = [len(values) for values in columns.values.values()]
    arrays["values"] = np.concatenate([np.zeros(0), *columns.values.values()])
    bounds = [len(each) for each in columns.bounds.values()]
    arrays["bounds"] = np.concatenate([np.zeros(0), *columns.bounds.values()])
    knots = [each.shape[1] for each in columns.knots.values()]
    arrays["knots"] = np.concatenate([np.zeros((2, 0)), *columns.knots.values()], axis=1)
    words = {
        "names": columns.names,
        "shape": columns.shape,
        "dtype": columns.dtype,
        "extrapolates": columns.extrapolates,
        "channels_first": columns.channels_first,
        "gaps": columns.gaps,
        "values": dict(zip(map(str, columns.values), counts)),
        "knots": dict(zip(map(str, columns.knots), knots)),
        "bounds": dict(zip(map(str, columns.bounds), bounds)),
        "categories": {str(column): texts for column, texts in columns.categories.items()},
    }
    arrays["words"] = np.frombuffer(json.dumps(words).encode(), np.uint8)
    written = io.BytesIO()
    np.savez(written, **arrays)
    return written.getvalue()


def digest(columns: Columns) -> str:
    """SHA-256 of what `to_bytes` makes of them."""
    return hashlib.sha256(to_bytes(columns)).hexdigest()


def from_bytes(data: bytes) -> Columns:
    """What `to_bytes` wrote.

    Raises:
      ValueError: if it is something else.
    """
    try:
        with np.load(io.BytesIO(data)) as saved:
            arrays = dict(saved)
        words = json.loads(bytes(arrays.pop("words")).decode())
        values, knots, bounds = (
            _parts(arrays.pop(name), words[name]) for name in ("values", "knots", "bounds")
        )
        return Columns(
            names=tuple(words["names"]),
            shape=tuple(words["shape"]),
            dtype=words["dtype"],
            values=values,
            knots=knots,
            bounds=bounds,
            categories={int(c): tuple(texts) for c, texts in words["categories"].items()},
            extrapolates=words["extrapolates"],
            channels_first=words["channels_first"],
            gaps=tuple(words["gaps"]),
            **arrays,
        )
    except (KeyError, TypeError, ValueError, OSError, zipfile.BadZipFile) as error:
        raise ValueError(f"holds no columns of a data file: {error}") from error


def _parts(joined: np.ndarray, lengths: Dict[str, int]) -> Dict[int, np.ndarray]:
    """Arrays by column, which were joined along their last axis."""
    ends = np.cumsum(list(lengths.values()), dtype=np.int64)[:-1]
    parts = np.split(joined, ends, axis=-1) if lengths else []
    return dict(zip(map(int, lengths), parts))


def describe(columns: Columns) -> List[Dict[str, object]]:
    """What a table's columns hold, for people and for programs that read an export."""
    return list(_described(columns)) if columns.is_table else []


def _described(columns: Columns) -> Iterator[Dict[str, object]]:
    for column, name in enumerate(columns.names):
        found: Dict[str, object] = {"name": name}
        if column in columns.categories:
            found["categories"] = list(columns.categories[column])
        elif columns.constant[column]:
            found["constant"] = None if columns.is_never_there(column) else columns.low[column]
        else:
            found["range"] = [columns.low[column], columns.high[column]]
            if column in columns.values:
                found["values"] = list(columns.values[column])
            elif columns.step[column]:
                found["step"] = columns.step[column]
        if column in columns.gaps:
            found["missing"] = True
        yield found
