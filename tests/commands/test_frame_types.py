"""Kinds of columns, through a table of text and through the work directory."""

import numpy as np
import pandas
import pytest
from pandas.testing import assert_frame_equal

from commands import frame_types

NUMBER = 60
DATES = pandas.to_datetime(["2020-01-31", "2021-07-04 12:30"])
KINDS = {
    3: lambda rng: rng.randn(NUMBER),
    "int16": lambda rng: rng.poisson(3, NUMBER).astype(np.int16),
    "float32": lambda rng: rng.randn(NUMBER).astype(np.float32),
    "Int64": lambda rng: pandas.array(rng.poisson(3, NUMBER), dtype="Int64"),
    "bool": lambda rng: rng.rand(NUMBER) < 0.5,
    "boolean": lambda rng: pandas.array(rng.rand(NUMBER) < 0.5, dtype="boolean"),
    "text": lambda rng: rng.choice(["Ulm", ""], NUMBER),
    "string": lambda rng: pandas.array(rng.choice(["Ulm", ""], NUMBER), dtype="string"),
    "texts of digits": lambda rng: rng.choice(["1", "2"], NUMBER),
    "ordered": lambda rng: categories(rng, ["S", "M", ""], ordered=True),
    "numbers": lambda rng: categories(rng, [1, 5]),
    "fractions": lambda rng: categories(rng, [0.1, 1 / 3]),
    "digits": lambda rng: categories(rng, ["10", "9"]),
    "truths": lambda rng: categories(rng, [True, False]),
    "intervals": lambda rng: pandas.cut(rng.rand(NUMBER), 3),
    "whole intervals": lambda rng: pandas.cut(rng.randint(1, 21, NUMBER), [0, 10, 20]),
    "dates": lambda rng: categories(rng, DATES),
    "datetime": lambda rng: DATES[rng.choice(2, NUMBER)],
    "zone": lambda rng: DATES.tz_localize("Europe/Berlin")[rng.choice(2, NUMBER)],
    "timedelta": lambda rng: pandas.to_timedelta(rng.choice(3, NUMBER), unit="h"),
    "period": lambda rng: pandas.period_range("2020-01", periods=3, freq="M")[
        rng.choice(3, NUMBER)
    ],
}
KINDS.update(
    {
        "spaces": lambda rng: rng.choice([" x", "x", "x ", "NA"], NUMBER),
        "zeros": lambda rng: rng.choice(["01", "1", "002", "1.0"], NUMBER),
        "lines": lambda rng: categories(rng, ["a\nb", 'say "a"', " p", "p"]),
        " padded ": lambda rng: rng.randn(NUMBER),
        "": lambda rng: rng.randn(NUMBER),
        None: lambda rng: rng.randn(NUMBER),
        "two\nlines": lambda rng: rng.randn(NUMBER),
    }
)
WITHOUT_GAPS = ("int16", "bool")
"""What NumPy cannot do without."""


def categories(rng, values, ordered=False):
    codes = rng.choice(len(values), NUMBER)
    dtype = pandas.CategoricalDtype(values, ordered=ordered)
    return pandas.Categorical.from_codes(codes, dtype=dtype)


def frame_of_all_kinds():
    rng = np.random.RandomState(0)
    return pandas.DataFrame({name: make(rng) for name, make in KINDS.items()})


def with_gaps():
    """Where empty texts are missing ones, because a table of text does not tell them apart."""
    frame = frame_of_all_kinds()
    for place, name in enumerate(frame):
        if name not in WITHOUT_GAPS:
            lacking = (frame[name].astype(str) == "") | (np.arange(NUMBER) % 7 == place % 7)
            frame[name] = frame[name].mask(lacking)
    return frame


def written(frame, path):
    path.write_text(frame_types.to_csv(frame), "utf-8")
    return str(path)


@pytest.mark.parametrize("make", [frame_of_all_kinds, with_gaps])
def test_a_frame_comes_back_from_a_table_of_text_as_it_was(make, tmp_path):
    frame = make()
    table, columns = written(frame, tmp_path / "x.csv"), frame_types.of_frame(frame)
    assert_frame_equal(frame_types.read(table, columns), frame)
    frame_types.keep(columns, str(tmp_path))
    assert_frame_equal(frame_types.read(table, frame_types.kept(str(tmp_path))), frame)


def test_columns_of_one_name_in_the_table_are_refused():
    with pytest.raises(ValueError, match="^two columns are called 'a'"):
        frame_types.of_frame(pandas.DataFrame([[1, 2]], columns=["a", " a"]))


def test_columns_that_a_run_left_out_stay_out(tmp_path):
    frame = frame_of_all_kinds()
    few = frame[["ordered", "int16"]]
    table = written(few, tmp_path / "x.csv")
    there = frame_types.read(table, frame_types.of_frame(frame))
    assert_frame_equal(there, few[["int16", "ordered"]])


@pytest.mark.parametrize("kind", ["uint8", "UInt8"])
def test_integers_beyond_their_type_stay_what_they_are(tmp_path, kind):
    """As samples with --extrapolate may be."""
    columns = frame_types.of_frame(pandas.DataFrame({"n": pandas.array([0, 255], dtype=kind)}))
    table = written(pandas.DataFrame({"n": [-3, 260, 7]}), tmp_path / "x.csv")
    assert frame_types.read(table, columns)["n"].tolist() == [-3, 260, 7]
    few = written(pandas.DataFrame({"n": [0, 7]}), tmp_path / "y.csv")
    assert frame_types.read(few, columns)["n"].dtype == kind


def test_a_run_of_no_frame_has_the_types_that_pandas_reads(tmp_path):
    assert frame_types.kept(str(tmp_path)) == []
    table = written(frame_of_all_kinds()[["int16", "ordered"]], tmp_path / "x.csv")
    read = frame_types.read(table, [])
    assert [str(kind) for kind in read.dtypes] == ["int64", "object"]


@pytest.mark.parametrize("text", ["{", "[{}]", "3", '[{"type": "cat"}]'])
def test_a_damaged_file_is_named(tmp_path, text):
    (tmp_path / "frame.json").write_text(text)
    with pytest.raises(ValueError, match=r"frame\.json: is damaged: "):
        frame_types.kept(str(tmp_path))
