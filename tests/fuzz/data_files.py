"""Data files: good ones that are damaged, and bad ones that are made, through sources.load."""

import io
import os
import warnings
import zipfile

import numpy as np

from input_fn import datasets, files, sources
from input_fn.settings import DataSettings
from tests.fuzz.guard import MEMORY, Finding, guarded, outcome

TYPES = "f2 f4 f8 f16 i1 i2 i4 i8 u1 u2 u4 u8 >f4 >i8 =f8 |i1".split()
DESCRS = (
    "'<f8' '<f4' '>f8' '|u1' '<i8' '|b1' '<c16' '|O' '|S5' '<U3' '<M8[ns]' '<m8[s]' '|V8' '<f7' "
    "'<f99' 'f8' '(3,)f8' 'f4,f4' '<f8,' '' float None 3 [('a','<f8')] [('a',[('b','<f8')])] "
    "'|V99999999999' '\\x3cf8' b'<f8' __import__('os')"
).split()
SHAPES = (
    "(200,2) (2,200) (400,) (400) () (0,2) (200,0) (-200,2) (200,-2) (True,400) (200,True) (2.0,2) "
    "(9223372036854775807,2) (4294967296,4294967296) (18446744073709551616,) (1,)*400 [200,2] "
    "(200,2L) ((200,2),) (200;2) (200,2 (99999999999999999999999999,) ('a',) 200"
).split() + ["(" + "1," * 40 + "400)", "(" * 5000 + ")" * 5000, "(" + "1," * 20000 + ")"]
HEADERS = [
    "{'descr': '<f8', 'fortran_order': False, 'shape': (200, 2), }",
    "{'shape': (200, 2), 'descr': '<f8', 'fortran_order': True}",
    '{"descr": "<f8", "fortran_order": False, "shape": (200, 2)}',
    "{'descr': '<f8', 'fortran_order': False}", "{'descr': '<f8'", "", "{}", "[]", "\0\0\0",
    "{'descr': '<f8', 'fortran_order': False, 'shape': (200, 2), 'x': 1}",
    "{'descr': '<f8', 'descr': '<f4', 'fortran_order': False, 'shape': (200, 2)}",
    "(" * 60000, "-" * 60000 + "1", "1" + "+1" * 30000, "'descr':" * 8000, "'descr':[" * 7000,
    "{'descr': '<f8', 'fortran_order': 1, 'shape': (200, 2)}", "'" * 60000, "\\" * 60000,
    "lambda: 1", "{**{}}", "{'descr': '<f8', 'fortran_order': False, 'shape': (200, 2)}" * 2,
]  # fmt: skip
CELLS = (
    "1 2.5 -3e4 1e30 1e31 1e400 -1e400 1e-400 nan NaN inf -inf Infinity NA null None five 1,5 "
    "1_000 0x10 1+2j 2020-01-01 12:30 True false 1e 1e+ . - + 1.2.3 $5 50% \u0663 \xbd"
).split() + ["", " ", "\t1", '"1"', '"', '""', '"1""2"', "9" * 18, "9" * 25, "9" * 400, "\0", "1\0",
             "x" * 200000, "a\rb", "#", "\\", "\ufeff1", "1" + "0" * 30]  # fmt: skip


def write(rng, path):
    """Writes a data file of some kind, whose name ends as path does not yet; returns its path."""
    kind = rng.randint(6)
    if kind == 0:
        return _save(path + ".npy", _npy(rng))
    if kind == 1:
        return _save(path + ".npz", _npz(rng))
    if kind == 2:
        return _save(path + ".csv", _csv(rng))
    good = [(".npy", _good_npy), (".npz", _good_npz), (".csv", _good_csv)][kind - 3]
    return _save(path + good[0], _damaged(rng, good[1](rng)))


def run(path, key="", keep_missing=False):
    """Loads a data file.

    Returns:
      What came of it: loaded or refused.

    Raises:
      Finding: for anything else.
    """
    settings = DataSettings(dataset="file", data_file=path, data_key=key, keep_missing=keep_missing)
    memory = MEMORY + 4 * os.path.getsize(path)

    def load():
        with guarded(os.path.dirname(path), memory):
            return _loaded(settings)

    return outcome(load)


def _loaded(settings):
    dataset = sources.load(settings, 20, 2)
    shift, scale = (values.astype(np.float32) for values in datasets.moments(dataset))
    points = dataset.train_points(slice(0, 10))
    for numbers in (shift, scale, dataset.held_out, points, (points - shift) / scale):
        if not np.isfinite(numbers).all():
            raise Finding("loads numbers that are not finite")
    if dataset.fingerprint() != files.digest(np.asarray(files.load(settings).rows)):
        raise Finding("has a fingerprint of other points")
    return "loaded"


def _save(path, data):
    with open(path, "wb") as file:
        file.write(data)
    return path


def _points(rng):
    shape = _one(rng, [(200, 2), (50,), (30, 3, 2), (20, 1), (16, 2, 2, 1)])
    points = 100 * rng.randn(*shape)
    if rng.rand() < 0.2:
        points.flat[rng.randint(points.size)] = _one(
            rng, [np.nan, np.inf, 1e31, -1e300, 1e30, 1e25, -1e19, 1e9, -0.0, 1e-40]
        )
    with np.errstate(all="ignore"):
        return points.astype(_one(rng, TYPES))


def _good_npy(rng):
    file, points = io.BytesIO(), _points(rng)
    if rng.rand() < 0.3:
        points = np.asfortranarray(points)
    version = _one(rng, [None, (1, 0), (2, 0), (3, 0)])
    np.lib.format.write_array(file, points, version, allow_pickle=False)
    return file.getvalue()


