"""Kinds of a data frame's columns, which a file of text forgets, for callers from Python.

They are kept in the work directory of the run that was fitted to the frame.
"""

import json
import os
from typing import Any, Dict, List, NamedTuple, Sequence

import numpy as np
import pandas
from pandas.api import types

from base import durable
from commands import frame_texts
from storage.ownership import FRAME


class Column(NamedTuple):
    """Of a frame."""

    label: Any
    name: str  # in the table of text
    kind: Any  # its dtype
    has_gaps: bool
    is_text: bool  # Python's objects, all of them texts
    is_quoted: bool  # whether its texts are in quotes there


def of_frame(frame: pandas.DataFrame) -> List[Column]:
    """Of each column, in their order.

    Raises:
      ValueError: names a column that a table of text cannot hold.
    """
    found: List[Column] = []
    for place, label in enumerate(frame.columns):
        own = frame.iloc[:, place]
        name = " ".join(str(label).split()) or f"column {place + 1}"
        if name in [column.name for column in found]:
            raise ValueError(f"two columns are called {name!r}; names must differ")
        frame_texts.check_numbers(name, own)
        is_text = own.dtype == object and types.infer_dtype(own, skipna=True) == "string"
        has_gaps = bool(own.isna().any())
        quoted = frame_texts.must_be_quoted(own, has_gaps)
        found.append(Column(label, name, own.dtype, has_gaps, is_text, quoted))
    return found


def to_csv(frame: pandas.DataFrame) -> str:
    """A table of text; categories that are times are times in it, not pandas' nanoseconds.

    Raises:
      ValueError: as `of_frame`.
    """
    columns = {}
    for place, column in enumerate(of_frame(frame)):
        own = frame.iloc[:, place]
        if types.is_categorical_dtype(own) and own.cat.categories.dtype.kind in "mM":
            own = own.astype(own.cat.categories.dtype)
        columns[column.name] = frame_texts.quoted(own) if column.is_quoted else own
    return str(pandas.DataFrame(columns, index=frame.index).to_csv(index=False))


def keep(columns: Sequence[Column], workdir: str) -> None:
    """Writes them into the directory of a run."""
    described = [_described(column) for column in columns]
    durable.write_atomically(os.path.join(workdir, FRAME), json.dumps(described, indent=1) + "\n")


def kept(workdir: str) -> List[Column]:
    """Those of a run; none where it was fitted to no frame.

    Raises:
      ValueError: names the file, if it does not hold such columns.
    """
    path = os.path.join(workdir, FRAME)
    if not os.path.isfile(path):
        return []
    try:
        return [
            Column(**{**each, "kind": _kind(each["kind"])})
            for each in json.loads(durable.read_text(path))
        ]
    except (OSError, ValueError, LookupError, TypeError) as error:
        raise ValueError(
            f"{path}: is damaged: {error}; without this file samples have the types that pandas "
            f"reads in a table of text"
        ) from error


def read(path: str, columns: Sequence[Column]) -> pandas.DataFrame:
    """A table of samples with the columns and types of the frame that was fitted, if there was one.

    Args:
      path: of the table, with empty cells where something is missing.
      columns: of the frame; what is not in the table was left out of the run.
    """
    how: Dict[str, Any] = {"keep_default_na": False, "na_values": [""]}
    plain = pandas.read_csv(path, float_precision="round_trip", **how)
    if not columns:
        return plain
    texts = pandas.read_csv(path, dtype=str, **how)
    there = [column for column in columns if column.name in texts.columns]
    made = [_like(column, plain[column.name], texts[column.name]) for column in there]
    frame = pandas.concat(made, axis=1) if made else texts[[]]
    frame.columns = pandas.Index([column.label for column in there])
    return frame


