"""Rows in a graph equal rows on the host."""

import numpy as np
import pytest
import tensorflow as tf

from model_fn import rows as operations
from model_fn.rows import RowForm
from tests.input_fn.made_columns import KINDS, NAMES, long_tails, mixed, of, with_gaps


def form_of(columns):
    return RowForm(**{name: getattr(columns, name) for name in RowForm._fields})


CASES = {
    "table": lambda: of(mixed(), NAMES, KINDS),
    "single precision": lambda: of(np.random.RandomState(0).randn(99, 3).astype(np.float32)),
    "constants only beside one": lambda: of(np.eye(40, 4)[:, [3, 0]] * [0.0, 2.0]),
    "extrapolating": lambda: of(mixed(), NAMES, KINDS, extrapolate=True),
    "long tails": lambda: of(long_tails()),
    "quantiles of all kinds": lambda: of(mixed(), NAMES, KINDS, column_transform="quantile"),
    "a text of all rows": lambda: of(mixed() * [1, 1, 1, 1, 1, 1, 0], NAMES, {6: ("usd",)}),
    "integers of four bytes": lambda: of(
        (1600000000 + np.random.RandomState(0).randint(0, 10**6, (99, 2))).astype(np.int32)
    ),
    "gaps": lambda: of(with_gaps(), (*NAMES, "never"), KINDS),
    "gaps of the standard kind": lambda: of(
        with_gaps(), (*NAMES, "never"), KINDS, column_transform="standard"
    ),
    "gaps in single precision": lambda: of(with_gaps()[:, [0, 4]].astype(np.float32)),
    "gaps alone": lambda: of(with_gaps()[:, [2, 2]]),
    "bytes": lambda: of(np.random.RandomState(0).randint(0, 255, (40, 4, 6)).astype(np.uint8)),
    "channels first": lambda: of(np.random.RandomState(0).rand(20, 3, 8, 6)),
}


@pytest.mark.parametrize("case", CASES)
def test_operations_do_what_the_columns_do(case):
    columns = CASES[case]().columns
    points = 2 * np.random.RandomState(1).randn(500, *columns.point_shape).astype(np.float32)
    with tf.Graph().as_default(), tf.Session() as session:
        flat = tf.constant(points.reshape(500, -1))
        form = form_of(columns)
        whole = operations.decode(form, flat)
        made = operations.merged(form, whole)
        ways = [whole, operations.whole(form, made)]
        rows, finished, as_finished = session.run(
            [made, *(operations.encode(form, way) for way in ways)]
        )
    np.testing.assert_array_equal(finished, as_finished)
    expected = columns.decode(points)
    assert rows.dtype == expected.dtype
    np.testing.assert_allclose(rows, expected.reshape(500, -1), rtol=1e-5, atol=1e-5)
    expected = columns.finish(points).reshape(500, -1)
    np.testing.assert_allclose(finished, expected, rtol=1e-4, atol=1e-4)
