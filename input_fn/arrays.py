"""Arrays in .npy files and .npz archives, taken only where header and file agree.

Headers are matched by a pattern, never evaluated, and nothing is allocated before what a header
says is compared with what the file holds. Imports no TensorFlow.
"""

import re
import struct
import zipfile
import zlib
from typing import IO, Any, List, NamedTuple, Tuple

import numpy as np

from base import machine
from base.errors import UsageError
from input_fn.held import HeldFile

LARGEST_HEADER = 64 << 10
MOST_AXES = 32
"""Of numpy's arrays."""
LARGEST_UNPACKED = 1 << 30
HIGHEST_RATIO = 100
"""What unpacks to more than LARGEST_UNPACKED and this many times its size was made to harm."""
LONGEST_READ = 16 << 20
"""Of an archive at a time: hundreds of thousands of entries in its directory, no more."""
READ_BYTES = 1 << 20

_FIELD = re.compile(
    r"""['"](descr|fortran_order|shape)['"]\s*:\s*('[^'\\]*'|"[^"\\]*"|\[.{0,999}\]|True|False|\([^()]*\))""",
    re.DOTALL,
)
_NUMBER_TYPE = re.compile(r"[<>|=]?[fiu][0-9]{1,2}")
_KNOWN_TYPE = re.compile(r"[<>|=]?[bcSUVmMO][0-9]{0,4}")
_SHAPE = re.compile(r"(?:\s*[0-9]{1,19}L?\s*,)*(?:\s*[0-9]{1,19}L?)?\s*")


class Header(NamedTuple):
    """What a .npy file says of its array."""

    dtype: np.dtype
    fortran_order: bool
    shape: Tuple[int, ...]
    offset: int  # of the array in the file, bytes

    @property
    def bytes(self) -> int:
        """Of the array; Python's integers do not overflow."""
        size = self.dtype.itemsize
        for length in self.shape:
            size *= length
        return size

    @property
    def order(self) -> str:
        """Of the array in memory."""
        return "F" if self.fortran_order else "C"

    def check_size(self, size: int) -> None:
        """Checks that the array has points and fills a file of so many bytes.

        Raises:
          ValueError: says what is not so.
        """
        if not self.shape or not self.bytes:
            raise ValueError(f"has no points, shape {list(self.shape)}")
        if self.offset + self.bytes != size:
            raise ValueError(
                f"its header promises {self.bytes} bytes of shape {list(self.shape)} and type "
                f"{self.dtype}, it holds {size - self.offset}"
            )


def read_header(file: IO[bytes]) -> Header:
    """Reads the header at the start of a .npy file, and no further.

    Raises:
      ValueError: says what is wrong with it.
    """
    start = file.read(8)
    if start[:6] != b"\x93NUMPY":
        raise ValueError("is not a .npy file")
    formats = {b"\x01\x00": "<H", b"\x02\x00": "<I", b"\x03\x00": "<I"}
    if start[6:] not in formats:
        raise ValueError(f"is a .npy file of an unknown version, {list(start[6:])}")
    length_format = formats[start[6:]]
    length_bytes = file.read(struct.calcsize(length_format))
    if len(length_bytes) < struct.calcsize(length_format):
        raise ValueError("ends inside its header")
    (length,) = struct.unpack(length_format, length_bytes)
    if length > LARGEST_HEADER:
        raise ValueError(f"has a header of {length} bytes; at most {LARGEST_HEADER} can be right")
    text = file.read(length)
    if len(text) < length:
        raise ValueError("ends inside its header")
    return _parse(text.decode("latin-1"), 8 + len(length_bytes) + length)


def load_npy(path: str) -> Tuple[np.memmap, HeldFile]:
    """The array of a .npy file, memory-mapped, and the file: see `HeldFile.unchanged`.

    Raises:
      ValueError: says what is wrong with it.
      OSError: if it cannot be read.
    """
    held = HeldFile(path)
    with open(path, "rb") as file:
        held.check_same(file.fileno())
        header = read_header(file)
        header.check_size(file.seek(0, 2))
        given: Any = file  # numpy takes open files as well as paths
        mapped = np.memmap(given, header.dtype, "r", header.offset, header.shape, header.order)
    return mapped, held


def load_npz(path: str, key: str) -> np.ndarray:
    """An array of an .npz archive; nothing is unpacked to disk.

    Args:
      path: of the archive.
      key: the array's name where there are several, else "".

    Raises:
      UsageError: if the key chooses no array.
      ValueError: says what is wrong with the archive or its entry.
      OSError: if it cannot be read.
    """
    with open(path, "rb") as file:
        bounded: Any = _Bounded(file)
        try:
            with zipfile.ZipFile(bounded) as archive:
                entry = _choose(archive.infolist(), path, key)
                _check_entry(entry, file.seek(0, 2))
                with archive.open(entry) as member:
                    return _read_array(member, entry.file_size)
        except _ERRORS_OF_ZIPFILE as error:
            raise ValueError(f"is no .npz file, or a damaged one: {error}") from error


