"""Arrays that lie or burst: each is loaded right or refused in one line."""

import io
import os
import zipfile

import numpy as np
import pytest

from base import machine
from base.errors import UsageError
from input_fn import arrays
from tests.input_fn import loading
from tests.input_fn.loading import GOOD, POINTS, header, load, npy, refused


@pytest.mark.parametrize("version", [None, (1, 0), (2, 0), (3, 0)])
@pytest.mark.parametrize("order", ["C", "F"])
@pytest.mark.parametrize("kind", ["<f8", ">f8", "<f4", ">f2", "f16", "|i1", ">i4", "<u8"])
def test_arrays_of_all_numbers_and_orders_load_as_numpy_loads_them(tmp_path, version, order, kind):
    points = (100 * np.random.RandomState(1).rand(20, 3, 4)).astype(kind, order=order)
    file = io.BytesIO()
    np.lib.format.write_array(file, points, version)
    loaded = load(tmp_path / "a.npy", file.getvalue())
    np.testing.assert_array_equal(loaded, points)
    assert loaded.dtype == points.dtype
    np.savez_compressed(str(tmp_path / "a.npz"), points)
    np.testing.assert_array_equal(loading.read(tmp_path / "a.npz").rows, points)


@pytest.mark.parametrize(
    "text",
    [
        GOOD,
        '{"shape":(200,2),"descr":"<f8","fortran_order":False}',
        "{'descr': '=f8', 'fortran_order': False, 'shape': (200L, 2L)}   \n",
    ],
)
def test_headers_of_other_writers_load(tmp_path, text):
    np.testing.assert_array_equal(load(tmp_path / "a.npy", npy(text)), POINTS)


BAD_HEADERS = {
    "more than there is": (header(shape="(201, 2)"), "promises 3216 bytes .* it holds 3200"),
    "less than there is": (header(shape="(199, 2)"), "promises 3184 bytes .* it holds 3200"),
    "another type": (header("'<f4'"), "promises 1600 bytes"),
    "no rows": (header(shape="(0, 9223372036854775807)"), "has no points"),
    "no columns": (header(shape="(200, 0)"), "has no points"),
    "a scalar": (header(shape="()"), "has no points"),
    "negative": (header(shape="(-200, -2)"), "has no shape of an array"),
    "overflowing": (header(shape="(4294967296, 4294967296)"), "promises 1475739525896764129"),
    "huge": (header(shape="(" + "9" * 400 + ",)"), "has no shape of an array"),
    "a bool": (header(shape="(True, 400)"), "has no shape of an array"),
    "many axes": (header(shape="(" + "1, " * 40 + "400)"), "has 42 axes|has 41 axes"),
    "objects": (header("'|O'"), "must hold real numbers, holds object"),
    "complex": (header("'<c16'"), "must hold real numbers, holds complex128"),
    "dates": (header("'<M8[ns]'"), "must hold real numbers"),
    "texts": (header("'<U5'"), "must hold real numbers"),
    "void": (header("'|V8'"), "must hold real numbers"),
    "booleans": (header("'|b1'"), "must hold real numbers, holds bool"),
    "no such type": (header("'<f7'"), "must hold real numbers"),
    "structures": (header("[('a', '<f8'), ('b', '<f8')]"), "must hold real numbers"),
    "code": (header("__import__('os').system('true')"), "none of an array"),
    "nested": ("(" * 60000, "none of an array"),
    "signs": ("-" * 60000 + "1", "none of an array"),
    "sums": ("1" + "+1" * 30000, "none of an array"),
    "twice": ("{'descr': '<f8'," + GOOD[1:], "none of an array"),
    "one more": (GOOD[:-1] + "'x': 1}", "none of an array"),
    "empty": ("", "none of an array"),
    "slow to match": ("'descr':[" * 7000, "none of an array"),
}  # fmt: skip


@pytest.mark.parametrize("case", sorted(BAD_HEADERS))
def test_headers_that_lie_are_refused(tmp_path, case):
    text, message = BAD_HEADERS[case]
    refused(tmp_path / "bad.npy", npy(text), message)
    with zipfile.ZipFile(str(tmp_path / "bad.npz"), "w") as archive:
        archive.writestr("a.npy", npy(text))
    refused(tmp_path / "bad.npz", (tmp_path / "bad.npz").read_bytes(), message)


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (npy(version=2, length=2**32 - 1), "has a header of 4294967295 bytes; at most 65536"),
        (npy(version=3, length=65537), "has a header of 65537 bytes"),
        (npy(length=5000), "ends inside its header"),
        (npy()[:9], "ends inside its header"),
        (npy(version=4), "unknown version"),
        (npy()[:7], "unknown version"),
        (b"", "is not a .npy file"),
    ],
)
def test_headers_of_wrong_lengths_are_refused(tmp_path, data, message):
    refused(tmp_path / "bad.npy", data, message)


def test_nothing_is_unpickled(tmp_path, monkeypatch):
    np.save(str(tmp_path / "bad.npy"), np.array([{}] * 20, object))
    np.savez(str(tmp_path / "bad.npz"), np.array([{}] * 20, object))
    monkeypatch.setattr("pickle.load", lambda *_: pytest.fail("unpickled"))
    for name in ("bad.npy", "bad.npz"):
        refused(tmp_path / name, (tmp_path / name).read_bytes(), "holds object")