def _like(column: Column, plain: pandas.Series, texts: pandas.Series) -> pandas.Series:
    """A column of a table in the type of the one that was fitted.

    Args:
      column: that one.
      plain: as pandas reads the table's.
      texts: its cells.
    """
    kind, is_category = column.kind, types.is_categorical_dtype(column.kind)
    if column.is_quoted:
        return frame_texts.unquoted(texts).astype(kind)
    has_texts = "" in kind.categories if is_category else types.is_string_dtype(kind)
    if has_texts and not column.has_gaps:  # a text of no letters
        plain, texts = plain.fillna(""), texts.fillna("")
    if column.is_text:
        return texts
    if is_category:
        return _as_categories(kind, plain, texts)
    if types.is_numeric_dtype(kind):
        return _as_type(kind, plain, texts)
    try:
        return _as_type(kind, plain, texts)
    except (ValueError, TypeError):  # a type that is not made of texts
        return texts


def _as_type(kind: Any, plain: pandas.Series, texts: pandas.Series) -> pandas.Series:
    """Arguments as in `_like`, but for the type."""
    is_numpys = isinstance(kind, np.dtype)
    if types.is_bool_dtype(kind):
        found = texts.map({"True": True, "False": False}).astype("boolean")
        return found.fillna(False).astype(bool) if is_numpys else found
    if types.is_integer_dtype(kind) and not _fits(kind, plain):
        return plain
    if types.is_datetime64tz_dtype(kind):  # clocks are changed: one offset does not do
        return pandas.to_datetime(texts, utc=True).dt.tz_convert(kind.tz)
    if types.is_timedelta64_dtype(kind):
        return pandas.to_timedelta(texts)
    return (plain if types.is_numeric_dtype(kind) or types.is_object_dtype(kind) else texts).astype(
        kind
    )


def _fits(kind: Any, plain: pandas.Series) -> bool:
    """Whether integers of a kind can be these numbers, with `--na_values` and `--extrapolate`."""
    if isinstance(kind, np.dtype) and plain.isna().any():
        return False
    limits = np.iinfo(kind.type)
    return bool(plain.dropna().between(limits.min, limits.max).all())


def _as_categories(kind: Any, plain: pandas.Series, texts: pandas.Series) -> pandas.Series:
    """Categories by their values, those of other objects by their texts; else as `_as_type`."""
    categories = kind.categories
    if categories.dtype != object and not types.is_interval_dtype(categories.dtype):
        return _as_type(categories.dtype, plain, texts).astype(kind)
    by_text: Dict[Any, Any] = {str(each).strip(): each for each in categories}
    by_number = {
        frame_texts.number(text): text for text in by_text if frame_texts.number(text) is not None
    }
    found = [by_text.get(t, by_text.get(by_number.get(frame_texts.number(t)))) for t in texts]
    return pandas.Series(pandas.Categorical(found, dtype=kind), index=texts.index)


def _described(column: Column) -> Dict[str, Any]:
    """A column in what JSON has."""
    kind, described = column.kind, column._asdict()
    described["label"] = _plain(column.label)
    described["kind"] = str(kind)
    if types.is_categorical_dtype(kind):
        values = [_plain(each) for each in kind.categories]
        described["kind"] = {
            "ordered": bool(kind.ordered),
            "of": str(kind.categories.dtype),
            "categories": values,
        }
    return described


def _plain(value: Any) -> Any:
    """A label or category in what JSON has: as itself, by its ends, or as its text."""
    value = value.item() if isinstance(value, np.generic) else value
    if isinstance(value, pandas.Interval):
        ends = [_plain(value.left), _plain(value.right)]
        return str(value) if isinstance(ends[0], str) else [*ends, value.closed]
    return value if value is None or isinstance(value, (str, int, float)) else str(value)


def _kind(described: Any) -> Any:
    """The dtype that `_described` told of."""
    if isinstance(described, str):
        return types.pandas_dtype(described)
    values = [pandas.Interval(*v) if isinstance(v, list) else v for v in described["categories"]]
    found = pandas.Series(values, dtype=object)
    if not described["of"].startswith(("object", "interval")):
        found = _as_type(types.pandas_dtype(described["of"]), found, found.astype(str))
    elif values and isinstance(values[0], pandas.Interval):
        found = pandas.Series(pandas.IntervalIndex(values))
    return pandas.CategoricalDtype(found, ordered=described["ordered"])
