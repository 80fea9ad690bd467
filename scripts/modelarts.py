"""Runs main.py as a ModelArts job: copies the data in, and the work directory out.

python scripts/modelarts.py --data_url=obs://bucket/data --train_url=obs://bucket/out [FLAGS]

FLAGS are main.py's. --data_url and --train_url are copied by moxing where it is installed; plain
folders otherwise. A data folder with one file that --data_file takes is that file; an empty or
absent one is none: the run makes its own GMM. A signal stops the run, whose results are copied out.
"""

import argparse
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from typing import List

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))


TEXTS = (".csv", ".tsv", ".txt")
ENDINGS = (".npy", ".npz", ".parquet", *TEXTS, *(f"{ending}.gz" for ending in TEXTS))


def copy(source: str, target: str) -> None:
    """Copies a folder, from or to object storage where moxing is there."""
    try:
        import moxing
    except ImportError:
        if os.path.isdir(source):
            os.makedirs(target, exist_ok=True)
            subprocess.run(["cp", "-r", os.path.join(source, "."), target], check=True)
        return
    moxing.file.copy_parallel(source, target)


def exists(folder: str) -> bool:
    """Whether there is such a folder, in object storage where moxing is there."""
    try:
        import moxing
    except ImportError:
        return os.path.isdir(folder)
    return bool(moxing.file.exists(folder))


def refuse(message: str) -> int:
    """Says what is wrong, in a line; returns the exit status."""
    print(f"error: {message}", file=sys.stderr)
    return 2


def run(command: List[str]) -> int:
    """Exit status of a command, to which signals are passed on."""
    process = subprocess.Popen(command)
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, lambda number, _: process.send_signal(number))
    status = process.wait()
    return 128 - status if status < 0 else status


def job(data_url: str, train_url: str, flags: List[str], local: str) -> int:
    """Copies in, runs, copies out; `local` is a folder for all of it."""
    data, workdir = os.path.join(local, "data"), os.path.join(local, "run")
    if data_url and exists(data_url):
        copy(data_url, data)
    found = sorted(os.listdir(data)) if os.path.isdir(data) else []
    files = [name for name in found if name.lower().endswith(ENDINGS)]
    if len(files) > 1:
        return refuse(f"--data_url={data_url}: must hold one data file, holds {', '.join(files)}")
    if found and not files:
        return refuse(f"--data_url={data_url}: holds no file that ends in {', '.join(ENDINGS)}")
    if files:
        flags = [*flags, "--dataset=file", f"--data_file={os.path.join(data, files[0])}"]
    else:
        print(f"Data: none in --data_url={data_url}; the published GMM is made", flush=True)
    if train_url and exists(train_url):
        copy(train_url, workdir)  # an earlier job's run goes on
    status = run([sys.executable, os.path.join(ROOT, "main.py"), *flags, f"--workdir={workdir}"])
    if train_url and os.path.isdir(workdir):
        copy(workdir, train_url)
    return status


def main() -> int:
    """Returns main.py's exit status; what it left is copied out even if it failed."""
    parser = argparse.ArgumentParser(description=__doc__, allow_abbrev=False)
    parser.add_argument("--data_url", default="", help="folder of the data")
    parser.add_argument("--train_url", default="", help="folder for the results")
    known, flags = parser.parse_known_args()
    for name, url in (("data_url", known.data_url), ("train_url", known.train_url)):
        if os.path.isfile(url):
            return refuse(f"--{name}={url}: is a file; needs a folder")
    if any(flag.partition("=")[0] in ("--workdir", "-workdir") for flag in flags):
        return refuse("--workdir: is a folder of the job's own; --train_url says where it is kept")
    local = tempfile.mkdtemp(prefix="adagan-")
    try:
        return job(known.data_url, known.train_url, flags, local)
    finally:
        shutil.rmtree(local, ignore_errors=True)


if __name__ == "__main__":
    sys.exit(main())
