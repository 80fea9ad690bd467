"""Tables of one's own as main.py reads them: what is learned, and what is said."""

import numpy as np
import pandas
import pytest

from base.errors import UsageError
from input_fn import own_data
from input_fn.settings import DataSettings


def load(path, frame, text=None, **settings):
    path = path / "x.csv"
    if text is None:
        frame.to_csv(str(path), index=False)
    else:
        path.write_text(text)
    return own_data.load(DataSettings(dataset="file", data_file=str(path), **settings), 40)


def people(number=200):
    rng = np.random.RandomState(0)
    return pandas.DataFrame(
        {
            "income": rng.normal(4e4, 1e4, number),
            "score": rng.rand(number),
            "visits": rng.poisson(3, number),
            "town": rng.choice(["Ulm", "Bonn"], number),
            "country": "D",
        }
    )


def test_a_table_is_learned_in_columns_of_one_size(tmp_path):
    data = load(tmp_path, people())
    assert data.columns.coordinate_names == ("income", "score", "visits", "town=Bonn", "town=Ulm")
    assert (data.number, len(data.held_out)) == (160, 40)
    together = np.concatenate([data.train_points(slice(None)), data.held_out])
    assert (np.abs(together.mean(axis=0)) < 0.2).all()
    (remark,) = data.remarks
    assert remark.endswith("'country'")


def test_columns_may_be_chosen(tmp_path):
    for chosen in ({"columns": "visits, income"}, {"drop": "score,town,country"}):
        data = load(tmp_path, people(), **chosen)
        assert set(data.columns.names) == {"visits", "income"}
        assert data.remarks == ()


def test_a_number_that_stands_for_none_is_remarked_and_may_be_named(tmp_path):
    frame = people()
    frame.loc[7, "visits"] = -999999
    data = load(tmp_path, frame)
    assert any("row 8, column 'visits': -999999 lies" in remark for remark in data.remarks)
    cleaned = load(tmp_path, frame, na_values="-999999")
    assert cleaned.number + len(cleaned.held_out) == 199
    assert cleaned.columns.low[2] == 0


def test_a_missing_value_is_refused_by_row_and_column(tmp_path):
    frame = people()
    frame.loc[4, "score"] = np.nan
    with pytest.raises(UsageError, match="x.csv: .*row 5.*score.*--na_values"):
        load(tmp_path, frame)


def test_another_row_order_or_unit_is_the_same_to_the_networks(tmp_path):
    frame = people()[["income", "score"]]
    one = load(tmp_path, frame)
    other = load(tmp_path, frame * [1e-6, 1e6] + [5, -3e5])
    np.testing.assert_allclose(one.train_points(slice(9)), other.train_points(slice(9)), atol=1e-3)


@pytest.mark.parametrize("flag", [{"drop": "x0"}, {"header": "yes"}, {"na_values": "-1"}])
def test_flags_of_tables_are_refused_with_arrays(tmp_path, flag):
    np.save(str(tmp_path / "x.npy"), np.random.RandomState(0).randn(50, 2))
    settings = DataSettings(dataset="file", data_file=str(tmp_path / "x.npy"), **flag)
    with pytest.raises(UsageError, match=f"--{next(iter(flag))}=.*only of a table"):
        own_data.load(settings, 10)


def test_channels_that_come_first_are_seen_and_said(tmp_path):
    np.save(str(tmp_path / "x.npy"), np.random.RandomState(0).rand(50, 4, 8, 8))
    settings = DataSettings(dataset="file", data_file=str(tmp_path / "x.npy"))
    data = own_data.load(settings, 10)
    assert data.shape == (8, 8, 4)
    assert any("4 channels first; --channels=last" in remark for remark in data.remarks)
