"""A file's rows inside a model for inference: what `input_fn.columns` does, as operations.

Of D columns, G of which lack numbers, rows are [n, D] and nan where one is missing; whole rows are
[n, D + G], and what says where is a number. Within a model these go on, for nan spreads.
"""

from typing import Dict, List, NamedTuple, Tuple

import numpy as np
import tensorflow as tf


class RowForm(NamedTuple):
    """What rows look like; see `input_fn.columns.Columns`, whose fields these are."""

    shape: Tuple[int, ...]
    dtype: str
    low: np.ndarray
    high: np.ndarray
    step: np.ndarray
    values: Dict[int, np.ndarray]
    categories: Dict[int, Tuple[str, ...]]
    knots: Dict[int, np.ndarray]
    bounds: Dict[int, np.ndarray]
    bent: Dict[int, np.ndarray]
    source: np.ndarray
    shift: np.ndarray
    scale: np.ndarray
    extrapolates: bool
    channels_first: bool
    gaps: Tuple[int, ...]

    @property
    def kind(self) -> tf.DType:
        """Of the numbers that are computed with: single precision for images that have no finer."""
        own, is_table = np.dtype(self.dtype), len(self.shape) == 1
        fine = own.itemsize > (4 if own.kind == "f" else 2)
        return tf.float64 if is_table or fine else tf.float32

    @property
    def varying_categories(self) -> List[int]:
        """Columns of several texts."""
        return [column for column, texts in self.categories.items() if len(texts) > 1]

    def constant(self, values: np.ndarray) -> tf.Tensor:
        """Numbers of that type in the graph."""
        return tf.constant(values, self.kind)

    def coordinates(self, column: int) -> np.ndarray:
        """Numbers of the coordinates that a column becomes."""
        return np.flatnonzero(self.source == column)


def decode(form: RowForm, flat: tf.Tensor) -> tf.Tensor:
    """Whole rows [n, D + G] of flat points [n, d]; a category is the number of its text."""
    if form.channels_first:
        height, width = form.shape[1:]
        images = tf.reshape(flat, [-1, height, width, form.shape[0]])
        flat = tf.reshape(tf.transpose(images, [0, 3, 1, 2]), [-1, len(form.source)])
    low, high = form.constant(form.low), form.constant(form.high)
    values = tf.cast(flat, form.kind) * form.constant(form.scale) + form.constant(form.shift)
    rows = _by_column(form, values)
    bent = {c: _bend(form, rows[:, c : c + 1], made[1], made[0]) for c, made in form.knots.items()}
    rows = _with_columns(rows, bent)
    if (form.step > 0).any():
        steps = form.constant(np.where(form.step > 0, form.step, 1.0))
        on_grid = form.constant((form.step > 0).astype(float))
        snapped = low + steps * tf.round((rows - low) / steps)
        rows = on_grid * snapped + (1 - on_grid) * rows
    if not form.extrapolates:
        rows = tf.minimum(tf.maximum(rows, low), high)
    rows = _with_columns(rows, _listed(form, rows, values))
    kind = np.dtype(form.dtype)
    if kind.kind in "iu":
        rows = tf.round(rows)
    return tf.cast(rows, tf.as_dtype(kind))


def merged(form: RowForm, rows: tf.Tensor) -> tf.Tensor:
    """Rows [n, D] of whole rows."""
    if not form.gaps:
        return rows
    width = len(form.low) - len(form.gaps)
    lacking = rows[:, width:] > 0.5
    missing = tf.fill(tf.shape(rows[:, :1]), tf.constant(np.nan, rows.dtype))
    own = {
        column: tf.where(lacking[:, place : place + 1], missing, rows[:, column : column + 1])
        for place, column in enumerate(form.gaps)
    }
    return _with_columns(rows[:, :width], own)


def whole(form: RowForm, rows: tf.Tensor) -> tf.Tensor:
    """Whole rows of rows [n, D]; what stands for a missing number is any."""
    if not form.gaps:
        return rows
    lacking = tf.is_nan(rows)
    says = tf.gather(tf.cast(lacking, rows.dtype), form.gaps, axis=1)
    return tf.concat([tf.where(lacking, tf.zeros_like(rows), rows), says], axis=1)


