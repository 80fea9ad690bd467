"""What stands between a table's cells and before their decimals, and which cells are numbers.

Imports no TensorFlow.
"""

import re
from typing import Dict, List, NamedTuple, Optional, Sequence, Tuple

from input_fn import table_lines
from input_fn.table_lines import Line

DELIMITERS = {"comma": ",", "semicolon": ";", "tab": "\t", "pipe": "|", "space": " "}
DECIMALS = {"point": ".", "comma": ","}
LIKELY = ("\t", ",", ";", "|", " ")
"""Delimiters; of two that fit as well the first is taken, for texts hold spaces more than tabs."""
MISSING = frozenset(
    ("", "NA", "na", "N/A", "n/a", "#N/A", "NaN", "nan", "NAN", "Nan")
    + ("NULL", "null", "Null", "None", "none", "NONE", "?", "-")
)
"""Texts of cells that say that a number is missing."""
_NUMBERS = {
    "point": re.compile(r"[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?|[+-]?inf(inity)?", re.A | re.I),
    "comma": re.compile(r"[+-]?(\d+|\d*,\d+)(e[+-]?\d+)?|[+-]?inf(inity)?", re.A | re.I),
}
_CALLED = {",": "','", ";": "';'", "\t": "tabs", "|": "'|'", " ": "spaces"}


class Format(NamedTuple):
    """How a table is written."""

    delimiter: str  # one character; space: any number of them, or of tabs
    decimal: str  # point, comma

    def number(self, text: str) -> Optional[float]:
        """The number in a cell; None if there is none."""
        if not _NUMBERS[self.decimal].fullmatch(text):
            return None
        return float(text.replace(",", "."))

    def cells(self, line: Line) -> List[str]:
        """As `table_lines.cells`."""
        return table_lines.cells(line, self.delimiter)


class Guess(NamedTuple):
    """A format and how well it fits."""

    format: Format
    share: float  # of the cells that are numbers, of those that are not missing
    mixed: float  # of the cells that are none and hold what might be another delimiter


def guess(lines: Sequence[Line], delimiter: str, decimal: str) -> Tuple[Format, Tuple[str, ...]]:
    """How a table is written.

    Args:
      lines: its first ones, at least one.
      delimiter: a key of `DELIMITERS`, or auto.
      decimal: a key of `DECIMALS`, or auto.

    Returns:
      The format, and remarks where it was guessed and is none of ',' and points.
    """
    candidates = [DELIMITERS[delimiter]] if delimiter != "auto" else list(LIKELY)
    if delimiter == "auto" and decimal == "comma":
        candidates.remove(",")  # commas are spoken for
    rows = {candidate: _split(lines, candidate) for candidate in candidates}
    rows = {candidate: split for candidate, split in rows.items() if split}
    guesses = [_decimal(split, each, decimal) for each, split in rows.items()]
    fitting = [g for g in guesses if _fits(rows[g.format.delimiter], g)]
    # Where some rows have more cells than others, the error is to say so, not that they are texts.
    fitting = fitting or [g for g in guesses if _nearly_fits(rows[g.format.delimiter], g)]
    if fitting:
        found = max(fitting, key=lambda g: g.share - g.mixed).format  # the first that is as good
    else:  # one column, or no table
        found = _of_one_column(rows, candidates, decimal)
    several = any(len(row) > 1 for row in rows.get(found.delimiter, ()))
    return found, _remarks(found, delimiter == "auto" and several, decimal == "auto")


def _split(lines: Sequence[Line], delimiter: str) -> List[List[str]]:
    """The rows; none if they cannot be split so."""
    try:
        return [table_lines.cells(line, delimiter) for line in lines]
    except ValueError:
        return []


def _decimal(rows: List[List[str]], delimiter: str, decimal: str) -> Guess:
    """With the decimals that more cells have; points if as many."""
    tried = [decimal] if decimal != "auto" else ["point", "comma"]
    if decimal == "auto" and delimiter == ",":
        tried = ["point"]
    guesses = [_judged(rows[1:] or rows, Format(delimiter, each)) for each in tried]
    # A first row that may be a header counts where the others do not tell.
    return max(guesses, key=lambda g: (g.share, _judged(rows[:1], g.format).share))


def _judged(rows: List[List[str]], form: Format) -> Guess:
    cells = [cell for row in rows for cell in row if cell not in MISSING]
    texts = [cell for cell in cells if form.number(cell) is None]
    others = set(LIKELY) - {form.delimiter, " "}
    mixed = sum(not others.isdisjoint(text) for text in texts)
    return Guess(form, 1 - len(texts) / max(1, len(cells)), mixed / max(1, len(cells)))


def _fits(rows: List[List[str]], found: Guess) -> bool:
    """Whether all rows have as many cells, and several."""
    widths = {len(row) for row in rows}
    if found.format.delimiter == " " and found.share < (0.5 if max(widths) == 2 else 0.1):
        return False  # words of texts
    return len(widths) == 1 and min(widths) > 1


def _nearly_fits(rows: List[List[str]], found: Guess) -> bool:
    several = sum(len(row) > 1 for row in rows)
    return 2 * several >= len(rows) and (found.format.delimiter != " " or found.share > 0.5)


def _of_one_column(rows: Dict[str, List[List[str]]], candidates: List[str], decimal: str) -> Format:
    delimiter = next((each for each in (",", ";") if each in candidates), candidates[0])
    if delimiter not in rows:  # a line that is none, which is told when it is read
        return Format(delimiter, "point" if decimal == "auto" else decimal)
    return _decimal(rows[delimiter], delimiter, decimal).format


def _remarks(found: Format, guessed_delimiter: bool, guessed_decimal: bool) -> Tuple[str, ...]:
    said = []
    if guessed_delimiter and found.delimiter != ",":
        said.append(f"{_CALLED[found.delimiter]} between columns")
    if guessed_decimal and found.decimal == "comma":
        said.append("decimal commas")
    return ("read with " + " and ".join(said),) if said else ()


def doubts(rows: Sequence[Sequence[str]], delimiter: str, decimal: str) -> Tuple[str, ...]:
    """Says where a table without header that is read as two columns of integers may be one.

    Args:
      rows: its first ones, as they are read.
      delimiter: as in `guess`.
      decimal: as in `guess`.
    """
    pair = re.compile(r"[+-]?\d+ \d+", re.A)
    if delimiter != "auto" or decimal != "auto":
        return ()
    if not all(len(row) == 2 and pair.fullmatch(" ".join(row)) for row in rows):
        return ()
    return (
        f"each line is read as two columns, {rows[0][0]} and {rows[0][1]} first; "
        f"--delimiter=semicolon --decimal=comma reads one column, "
        f"{rows[0][0]},{rows[0][1]} first",
    )
