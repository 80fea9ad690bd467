"""Tables of one's own as main.py reads them: what is learned, and what is said."""

import numpy as np
import pandas
import pytest

from base.errors import UsageError
from input_fn import files, own_data
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


def lacking(frame, seed=1):
    """The same with gaps in two columns, and a column of which nothing is there."""
    rng = np.random.RandomState(seed)
    gaps = {name: frame[name].where(rng.rand(len(frame)) < 0.7) for name in ("score", "visits")}
    return frame.assign(**gaps, never=np.nan)


def test_rows_that_lack_numbers_may_be_kept(tmp_path):
    frame = lacking(people())
    data = load(tmp_path, frame, keep_missing=True)
    assert data.number + len(data.held_out) == len(frame)
    assert np.isfinite(data.points).all()
    assert data.columns.coordinate_names[-2:] == ("score=missing", "visits=missing")
    constant, never, missing = data.remarks
    assert constant.endswith("put into samples: 'country'")
    assert never.startswith("missing in all rows, left out of networks and scores")
    assert never.endswith(": 'never'")
    assert "never" not in missing
    counts = frame.isna().sum()
    told = [f"column '{name}' in {counts[name]} of 200 rows" for name in ("score", "visits")]
    assert ", ".join(told) in missing
    back = data.columns.decode(data.points)
    np.testing.assert_array_equal(np.isnan(back)[:, 1:3], frame[["score", "visits"]].isna())
    there = frame["score"].notna().to_numpy()
    np.testing.assert_allclose(back[there, 1], frame["score"][there], rtol=1e-5)


def test_a_column_of_one_value_and_gaps_is_not_called_constant(tmp_path):
    frame = people()[["income", "score"]]
    data = load(tmp_path, frame.assign(score=lacking(people())["score"] * 0 + 5), keep_missing=True)
    assert data.columns.coordinate_names == ("income", "score=missing")
    one_value, _ = data.remarks
    assert one_value.startswith("one value or missing, of which networks and scores see where")
    assert one_value.endswith(": 'score'")


def test_an_infinite_number_is_not_said_to_be_missing_where_that_is_allowed(tmp_path):
    frame = lacking(people())
    frame.loc[7, "income"] = np.inf
    with pytest.raises(UsageError, match=r"row 8 .* a number that is infinite: column 'income' is"):
        load(tmp_path, frame, keep_missing=True)


def test_whatever_is_named_as_missing_is_kept_as_missing(tmp_path):
    frame = lacking(people())[["income", "score", "visits"]]
    one = load(tmp_path, frame, keep_missing=True)
    other = load(tmp_path, frame.fillna(-999), keep_missing=True, na_values="-999")
    np.testing.assert_array_equal(one.points, other.points)
    assert one.fingerprint() == other.fingerprint()


@pytest.mark.parametrize("ending", [".npy", ".npz", ".parquet"])
def test_arrays_and_parquet_files_may_lack_numbers_too(tmp_path, monkeypatch, ending):
    frame = lacking(people())[["income", "score", "visits"]].astype({"visits": "Int64"})
    path = str(tmp_path / f"x{ending}")
    rows = frame.astype(float).to_numpy()
    if ending == ".parquet":  # pyarrow is not among what the project needs
        monkeypatch.setattr(pandas, "read_parquet", lambda _: frame.copy())
        open(path, "w").close()
    else:
        (np.save if ending == ".npy" else np.savez)(path, rows)
    settings = DataSettings(dataset="file", data_file=path, keep_missing=True)
    data, expected = own_data.load(settings, 40), load(tmp_path, frame, keep_missing=True)
    every = slice(None)
    np.testing.assert_array_equal(data.train_points(every), expected.train_points(every))
    np.testing.assert_array_equal(data.held_out, expected.held_out)


def test_parts_of_a_file_give_the_same_units_and_kinds(tmp_path, monkeypatch):
    """Gaps lie together: in some parts all numbers are there, in others none."""
    rows = np.random.RandomState(0).randn(3000, 2) * 5 + 40
    rows[:, 1] = np.round(rows[:, 1])
    rows[1000:2500] = np.nan
    path = str(tmp_path / "x.npy")
    np.save(path, rows)
    settings = DataSettings(dataset="file", data_file=path, keep_missing=True)
    whole = own_data.load(settings, 600)
    monkeypatch.setattr(files, "ROWS_AT_A_TIME", 100)
    parts = own_data.load(settings, 600)
    for data in (whole, parts):
        there = rows[data.train_rows][~np.isnan(rows[data.train_rows, 0])]
        np.testing.assert_allclose(data.columns.shift[0], there[:, 0].mean())
        np.testing.assert_allclose(data.columns.scale[0], there[:, 0].std())
        np.testing.assert_array_equal(data.columns.low[:2], np.nanmin(rows, axis=0))
        assert data.columns.step[1] == 1
    np.testing.assert_allclose(whole.held_out, parts.held_out, atol=1e-6)


def test_a_lone_column_with_gaps_is_kept(tmp_path):
    frame = lacking(people())[["visits"]]
    data = load(tmp_path, frame, keep_missing=True)
    assert data.number + len(data.held_out) == len(frame)
    assert data.shape == (2,)


def test_an_outlier_is_told_by_its_row_beside_gaps(tmp_path):
    frame = lacking(people())
    frame.loc[0, "visits"] = -999999
    remarks = load(tmp_path, frame, keep_missing=True).remarks
    (told,) = (remark for remark in remarks if "lies" in remark)
    assert told.startswith("row 1, column 'visits': -999999 lies")
    assert "rows do" not in told


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        (np.full((50, 2), np.nan), "all 50 points are the same"),
        (np.where(np.arange(100).reshape(50, 2) == 7, np.inf, np.nan), "row 4 .* infinite: coord"),
        (np.zeros((50, 4, 4)), r"--keep_missing: only of a table or an array \[N, d\]; .*\[4, 4\]"),
    ],
)
def test_what_keeping_does_not_help_is_refused(tmp_path, rows, message):
    path = str(tmp_path / "x.npy")
    np.save(path, rows)
    settings = DataSettings(dataset="file", data_file=path, keep_missing=True)
    with pytest.raises(UsageError, match=message):
        own_data.load(settings, 10)


def test_gaps_alone_may_be_learned(tmp_path):
    """Zeros where there are numbers: only where they are tells rows apart."""
    rows = np.where(np.random.RandomState(0).rand(60, 2) < 0.5, np.nan, 0.0)
    path = str(tmp_path / "x.npy")
    np.save(path, rows)
    data = own_data.load(DataSettings(dataset="file", data_file=path, keep_missing=True), 10)
    assert data.columns.coordinate_names == ("x0=missing", "x1=missing")
    np.testing.assert_array_equal(
        data.columns.decode(data.train_points(slice(None))), rows[data.train_rows]
    )


def test_missing_numbers_are_refused_with_both_ways_out(tmp_path):
    with pytest.raises(UsageError, match="--na_values=NA leaves .*, or --keep_missing keeps them"):
        load(tmp_path, lacking(people()))
    with pytest.raises(UsageError, match="--keep_missing=True: only read with --dataset=file"):
        DataSettings(keep_missing=True).check_combination()