def _good_npz(rng):
    file = io.BytesIO()
    save = _one(rng, [np.savez, np.savez_compressed])
    names = _one(rng, [["points"], ["a"], ["a", "b"]])
    save(file, **{name: _points(rng) for name in names})
    return file.getvalue()


def _good_csv(rng):
    points = rng.randn(rng.randint(1, 300), rng.randint(1, 5))
    end = _one(rng, ["\n", "\r\n", "\r", "\n\n"])
    lines = [",".join(repr(value) for value in row) for row in points]
    if rng.rand() < 0.3:
        lines.insert(0, ",".join(f"x{i}" for i in range(points.shape[1])))
    return (end.join(lines) + _one(rng, ["", end])).encode()


def _npy(rng):
    """A header of some kind, and data that may fit it."""
    if rng.rand() < 0.4:
        header = _one(rng, HEADERS)
    else:
        order = _one(rng, ["False", "True", "False", "False", "1", "None", "'C'"])
        descr = _one(rng, DESCRS[:5] * 5 + DESCRS)
        header = f"{{'descr': {descr}, 'fortran_order': {order}, 'shape': {_one(rng, SHAPES)}}}"
    text = header.encode("utf-8")
    version = _one(rng, [1] * 12 + [2, 3] * 3 + [0, 4])
    length = _one(rng, [len(text)] * 8 + [0, 1, 65535, 2**31, 2**32 - 1, len(text) - 1])
    width = 2 if version < 2 else 4
    length_bytes = min(max(length, 0), 256**width - 1).to_bytes(width, "little")
    data = 50 * rng.randn(400)
    size = _one(rng, [3200] * 5 + [0, 1, 400, 3199, 1600])
    data_bytes = data.astype(_one(rng, ["<f8", "<f4", ">f8"])).tobytes()[:size]
    return (
        b"\x93NUMPY" + bytes([version, _one(rng, [0, 0, 0, 1])]) + length_bytes + text + data_bytes
    )


def _npz(rng):
    """An archive of some kind."""
    file = io.BytesIO()
    methods = [zipfile.ZIP_STORED] * 2 + [zipfile.ZIP_DEFLATED] * 2
    methods += [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA]
    names = ["a.npy"] * 6 + [
        "../../a.npy",
        "/a.npy",
        "a",
        "a.txt",
        "",
        "a.npy/",
        "\n.npy",
        "\xe9.npy",
    ]
    contents = [_good_npy, _good_npy, _good_npy, _npy, _zeros, lambda _: b"text"]
    with warnings.catch_warnings(), zipfile.ZipFile(file, "w") as archive:
        warnings.simplefilter("ignore")  # names may come twice
        for _ in range(_one(rng, [0, 1, 1, 1, 1, 2, 3])):
            name, method = _one(rng, names), _one(rng, methods)
            archive.writestr(zipfile.ZipInfo(name), _one(rng, contents)(rng), method)
    data = bytearray(file.getvalue())
    if rng.rand() < 0.4:  # one field of the directory is changed
        start = data.rfind(b"PK\x01\x02")
        if start >= 0:
            at = start + _one(rng, [6, 8, 10, 16, 20, 24, 28, 30, 32, 42])
            data[at : at + 4] = _one(
                rng, [b"\xff\xff\xff\xff", b"\0\0\0\0", b"\x01\0\0\0", b"\x63\0\0\0", rng.bytes(4)]
            )
    return bytes(data)


def _zeros(rng):
    """Packs a thousand times smaller."""
    file = io.BytesIO()
    np.save(file, np.zeros(_one(rng, [1000, 1000000])))
    return file.getvalue()


def _csv(rng):
    columns = _one(rng, [1, 2, 3, 50, 1500])
    rows = [
        [
            _one(rng, CELLS) if rng.rand() < 0.1 / columns else repr(rng.randn())
            for _ in range(columns)
        ]
        for _ in range(rng.randint(0, 40))
    ]
    if rows and rng.rand() < 0.2:
        row = _one(rng, rows)
        row[:] = row[:-1] if rng.rand() < 0.5 else row + ["1"]
    header = _one(rng, [[], [], [f"x{i}" for i in range(columns)], ["x"], ["", ""], ["x", "1"]])
    separator = _one(rng, [","] * 6 + [";", "\t", ", "])
    end = _one(rng, ["\n"] * 20 + ["\r\n", "\r", "\n\n"] * 3 + ["\0"])
    text = end.join(separator.join(row) for row in ([header] if header else []) + rows)
    encoding = _one(rng, ["utf-8"] * 30 + ["utf-8-sig", "utf-16", "utf-16-be", "latin-1", "utf-32"])
    return text.encode(encoding, "replace")


def _damaged(rng, data):
    """Some bytes flipped, cut off, left out, put in or doubled."""
    data = bytearray(data)
    for _ in range(rng.randint(0, 4)):
        at = rng.randint(len(data) + 1)
        at = min(at, rng.randint(300)) if rng.rand() < 0.5 else at  # headers come first
        size = rng.randint(1, 20)
        kind = rng.randint(5)
        if kind == 0 and at < len(data):
            data[at] ^= 1 << rng.randint(8)
        elif kind == 1:
            del data[at:]
        elif kind == 2:
            del data[at : at + size]
        elif kind == 3:
            data[at:at] = _one(
                rng, [rng.bytes(size), b"\0" * size, b"\xff" * size, b"\n", b",", b'"']
            )
        else:
            data[at:at] = data[at : at + 10 * size]
        if not data:
            break
    return bytes(data)


def _one(rng, values):
    return values[rng.randint(len(values))]