def packed(*entries, compression=zipfile.ZIP_DEFLATED):
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", compression) as archive:
        for name, data in entries:
            archive.writestr(zipfile.ZipInfo(name), data, compression)
    return file.getvalue()


def changed(data, offset, value):
    """An archive with other bytes at an offset into its last directory entry."""
    at = data.rfind(b"PK\x01\x02") + offset
    return data[:at] + value + data[at + len(value) :]


def test_an_archive_that_bursts_is_refused_before_anything_is_allocated(tmp_path, monkeypatch):
    bomb = packed(("a.npy", npy(header(shape="(150000, 100)"), bytes(120 * 10**6))))
    assert len(bomb) < 200000
    monkeypatch.setattr(arrays, "LARGEST_UNPACKED", 100 << 20)
    monkeypatch.setattr(np, "empty", lambda *_: pytest.fail("allocated"))
    refused(tmp_path / "bomb.npz", bomb, "a.npy unpacks to 1200.* bytes, more than 100 times")
    monkeypatch.setattr(arrays, "HIGHEST_RATIO", 10**6)
    monkeypatch.setattr(machine, "available_memory", lambda: 100 << 20)
    refused(tmp_path / "bomb.npz", bomb, "unpacks to 0.1 GiB, more memory than there is")


ONE = packed(("a.npy", npy()))
ARCHIVES = {
    "good": (ONE, None),
    "stored": (packed(("a.npy", npy()), compression=zipfile.ZIP_STORED), None),
    "leads out": (packed(("../../a.npy", npy())), None),
    "absolute": (packed(("/a.npy", npy())), None),
    "lzma": (packed(("a.npy", npy()), compression=zipfile.ZIP_LZMA), "compressed by method 14"),
    "bzip2": (packed(("a.npy", npy()), compression=zipfile.ZIP_BZIP2), "compressed by method 12"),
    "encrypted": (changed(ONE, 8, b"\x01"), "a.npy is encrypted"),
    "newer": (changed(ONE, 6, b"\xff"), "zip file version"),
    "wrong checksum": (changed(ONE, 16, b"abcd"), "Bad CRC-32"),
    "packed size": (changed(ONE, 20, b"\xff\xff\xff\x7f"), "claims more bytes than the archive"),
    "smaller": (changed(ONE, 24, b"\xf0\0\0\0"), "promises 3200 bytes|Bad CRC-32"),
    "larger": (changed(ONE, 24, b"\xff\xff\xff\x7f"), "more than 100 times"),
    "elsewhere": (changed(ONE, 42, b"\xff\xff\0\0"), "damaged"),
    "cut": (ONE[:-30], "damaged"),
    "no data": (packed(("a.npy", npy(data=b""))), "promises 3200 bytes .* it holds 0"),
    "text": (packed(("a.npy", b"text")), "is not a .npy file"),
    "nothing in it": (packed(), "it holds none"),
    "only an end": (b"PK\x05\x06" + b"\xff" * 18, "damaged"),
    "empty": (b"", "damaged"),
}


@pytest.mark.parametrize("case", sorted(ARCHIVES))
def test_archives_good_and_bad(tmp_path, case):
    data, message = ARCHIVES[case]
    path = tmp_path / "x.npz"
    if message is None:
        np.testing.assert_array_equal(load(path, data), POINTS)
    else:
        refused(path, data, message)
    assert os.listdir(str(tmp_path)) == ["x.npz"]  # nothing is unpacked to disk


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_a_name_that_comes_twice_chooses_nothing(tmp_path):
    data = packed(("a.npy", npy()), ("a.npy", npy()), ("b.npy", npy()))
    refused(tmp_path / "x.npz", data, "holds a 2 times", "a")
    assert len(load(tmp_path / "x.npz", data, "b")) == 200
    assert len(load(tmp_path / "x.npz", data, "b.npy")) == 200


def test_a_directory_of_an_archive_that_is_too_long_is_not_read(tmp_path, monkeypatch):
    monkeypatch.setattr(arrays, "LONGEST_READ", 100000)
    data = packed(*[("x" * 1000 + str(i), b"") for i in range(200)])
    refused(tmp_path / "x.npz", data, "too long a directory")


def test_bad_arrays_are_told(tmp_path):
    np.save(str(tmp_path / "object.npy"), np.array([{}, 1], dtype=object))
    np.save(str(tmp_path / "complex.npy"), np.ones((3, 2), complex))
    np.savez(str(tmp_path / "two.npz"), a=np.eye(3), b=np.eye(4))
    (tmp_path / "text.npy").write_text("not an array")
    (tmp_path / "text.npz").write_text("not an archive")
    for name, key, message in [
        ("object.npy", "", "object.npy"),
        ("complex.npy", "", "must hold real numbers, holds complex128"),
        ("two.npz", "", "it holds a, b"),
        ("two.npz", "c", "--data_key=c: not in"),
        ("text.npy", "", "is not a .npy file"),
        ("text.npz", "", "text.npz"),
        ("absent.npy", "", "No such file"),
        ("points.json", "", r"must end in .csv, .tsv, .* or .npz"),
        ("object.npy", "k", "only an .npz file has keys"),
    ]:
        with pytest.raises(UsageError, match=message):
            loading.read(tmp_path / name, key)
    assert loading.read(tmp_path / "two.npz", "b").rows.shape == (4, 4)
