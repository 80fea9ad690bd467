"""The tables of benchmarks.own."""

import numpy as np
import pandas
import pytest

from benchmarks import own_tables


@pytest.mark.parametrize("name", sorted(own_tables.TABLES))
def test_a_seed_draws_or_orders_the_rows_and_leaves_the_truth(name):
    first, again, other = (own_tables.TABLES[name](np.random.RandomState(s)) for s in (1, 1, 2))
    np.testing.assert_array_equal(first.rows, again.rows)
    assert (first.rows != other.rows).any()
    np.testing.assert_allclose(first.rows.mean(axis=0), other.rows.mean(axis=0), atol=0.5)
    assert first.clusters is None or len(first.clusters) == len(first.rows)


def test_columns_of_one_number_or_with_gaps_are_left_out(tmp_path):
    path = str(tmp_path / "a.csv")
    columns = {"a": [1, 2, 3], "one": 5, "text": "x", "gap": [1, None, 2], "b": [0.5, 1, 2]}
    pandas.DataFrame(columns).to_csv(path, index=False)
    rows = own_tables.of_file(path, np.random.RandomState(0)).rows
    assert sorted(rows.tolist()) == [[1, 0.5], [2, 1], [3, 2]]
