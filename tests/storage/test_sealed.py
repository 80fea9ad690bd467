"""Sealed texts: what is read is what was written, or it is refused."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from storage import sealed
from storage.sealed import OtherFormat

NAMES = st.text(max_size=5).filter(lambda name: name not in ("format", "sha256"))
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=3),
    max_leaves=8,
)
BODIES = st.dictionaries(NAMES, VALUES, max_size=4)


@settings(max_examples=40)
@given(BODIES)
def test_any_body_of_json_comes_back(body):
    assert sealed.unseal(4, sealed.seal(4, body)) == body


@settings(max_examples=40)
@given(BODIES, st.data())
def test_no_letter_can_be_changed_unnoticed(body, data):
    text = sealed.seal(4, body)
    place = data.draw(st.integers(0, len(text) - 1))
    letter = data.draw(st.characters(min_codepoint=32, max_codepoint=126))
    try:
        found = sealed.unseal(4, text[:place] + letter + text[place + 1 :])
    except (ValueError, OtherFormat):
        return
    assert found == body  # white space, or a letter for itself


def test_what_is_sealed_is_readable_and_says_its_format():
    read = json.loads(sealed.seal(7, {"a": [1, 2]}))
    assert set(read) == {"format", "sha256", "a"}
    assert (read["format"], read["a"]) == (7, [1, 2])


def test_another_format_is_not_called_damaged():
    text = sealed.seal(3, {"a": 1})
    with pytest.raises(OtherFormat, match="is of format 3, this version of the program reads 4"):
        sealed.unseal(4, text)


@pytest.mark.parametrize(
    "text", ["", "null", "[]", "{}", '{"format": 4}', '{"format": "4", "sha256": ""}', "[" * 10**5]
)
def test_other_texts_are_damaged(text):
    with pytest.raises(ValueError, match="."):
        sealed.unseal(4, text)