_ERRORS_OF_ZIPFILE = (
    zipfile.BadZipFile,
    zlib.error,
    struct.error,
    EOFError,
    LookupError,
    OSError,
    OverflowError,
    RuntimeError,
)


class _Bounded:
    """A file for zipfile, which reads an archive's directory at once, however long it claims."""

    def __init__(self, file: IO[bytes]):
        self._file = file
        self.seek, self.tell, self.seekable = file.seek, file.tell, file.seekable

    def read(self, size: int = -1) -> bytes:
        data = self._file.read(LONGEST_READ + 1 if size < 0 else min(size, LONGEST_READ + 1))
        if len(data) > LONGEST_READ:
            raise ValueError("is an archive with too long a directory")
        return data


def _choose(entries: List[zipfile.ZipInfo], path: str, key: str) -> zipfile.ZipInfo:
    """The entry of an array, named as numpy names them: without .npy."""
    by_name = [(re.sub(r"\.npy$", "", entry.filename), entry) for entry in entries]
    listed = ", ".join(name for name, _ in by_name) or "none"
    if not key and len(entries) != 1:
        raise ValueError(f"must hold one array, or --data_key must choose one; it holds {listed}")
    chosen = [entry for name, entry in by_name if not key or key in (name, entry.filename)]
    if not chosen:
        raise UsageError(f"--data_key={key}: not in {path}, which holds {listed}")
    if len(chosen) > 1:
        raise ValueError(f"holds {key} {len(chosen)} times")
    return chosen[0]


def _check_entry(entry: zipfile.ZipInfo, archive_size: int) -> None:
    if entry.flag_bits & 1:
        raise ValueError(f"{entry.filename} is encrypted; needs plain arrays, as np.savez writes")
    if entry.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        raise ValueError(
            f"{entry.filename} is compressed by method {entry.compress_type}; needs 0 or 8, as "
            f"np.savez and np.savez_compressed write"
        )
    if entry.compress_size > archive_size:
        raise ValueError(f"{entry.filename} claims more bytes than the archive has")
    unpacked = entry.file_size
    if unpacked > max(LARGEST_UNPACKED, HIGHEST_RATIO * entry.compress_size):
        raise ValueError(
            f"{entry.filename} unpacks to {unpacked} bytes, more than {HIGHEST_RATIO} times its "
            f"size in the archive; unpack it to .npy"
        )
    if unpacked > machine.available_memory():
        raise ValueError(
            f"{entry.filename} unpacks to {unpacked / 2**30:.1f} GiB, more memory than there is; "
            f"unpack it to .npy, which stays on disk"
        )


def _read_array(member: IO[bytes], size: int) -> np.ndarray:
    """The array of an entry of so many bytes; its checksum is compared at its end."""
    header = read_header(member)
    header.check_size(size)
    data = np.empty(header.bytes, np.uint8)
    rest = memoryview(data)
    while rest:
        piece = member.read(min(len(rest), READ_BYTES))
        if not piece:
            raise ValueError("ends inside its array")
        rest[: len(piece)] = piece
        rest = rest[len(piece) :]
    member.read(1)
    return data.view(header.dtype).reshape(header.shape, order=header.order)


def _parse(text: str, offset: int) -> Header:
    fields = dict(_FIELD.findall(text))
    rest = _FIELD.sub("", text, 3)
    if len(fields) < 3 or not re.fullmatch(r"\s*\{[\s,]*\}\s*", rest):
        raise ValueError(f"has a header that is none of an array: {text[:100]!r}")
    shape_text = fields["shape"][1:-1]
    if fields["shape"][0] != "(" or not _SHAPE.fullmatch(shape_text):
        raise ValueError(f"has no shape of an array: {fields['shape'][:100]}")
    shape = tuple(int(length.strip(" L\n")) for length in shape_text.split(",") if length.strip())
    if len(shape) > MOST_AXES:
        raise ValueError(f"has {len(shape)} axes; at most {MOST_AXES}")
    if fields["fortran_order"] not in ("True", "False"):
        raise ValueError(f"has a fortran_order of {fields['fortran_order'][:100]}")
    return Header(_number_type(fields["descr"]), fields["fortran_order"] == "True", shape, offset)


def _number_type(descr: str) -> np.dtype:
    name = descr[1:-1]
    try:
        if _NUMBER_TYPE.fullmatch(name):
            return np.dtype(name)
        shown = str(np.dtype(name)) if _KNOWN_TYPE.fullmatch(name) else descr[:100]
    except TypeError:
        shown = descr[:100]
    raise ValueError(f"must hold real numbers, holds {shown}")
