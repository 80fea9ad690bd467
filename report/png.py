"""Pixels as a PNG, of drawings in less than half the time that Pillow takes."""

import struct
import zlib

import numpy as np

SIGNATURE = b"\x89PNG\r\n\x1a\n"
RGB, UNFILTERED = 2, 0
"""Codes of the format (W3C, PNG Specification, 11.2.2 and 9.2)."""


def encode(pixels: np.ndarray) -> bytes:
    """A PNG of [height, width, 3] uint8, or of the first three of four channels.

    Lines of a drawing repeat as they are. The search for the best filter of each, which writers do
    for photographs, takes most of their time and leaves such a file about as large.
    """
    height, width = pixels.shape[:2]
    lines = np.empty((height, 1 + 3 * width), np.uint8)
    lines[:, 0] = UNFILTERED
    for channel in range(3):  # faster than three numbers at a time
        lines[:, 1 + channel :: 3] = pixels[..., channel]
    header = struct.pack(">IIBBBBB", width, height, 8, RGB, 0, 0, 0)
    parts = {b"IHDR": header, b"IDAT": zlib.compress(lines, 1), b"IEND": b""}
    return SIGNATURE + b"".join(_chunk(*part) for part in parts.items())


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
