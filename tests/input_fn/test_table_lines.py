import gzip
import io

import numpy as np
import pytest

from input_fn import table_lines
from input_fn.table_lines import Block, Line


@pytest.mark.parametrize("end", [b"\n", b"\r\n", b"\r"])
@pytest.mark.parametrize("size", [7, 100, 1 << 20])
@pytest.mark.parametrize("packed", [False, True])
def test_blocks_are_all_lines_once(monkeypatch, end, size, packed):
    monkeypatch.setattr(table_lines, "BLOCK_BYTES", size)
    lines = [b"%d,%d" % (i, i * i) for i in range(200)]
    data = b"\xef\xbb\xbf" + end.join(lines)
    blocks = list(table_lines.blocks(io.BytesIO(gzip.compress(data) if packed else data), packed))
    assert [x for b in blocks for x in b.data.split()] == lines
    assert all(block.data.endswith(b"\n") for block in blocks)
    if end != b"\r\n":  # which may be cut in two, and then leaves an empty line
        assert [b.before for b in blocks] == [
            sum(other.data.count(b"\n") for other in blocks[:i]) for i in range(len(blocks))
        ]


def test_a_gzip_file_that_is_none_or_damaged_is_refused():
    whole = gzip.compress(b"1,2\n" * 1000)
    flipped = bytearray(whole)
    flipped[-6] ^= 1
    for data in (b"1,2\n3,4\n", whole[:-9], whole[:20], bytes(flipped)):
        with pytest.raises(ValueError, match="is no whole gzip file"):
            list(table_lines.blocks(io.BytesIO(data), True))


def test_the_head_has_lines_enough_to_guess_from(monkeypatch):
    monkeypatch.setattr(table_lines, "BLOCK_BYTES", 10)
    file = io.BytesIO(b"\n\n" + b"1,2,3,4,5,6,7\n" * 9)
    blocks = table_lines.blocks(file, False)
    head = table_lines.head(blocks)
    assert head.data.split() == [b"1,2,3,4,5,6,7"] * 3
    assert sum(block.data.count(b"\n") for block in blocks) == 6


def test_samples_know_their_lines():
    block = Block(b"\n \na\nb\n\nc\nd\n", 4)
    assert table_lines.sample(block, 3, 100) == [
        Line(b"a\n", 7),
        Line(b"b\n", 8),
        Line(b"c\n", 10),
    ]
    assert len(table_lines.sample(block, 10, 1)) == table_lines.HEAD_LINES
    assert table_lines.after(block, 8) == Block(b"\nc\nd\n", 8)


@pytest.mark.parametrize(
    ("text", "delimiter", "cells"),
    [
        ("a, b ,c", ",", ["a", "b", "c"]),
        ('"x, y";"say ""so"""', ";", ["x, y", 'say "so"']),
        ("  1   2\t3 ", " ", ["1", "2", "3"]),
        ('"New  York"   1', " ", ["New  York", "1"]),
        ("\t1\t", "\t", ["", "1", ""]),
        ("   ", ",", []),
    ],
)
def test_cells(text, delimiter, cells):
    assert table_lines.cells(Line(text.encode() + b"\n", 1), delimiter) == cells


def test_a_quote_in_the_wrong_place_is_refused():
    with pytest.raises(ValueError, match="line 7 is no line of a table"):
        table_lines.cells(Line(b'x"y,"z\n', 7), ",")


@pytest.mark.parametrize("quote", ["", '"'])
def test_widths_are_counted_and_told_by_line(quote):
    lines = [f"{quote}{i}{quote},2" for i in range(50)]
    lines[20:20] = ["", ""]
    data = "".join(line + "\n" for line in lines).encode()
    assert table_lines.check_widths(Block(data, 100), ",", 2) == 50
    for wrong, columns in (("1", 1), ("1,2,3", 3)):
        bad = data.replace(lines[30].encode(), wrong.encode())
        with pytest.raises(ValueError, match=f"line 131 has {columns} columns, .* has 2"):
            table_lines.check_widths(Block(bad, 100), ",", 2)


def test_counts_are_those_of_splitting():
    rng = np.random.RandomState(0)
    for _ in range(20):
        lines = [";".join("1" * rng.randint(1, 4)) for _ in range(30)]
        widths = [line.count(";") + 1 for line in lines]
        data = "\n".join([*lines, ""]).encode()
        if len(set(widths)) == 1:
            assert table_lines.check_widths(Block(data, 0), ";", widths[0]) == 30
            continue
        bad = next(i for i, width in enumerate(widths) if width != widths[0])
        with pytest.raises(ValueError, match=f"line {bad + 1} has {widths[bad]} columns"):
            table_lines.check_widths(Block(data, 0), ";", widths[0])
