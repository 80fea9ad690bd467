"""Points in .csv files, parsed some lines at a time.

Imports no TensorFlow.
"""

import csv
import io
import itertools
import re
from typing import IO, Any, Iterator, List, Optional, Tuple

import numpy as np

from base import machine

BLOCK_BYTES = 8 << 20
"""Lines that are parsed together: memory holds them and the numbers, nothing else."""
LONGEST_LINE = 32 << 20
"""In bytes; a million columns fit."""
WIDE = 5000
"""Columns from which parsing row by row is faster than column by column."""


def load_csv(path: str) -> np.ndarray:
    """The numbers of a .csv file, with or without a header.

    Args:
      path: of the file; UTF-8, with or without a byte order mark.

    Returns:
      [N, d] float64; nan where a cell is empty.

    Raises:
      ValueError: says what is wrong and where.
      OSError: if the file cannot be read.
    """
    values = np.empty((0, 0))
    header: Optional[List[str]] = None
    with open(path, "rb") as file:
        size = file.seek(0, 2)
        file.seek(0)
        for before, block in _blocks(file):
            skipped = 0
            if header is None:
                header, skipped = _header(block)
            rows = _parse(block, before, skipped, len(values))
            if rows is None:
                continue
            _check_width(rows.shape[1], values, header, before)
            number = len(values)
            if not number:
                _check_memory(size * (rows.nbytes / len(block)))
            # Grown in place, not collected and copied: the numbers are held once.
            values.resize((number + len(rows), rows.shape[1]), refcheck=False)
            values[number:] = rows
    if not len(values):
        raise ValueError("has no rows of numbers")
    return values


def _blocks(file: IO[bytes]) -> Iterator[Tuple[int, bytes]]:
    """The file as whole lines, some together, and how many came before them."""
    before, rest = 0, file.read(3).replace(b"\xef\xbb\xbf", b"")
    while True:
        data = file.read(BLOCK_BYTES)
        block = rest + data
        end = (block.rfind(b"\n") + 1 or block.rfind(b"\r") + 1) if data else len(block)
        block, rest = block[:end], block[end:]
        if len(rest) > LONGEST_LINE:
            raise ValueError(f"has a line of more than {LONGEST_LINE >> 20} MiB")
        if block:
            block = block.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
            _check_text(block, before)
            yield before, block
            before += block.count(b"\n")
        if not data:
            return


def _check_text(block: bytes, before: int) -> None:
    if b"\0" in block:
        raise ValueError("holds NUL bytes: no text in UTF-8; save it as UTF-8")
    try:
        block.decode("utf-8")
    except UnicodeDecodeError as error:
        line = before + block.count(b"\n", 0, error.start) + 1
        raise ValueError(f"line {line} is no text in UTF-8; save it as UTF-8") from error
    if b'"' in block:
        for number, line_bytes in enumerate(io.BytesIO(block), before + 1):
            if line_bytes.count(b'"') % 2:  # the parser would take all that follows as one cell
                raise ValueError(f"line {number} has a quote that is not closed")


def _header(block: bytes) -> Tuple[List[str], int]:
    """The names in the first line that is not empty, if it is a header; lines that end with it."""
    for number, line in enumerate(io.BytesIO(block), 1):
        if line.strip():
            cells = _cells(line, number)
            # A header has no number in it; a first row with some is data, its text is told later.
            return ([], 0) if any(_is_number(cell) for cell in cells) else (cells, number)
    return [], 0


def _parse(block: bytes, before: int, skipped: int, row: int) -> Optional[np.ndarray]:
    """The numbers of some lines, [n, d]; None if all are empty.

    Args:
      block: the lines.
      before: lines before them.
      skipped: lines to skip.
      row: rows of numbers before them.
    """
    lines = itertools.islice(io.BytesIO(block), skipped, None)
    first = next((line for line in lines if line.strip()), b"")
    if not first:
        return None
    if first.count(b",") >= WIDE:
        return _parse_wide(block, before, skipped, row)
    import pandas

    try:
        table = pandas.read_csv(
            io.BytesIO(block),
            header=None,
            skiprows=skipped,
            skipinitialspace=True,
            encoding="utf-8",
            low_memory=False,
        )
    except pandas.errors.ParserError as error:
        ragged = re.search(r"Expected (\d+) fields in line (\d+), saw (\d+)", str(error))
        if not ragged:
            raise
        line = before + int(ragged[2])
        raise ValueError(_ragged(line, int(ragged[3]), int(ragged[1]))) from error
    return _numbers(table, row)


def _numbers(table: Any, row: int) -> np.ndarray:
    """A data frame of pandas as float64, also what it did not take for numbers."""
    if all(dtype.kind in "iuf" for dtype in table.dtypes):
        return table.to_numpy(np.float64)
    columns = []
    for number, column in enumerate(table.columns, 1):
        values = table[column]
        if values.dtype.kind not in "iuf":  # text, or integers too long for pandas
            values = [_value(cell, row + i, number) for i, cell in enumerate(values, 1)]
        columns.append(np.asarray(values, np.float64))
    return np.stack(columns, axis=1)


def _parse_wide(block: bytes, before: int, skipped: int, row: int) -> np.ndarray:
    """As `_parse`, for rows of so many cells that columns of some lines' length do not pay."""
    rows: List[np.ndarray] = []
    lines = itertools.islice(io.BytesIO(block), skipped, None)
    for line, text in enumerate(lines, before + skipped + 1):
        cells = _cells(text, line)
        if not cells:
            continue
        if rows and len(cells) != len(rows[0]):
            raise ValueError(_ragged(line, len(cells), len(rows[0])))
        try:
            rows.append(np.array(cells, np.float64))
        except ValueError:  # or empty
            at = row + len(rows) + 1
            rows.append(np.array([_value(cell, at, i) for i, cell in enumerate(cells, 1)]))
    return np.stack(rows)


def _cells(line: bytes, number: int) -> List[str]:
    try:
        return next(csv.reader([line.decode("utf-8")], skipinitialspace=True), [])
    except csv.Error as error:
        raise ValueError(f"line {number} is no line of a table: {error}") from error


def _value(cell: Any, row: int, column: int) -> float:
    """The number in a cell; nan if it is empty."""
    text = str(cell)
    try:
        return float(text) if text else np.nan
    except ValueError as error:
        raise ValueError(
            f"row {row} of the data, column {column}: {text[:40]!r} is not a number"
        ) from error


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def _check_width(columns: int, values: np.ndarray, header: List[str], before: int) -> None:
    if header and len(header) != columns:
        raise ValueError(
            f"the header names {len(header)} columns, the rows have {columns}; they must agree"
        )
    if len(values) and values.shape[1] != columns:
        raise ValueError(_ragged(before + 1, columns, values.shape[1]))


def _ragged(line: int, columns: int, expected: int) -> str:
    return f"line {line} has {columns} columns, the first row has {expected}"


def _check_memory(size: float) -> None:
    """Refuses what would fill all memory; half of what is expected, for rows that get longer."""
    available = machine.available_memory()
    if size / 2 > available:
        raise ValueError(
            f"needs about {size / 2**30:.1f} GiB of memory, {available / 2**30:.1f} are there; "
            f"make it a .npy file, which stays on disk"
        )
