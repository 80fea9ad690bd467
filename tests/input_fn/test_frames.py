"""Rows as frames: the user's own columns."""

import numpy as np
import pandas
import pytest

from input_fn import frames
from tests.input_fn.made_columns import KINDS, NAMES, mixed, of, with_gaps


def test_a_table_has_its_names_order_and_types():
    made = of(mixed(), NAMES, KINDS)
    (frame,) = frames.of_rows(made.columns.decode(made.points), made.columns)
    assert tuple(frame.columns) == NAMES
    assert [frame[name].dtype.kind for name in NAMES] == list("fififfO")
    assert list(frame["kind"]) == [KINDS[6][int(number)] for number in mixed()[:, 6]]
    np.testing.assert_array_equal(frame["visits"], mixed()[:, 1])


@pytest.mark.parametrize("shape", [(3,), (2, 2)])
def test_other_points_are_flat_with_numbers_for_names(shape):
    points = np.random.RandomState(0).rand(7, *shape)
    (frame,) = frames.of_rows(points, None)
    assert list(frame.columns) == [f"x{i}" for i in range(int(np.prod(shape)))]
    np.testing.assert_array_equal(frame.to_numpy(), points.reshape(7, -1))


def test_many_rows_come_in_pieces(monkeypatch):
    monkeypatch.setattr(frames, "ROWS_AT_A_TIME", 3)
    points = np.arange(16.0).reshape(8, 2)
    pieces = list(frames.of_rows(points, None))
    assert [len(piece) for piece in pieces] == [3, 3, 2]
    np.testing.assert_array_equal(pandas.concat(pieces).to_numpy(), points)


def test_what_is_missing_is_missing_and_integers_stay_integers():
    rows = with_gaps()
    made = of(rows, (*NAMES, "never"), KINDS)
    (frame,) = frames.of_rows(made.columns.decode(made.points), made.columns)
    np.testing.assert_array_equal(frame.isna(), np.isnan(rows))
    text = frame["visits"].to_csv(index=False)
    assert set(text.split()) == {"visits", '""', *"0123456"}
    assert (frame["kind"] == np.array(KINDS[6])[rows[:, 6].astype(int)]).all()