def encode(form: RowForm, rows: tf.Tensor) -> tf.Tensor:
    """Flat points [n, d] float32 of whole rows [n, D + G]."""
    if form.channels_first:
        images = tf.reshape(rows, [-1, *form.shape])
        rows = tf.reshape(tf.transpose(images, [0, 2, 3, 1]), [-1, len(form.source)])
        return tf.cast(rows, tf.float32)
    chosen = tf.gather(tf.cast(rows, form.kind), form.source, axis=1)
    if form.categories:
        numbers, is_category = np.zeros(len(form.source)), np.zeros(len(form.source))
        for column in form.varying_categories:
            own = form.coordinates(column)
            numbers[own], is_category[own] = np.arange(len(own)), 1.0
        same = tf.cast(tf.abs(chosen - form.constant(numbers)) < 0.5, form.kind)
        share = form.constant(is_category)
        chosen = share * same + (1 - share) * chosen
    bent = {
        int(form.coordinates(c)[0]): _bend(form, tf.cast(rows[:, c : c + 1], form.kind), *made)
        for c, made in form.bent.items()
    }
    chosen = _with_columns(chosen, bent)
    points = (chosen - form.constant(form.shift)) / form.constant(form.scale)
    return tf.cast(_with_columns(points, _without_missing(form, rows, points)), tf.float32)


def _by_column(form: RowForm, values: tf.Tensor) -> tf.Tensor:
    """[n, D]: each column's first coordinate, and what is constant."""
    if len(form.source) == len(form.low) and (form.source == np.arange(len(form.low))).all():
        return values
    first = np.searchsorted(form.source, np.arange(len(form.low)))
    has = np.isin(np.arange(len(form.low)), form.source)
    rows = tf.gather(values, np.where(has, first, 0), axis=1)
    there = form.constant(has.astype(float))
    return there * rows + (1 - there) * form.constant(form.low)


def _listed(form: RowForm, rows: tf.Tensor, values: tf.Tensor) -> Dict[int, tf.Tensor]:
    """[n, 1] of each column that holds one of few values, or a category."""
    found = {
        column: _stepped(
            form, rows[:, column : column + 1], (own_values[1:] + own_values[:-1]) / 2, own_values
        )
        for column, own_values in form.values.items()
        if column not in form.bounds
    }
    for column, bounds in form.bounds.items():
        own = tf.gather(values, form.coordinates(column), axis=1)
        found[column] = _stepped(form, own, bounds, form.values[column])
    for column in form.varying_categories:
        own = tf.gather(tf.cast(values, tf.float32), form.coordinates(column), axis=1)
        found[column] = tf.cast(tf.expand_dims(tf.argmax(own, axis=1), 1), form.kind)
    return found


def _without_missing(form: RowForm, rows: tf.Tensor, points: tf.Tensor) -> Dict[int, tf.Tensor]:
    """[n, 1] of each coordinate that may lack its number, 0 where it does."""
    found = {}
    for place, column in enumerate(form.gaps, len(form.low) - len(form.gaps)):
        for own in form.coordinates(column):
            there = 1 - tf.cast(rows[:, place : place + 1], form.kind)
            found[int(own)] = there * points[:, own : own + 1]
    return found


def _with_columns(rows: tf.Tensor, columns: Dict[int, tf.Tensor]) -> tf.Tensor:
    """Rows with some columns in the place of theirs."""
    parts, end = [], 0
    for column in sorted(columns):
        parts += [rows[:, end:column], columns[column]]
        end = column + 1
    parts.append(rows[:, end:])
    return tf.concat([part for part in parts if part.shape[1] != 0], axis=1)


def _bend(form: RowForm, column: tf.Tensor, xs: np.ndarray, ys: np.ndarray) -> tf.Tensor:
    """[n, 1] by straight lines between knots: the sum of what each line adds, as `np.interp`."""
    starts, lengths = form.constant(xs[:-1]), form.constant(np.diff(xs))
    along = tf.minimum(tf.maximum((column - starts) / lengths, 0.0), 1.0)
    rise = tf.reduce_sum(along * form.constant(np.diff(ys)), axis=1, keepdims=True)
    return rise + form.constant(ys[0])


def _stepped(form: RowForm, column: tf.Tensor, between: np.ndarray, own: np.ndarray) -> tf.Tensor:
    """[n, 1] of some values the one whose interval holds it: the sum of the steps below it."""
    taken = tf.cast(column > form.constant(between), form.kind)
    jumps = tf.reduce_sum(taken * form.constant(np.diff(own)), axis=1, keepdims=True)
    return jumps + form.constant(own[0])
