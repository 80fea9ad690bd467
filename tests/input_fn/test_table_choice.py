import pytest

from input_fn import table_choice

NAMES = ("speed_kmh", "mass, kg", "größe")


def test_columns_are_called_by_header_or_place():
    assert table_choice.names(["a", "", "b"]) == ("a", "x1", "b")
    assert table_choice.names([""] * 3) == ("x0", "x1", "x2")
    for twice in (["a", "b", "a"], ["x1", ""]):
        with pytest.raises(ValueError, match=f"two columns are called '{twice[0]}'"):
            table_choice.names(twice)
    with pytest.raises(ValueError, match="'0'"):
        table_choice.names([str(i) for i in range(100000)] + ["0"])


def test_columns_are_chosen_in_the_order_asked_for():
    assert table_choice.choose(NAMES, (), ()) == [0, 1, 2]
    assert table_choice.choose(NAMES, ("größe", "speed_kmh"), ()) == [2, 0]
    assert table_choice.choose(NAMES, (), ("mass, kg",)) == [0, 2]
    assert table_choice.choose(NAMES, ("größe", "speed_kmh"), ("größe",)) == [0]


@pytest.mark.parametrize(
    ("columns", "drop", "message"),
    [
        (("speed",), (), "--columns: no column is called 'speed'; did you mean 'speed_kmh'"),
        ((), ("zzz",), "--drop: no column is called 'zzz'; there are 'speed_kmh', 'mass, kg', 'gr"),
        (("größe", "größe"), (), "--columns: has 'größe' twice"),
        (("größe",), ("größe",), "leaves no column"),
        ((), NAMES, "leaves no column"),
    ],
)
def test_what_cannot_be_chosen_is_told(columns, drop, message):
    with pytest.raises(ValueError, match=message):
        table_choice.choose(NAMES, columns, drop)


def test_many_names_are_not_all_listed():
    with pytest.raises(ValueError, match=r"'1', .*, \.\.\. \(2000 in all\)$"):
        table_choice.choose([str(i) for i in range(2000)], ("weight",), ())


def test_names_are_shown_as_a_shell_takes_them():
    assert table_choice.as_flag("drop", "a") == "--drop=a"
    assert table_choice.as_flag("drop", "a b") == "--drop='a b'"
    assert table_choice.as_flag("drop", "mass, kg") == """--drop='"mass, kg"'"""
    assert table_choice.as_flag("drop", "a\x07").isprintable()
    assert table_choice.shown("x" * 100) == repr("x" * 40)


def test_which_headers_may_begin_with_an_index():
    assert table_choice.may_be_index(["", "a"])
    assert table_choice.may_be_index(["Unnamed: 0", "a"])
    assert not table_choice.may_be_index(["id", "a"])
    assert not table_choice.may_be_index([""])
