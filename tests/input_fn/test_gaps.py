"""Missing numbers as columns of their own, against NumPy's own ways with nan."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from input_fn import gaps
from input_fn.gaps import Gap, Gaps

ROWS = arrays.arrays(
    float,
    st.tuples(st.integers(2, 30), st.integers(1, 4)),
    elements=st.one_of(st.just(np.nan), st.floats(-1e6, 1e6)),
)


def found_in(*blocks):
    seen = Gaps()
    for rows in blocks:
        seen.see(np.array(rows, float))
    return seen.found()


@given(ROWS)
def test_rows_come_back_from_whole_ones(rows):
    found = found_in(rows)
    made = gaps.stood_in(rows, found)
    assert np.isfinite(made).all()
    assert made.shape[1] == rows.shape[1] + len(found)
    np.testing.assert_array_equal(gaps.merged(made, list(found)), rows)
    np.testing.assert_array_equal(gaps.merged(gaps.whole(rows, list(found)), list(found)), rows)


@given(ROWS, st.integers(1, 30))
def test_gaps_are_found_however_the_rows_come(rows, size):
    found = found_in(*(rows[start : start + size] for start in range(0, len(rows), size)))
    lacking = np.isnan(rows)
    assert list(found) == list(np.flatnonzero(lacking.any(axis=0)))
    for column, gap in found.items():
        assert gap.rows == lacking[:, column].sum()
        assert gap.stand_in in rows[:, column] or (lacking[:, column].all() and not gap.stand_in)


def test_the_stand_in_is_a_number_in_the_middle_of_the_first():
    nan = np.nan
    assert found_in([[nan], [nan]], [[9], [nan], [1], [2]], [[50], [60]]) == {0: Gap(3, 2.0)}
    assert found_in([[1, 5], [2, 5]], [[nan, 5]]) == {0: Gap(1, 1.0)}


def test_rows_that_lack_different_numbers_are_not_the_same():
    nan = np.nan
    seen = Gaps().see(np.array([[0.0, 1], [nan, 1], [nan, 1]]))
    assert (seen[0] != seen[1]).any()
    np.testing.assert_array_equal(seen[1], seen[2])


@given(ROWS)
def test_moments_are_those_of_the_numbers_that_are_there(rows):
    found = found_in(rows)
    made = gaps.stood_in(rows, found)
    mean, deviation = gaps.of_present(made.mean(axis=0), made.std(axis=0), found)
    some = ~np.isnan(rows).all(axis=0)
    size = max(1e-6, np.abs(np.nan_to_num(rows)).max())
    width = rows.shape[1]
    np.testing.assert_allclose(
        mean[:width][some], np.nanmean(rows[:, some], axis=0), atol=1e-9 * size
    )
    np.testing.assert_allclose(
        deviation[:width][some], np.nanstd(rows[:, some], axis=0), atol=1e-6 * size
    )
    assert np.isfinite(deviation).all()


@given(ROWS)
def test_spread_rows_have_each_number_as_often(rows):
    found = found_in(rows)
    made = gaps.spread(gaps.stood_in(rows, found), found)
    for column in range(rows.shape[1]):
        there = rows[~np.isnan(rows[:, column]), column]
        if len(there):
            counts = [np.sum(made[:, column] == value) / np.sum(there == value) for value in there]
            assert max(counts) - min(counts) <= 1
            assert set(made[:, column]) == set(there)
