"""Lines of a file of text, some at a time, and their cells.

Imports no TensorFlow.
"""

import csv
import gzip
import io
import re
import zlib
from typing import IO, Any, Iterable, Iterator, List, NamedTuple

import numpy as np

BLOCK_BYTES = 8 << 20
"""Lines that are parsed together: memory holds them and the numbers, nothing else."""
LONGEST_LINE = 32 << 20
"""In bytes; a million columns fit."""
HEAD_LINES = 3
"""So many are in the first block if the file has them: the format is guessed from it."""

_OPEN = "has a quote that is not closed, or a line break in quotes"


class Block(NamedTuple):
    """Whole lines of a file."""

    data: bytes  # each ends in \n
    before: int  # lines of the file before them


def blocks(file: IO[bytes], packed: bool) -> Iterator[Block]:
    """The lines of a file, some together.

    Args:
      file: at its start; UTF-8, with or without a byte order mark.
      packed: whether by gzip.

    Raises:
      ValueError: for what is no text, names the line.
      OSError: if the file cannot be read.
    """
    stream: Any = _Unpacked(file) if packed else file
    before, rest = 0, stream.read(3).replace(b"\xef\xbb\xbf", b"")
    while True:
        data = stream.read(BLOCK_BYTES)
        block = rest + data
        more = len(data) == BLOCK_BYTES
        end = (block.rfind(b"\n") + 1 or block.rfind(b"\r") + 1) if more else len(block)
        block, rest = block[:end], block[end:]
        if len(rest) > LONGEST_LINE:
            raise ValueError(f"has a line of more than {LONGEST_LINE >> 20} MiB")
        if block:
            block = block.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
            block += b"" if block.endswith(b"\n") else b"\n"
            _check_text(block, before)
            yield Block(block, before)
            before += block.count(b"\n")
        if not more:
            return


class _Unpacked:
    """What a gzip file holds; all that can be wrong with it is a ValueError."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file = gzip.GzipFile(fileobj=file)

    def read(self, size: int) -> bytes:
        """At most so many bytes, fewer at the end."""
        try:
            return self._file.read(size)
        except (OSError, EOFError, zlib.error) as error:
            if getattr(error, "errno", None):  # of the system, not of gzip
                raise
            raise ValueError(f"is no whole gzip file: {error}") from error


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
                raise ValueError(f"line {number} {_OPEN}")


def head(remaining: Iterator[Block]) -> Block:
    """The first blocks as one, which has some lines to guess the format from."""
    whole = Block(b"", 0)
    for block in remaining:
        whole = Block(whole.data + block.data, 0)
        if len(sample(whole, HEAD_LINES, len(whole.data))) == HEAD_LINES:
            break
    return whole


class Line(NamedTuple):
    """A line of a file."""

    text: bytes
    number: int  # counted from 1


def sample(block: Block, most: int, size: int) -> List[Line]:
    """The first lines that are not empty: at most so many, of about so many bytes in all."""
    found: List[Line] = []
    for number, text in enumerate(io.BytesIO(block.data), block.before + 1):
        if len(found) >= most or (size <= 0 and len(found) >= HEAD_LINES):
            break
        if text.strip():
            found.append(Line(text, number))
            size -= len(text)
    return found


def after(block: Block, line: int) -> Block:
    """The lines after one of them."""
    end = 0
    for _ in range(line - block.before):
        end = block.data.index(b"\n", end) + 1
    return Block(block.data[end:], line)


def cells(line: Line, delimiter: str) -> List[str]:
    """The texts between delimiters, without spaces around them.

    Raises:
      ValueError: if it cannot be split; names it.
    """
    text = tidy(line.text, delimiter).decode("utf-8")
    try:
        parts: List[str] = next(_reader([text], delimiter), [])
    except csv.Error as error:
        raise _no_line(line.number, error) from error
    return [part.strip() for part in parts]


def _no_line(number: int, error: csv.Error) -> ValueError:
    said = str(error).replace("\t", "tab")  # which may be the delimiter that it misses
    return ValueError(f"line {number} is no line of a table: {said}")


def _reader(lines: Iterable[str], delimiter: str) -> Iterator[List[str]]:
    return csv.reader(lines, delimiter=delimiter, skipinitialspace=True, strict=True)


def tidy(data: bytes, delimiter: str) -> bytes:
    """Lines in which nothing but spaces is nothing and, as a delimiter, many spaces are one."""
    if delimiter == " ":
        if b'"' in data:
            data = re.sub(rb'("[^"\n]*")|[ \t]+', lambda found: found[1] or b" ", data)
        else:
            data = re.sub(rb"[ \t]+", b" ", data)
        return re.sub(rb"(?m)^ | $", b"", data)
    blank = rb"(?m)^ +$" if delimiter == "\t" else rb"(?m)^[ \t]+$"
    if data[:1] in b" \t" or b"\n " in data or b"\n\t" in data:
        data = re.sub(blank, b"", data)
    return data


def check_widths(block: Block, delimiter: str, width: int) -> int:
    """Counts the rows of a block that is tidy, and their cells.

    Args:
      block: the lines.
      delimiter: between their cells.
      width: cells that each row must have.

    Returns:
      How many rows there are.

    Raises:
      ValueError: for a row that has more or fewer; names the line.
    """
    if b'"' in block.data:
        return _check_quoted(block, delimiter, width)
    codes = np.frombuffer(block.data, np.uint8)
    ends = np.flatnonzero(codes == ord("\n"))
    delimiters = np.searchsorted(np.flatnonzero(codes == ord(delimiter)), ends)
    counts = np.diff(delimiters, prepend=0) + 1
    filled = np.diff(ends, prepend=-1) > 1
    bad = filled & (counts != width)
    if bad.any():
        line = int(np.argmax(bad))
        raise ValueError(ragged(block.before + line + 1, int(counts[line]), width))
    return int(filled.sum())


def _check_quoted(block: Block, delimiter: str, width: int) -> int:
    rows, seen = 0, 0
    reader: Any = _reader(io.StringIO(block.data.decode("utf-8"), newline="\n"), delimiter)
    while True:
        line = block.before + seen + 1
        try:
            row = next(reader, None)
        except csv.Error as error:
            raise _no_line(line, error) from error
        if row is None:
            return rows
        if reader.line_num > seen + 1:
            raise ValueError(f"line {line} {_OPEN}")
        seen = reader.line_num
        if row and len(row) != width:
            raise ValueError(ragged(line, len(row), width))
        rows += bool(row)


def ragged(line: int, columns: int, expected: int) -> str:
    """What an error says of a row of another width."""
    return f"line {line} has {columns} columns, the first row has {expected}"
