"""What of a data frame a table of text would not give back, for callers from Python.

A table's cells have no spaces around them and hold no line breaks; an empty one is missing, and
one that reads as a number is that number. Texts that would suffer are put in quotes there.
"""

import json
import re
from typing import Any

import pandas
from pandas.api import types

EXACT = 2**53
"""Up to here float64 has all integers."""
_ZEROS = re.compile(r"[+-]?0\d")


def check_numbers(name: str, column: pandas.Series) -> None:
    """Checks that a column's numbers are real and fit float64.

    Raises:
      ValueError: names the column and a number.
    """
    kind = types.infer_dtype(column, skipna=True)
    if kind == "complex":
        raise ValueError(f"column {name!r}: holds complex numbers; needs real ones")
    if kind == "integer":
        present = column.dropna()
        for end in (present.min(), present.max()) if len(present) else ():
            if abs(int(end)) > EXACT:
                raise ValueError(
                    f"column {name!r}: holds the integer {end}, beyond 2**53, where float64 "
                    "does not tell integers apart; leave it out, or give its differences"
                )


def must_be_quoted(column: pandas.Series, has_gaps: bool) -> bool:
    """Whether a column is of texts that a table of text would not give back."""
    values = column.cat.categories if types.is_categorical_dtype(column) else column.dropna()
    if types.infer_dtype(values, skipna=True) != "string":
        return False
    texts = set(values)
    numbers = {text: number(text) for text in texts if number(text) is not None}
    return (
        any(text != text.strip() or any(letter < " " for letter in text) for text in texts)
        or ("" in texts and has_gaps)
        or any(_ZEROS.match(text) for text in numbers)
        or len(set(numbers.values())) < len(numbers)
    )


def quoted(column: pandas.Series) -> pandas.Series:
    """Its texts as JSON has them; what is missing stays so."""
    return column.astype(object).map(_in_quotes, na_action="ignore")


def unquoted(texts: pandas.Series) -> pandas.Series:
    """The texts again."""
    return texts.map(json.loads, na_action="ignore")


def number(text: str) -> Any:
    """What a text stands for in a table, which has no zeros before numbers; None: no number."""
    try:
        return float(text)
    except ValueError:
        return None


def _in_quotes(text: Any) -> str:
    return json.dumps(text, ensure_ascii=False)
