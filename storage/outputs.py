"""What the modes write outside a run: whether it may be written, and points as files."""

import importlib.util
import json
import os
from typing import Any, Iterable, Iterator, List, Sequence, Tuple

import numpy as np

from base import durable, unfinished
from base.errors import UsageError
from storage import ownership, paths
from storage.workdir import Workdir

MANIFEST = "export.json"
"""In an export: the names of all files that belong to it."""


def check_export(directory: str, form: str, overwrite: bool, workdir: Workdir, data: str) -> None:
    """Checks, before any work, that an export can be written.

    Args:
      directory: of the export.
      form: ckpt, saved_model, frozen or onnx.
      overwrite: whether an earlier export may be replaced.
      workdir: of the run.
      data: path of its data file, or "".

    Raises:
      UsageError: names the flag and what stands in the way.
    """
    flag = f"--export_dir={directory}"
    for run in [workdir, *_runs_around(directory)]:
        if ownership.owns(run.path, directory):
            raise UsageError(f"{flag}: belongs to the run in {run.path}; choose another directory")
    for path in (workdir.path, data):
        if path and os.path.realpath(path).startswith(os.path.realpath(directory) + os.sep):
            raise UsageError(f"{flag}: holds {path}; choose another directory")
    unfinished.bring_back(directory)
    if os.path.lexists(directory):
        if not overwrite:
            raise UsageError(f"{flag}: is there already; use --overwrite to replace it")
        _check_is_export(directory)
    if form == "onnx" and importlib.util.find_spec("tf2onnx") is None:
        raise UsageError("--format=onnx: needs tf2onnx; pip install -r requirements/export.txt")
    problem = paths.why_not_writable(os.path.dirname(os.path.abspath(directory)))
    if problem:
        raise UsageError(f"{flag}: {problem}")


def _check_is_export(directory: str) -> None:
    """Only what an export wrote may be replaced by another one."""
    flag, names = f"--export_dir={directory}", set(_files(directory))
    try:
        written = set(json.loads(durable.read_text(os.path.join(directory, MANIFEST))))
    except (OSError, ValueError, TypeError, RecursionError) as error:
        raise UsageError(
            f"{flag}: holds no export ({MANIFEST}); --overwrite replaces only an earlier export"
        ) from error
    for name in sorted(names - written):
        raise UsageError(f"{flag}: holds {name}, which no export wrote; move it elsewhere")


def write_manifest(directory: str) -> None:
    """Completes an export with the names of its files."""
    names = sorted([*_files(directory), MANIFEST])
    with open(os.path.join(directory, MANIFEST), "w", encoding="utf-8") as file:
        json.dump(names, file, indent=1)


def _files(directory: str) -> Iterator[str]:
    """Paths of all that is no directory, seen from there; of a link or a file its own name."""
    if os.path.islink(directory) or not os.path.isdir(directory):
        yield os.curdir
    for top, below, names in os.walk(directory):
        links = [name for name in below if os.path.islink(os.path.join(top, name))]
        for name in names + links:
            yield os.path.relpath(os.path.join(top, name), directory)


def check_file(
    path: str, mode: str, kinds: Tuple[str, ...], workdirs: Sequence[Workdir], data: Sequence[str]
) -> None:
    """Checks, before any work, that `--output` can be written.

    Args:
      path: of the file.
      mode: that writes it.
      kinds: endings that it writes.
      workdirs: of the runs that are used.
      data: paths of their data files.

    Raises:
      UsageError: names the flag and what would be right.
    """
    flag = f"--output={path}"
    if not path.lower().endswith(kinds):
        raise UsageError(f"{flag}: --mode={mode} needs a file that ends in {' or '.join(kinds)}")
    if os.path.isdir(path):
        raise UsageError(f"{flag}: is a directory; needs the path of a file")
    if os.path.lexists(path) and not os.path.isfile(path):
        raise UsageError(f"{flag}: is a pipe, a device or a broken link; needs the path of a file")
    if any(os.path.exists(path) and os.path.samefile(path, each) for each in _there(data)):
        raise UsageError(f"{flag}: holds the data of the run; choose another file")
    for workdir in [*workdirs, *_runs_around(path)]:
        if ownership.owns(workdir.path, path):
            raise UsageError(f"{flag}: belongs to the run in {workdir.path}; choose another file")
    directory = os.path.dirname(path) or "."
    if not os.path.isdir(directory) or paths.why_not_writable(directory):
        raise UsageError(f"{flag}: {directory} is no directory that can be written")


def _runs_around(path: str) -> Iterator[Workdir]:
    """The runs in whose work directories a path lies, which may not be the one that is used."""
    above = os.path.dirname(os.path.realpath(path))
    while above != os.path.dirname(above):
        workdir = Workdir(above)
        if workdir.has_settings() and workdir.has_state():
            yield workdir
        above = os.path.dirname(above)


def _there(paths: Sequence[str]) -> List[str]:
    return [path for path in paths if path and os.path.exists(path)]


def write_array(path: str, points: np.ndarray) -> None:
    """Writes points [n, *shape] as .npy, all or nothing.

    Raises:
      OSError: names the file; what was there is still there.
    """
    with durable.replacing(path) as file:
        points = np.ascontiguousarray(points)
        header = np.lib.format.header_data_from_array_1_0(points)
        np.lib.format.write_array_header_1_0(file, header)
        file.write(points.data)  # numpy itself does not say that a disk is full


def write_csv(path: str, frames: Iterable[Any]) -> None:
    """Writes pandas' data frames under each other, all or nothing.

    Raises:
      OSError: names the file; what was there is still there.
    """
    with durable.replacing(path) as file:
        for number, frame in enumerate(frames):
            text = frame.to_csv(index=False, header=not number)
            file.write(text.encode("utf-8"))
