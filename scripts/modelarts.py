"""Runs main.py as a ModelArts job: copies the data in, and the work directory out.

python scripts/modelarts.py --data_url=obs://bucket/data --train_url=obs://bucket/out [FLAGS]

FLAGS are main.py's. --data_url and --train_url are copied by moxing where it is installed; plain
folders otherwise. A data folder with one .npy, .npz or .csv file is that file's --data_file; an
empty or absent one is none: the run makes its own GMM.
"""

import argparse
import os
import shutil
import subprocess
import sys
import tempfile

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))


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


def main() -> int:
    """Returns main.py's exit status; what it left is copied out even if it failed."""
    parser = argparse.ArgumentParser(description=__doc__, allow_abbrev=False)
    parser.add_argument("--data_url", default="", help="folder of the data")
    parser.add_argument("--train_url", default="", help="folder for the results")
    known, flags = parser.parse_known_args()
    local = tempfile.mkdtemp(prefix="adagan-")
    data, workdir = os.path.join(local, "data"), os.path.join(local, "run")
    try:
        if known.data_url and exists(known.data_url):
            copy(known.data_url, data)
        found = sorted(os.listdir(data)) if os.path.isdir(data) else []
        files = [name for name in found if name.endswith((".npy", ".npz", ".csv"))]
        if len(files) > 1:
            listed = ", ".join(files)
            message = f"error: --data_url={known.data_url}: must hold one data file, holds {listed}"
            print(message, file=sys.stderr)
            return 2
        if not files:
            print(
                f"Data: none in --data_url={known.data_url}; the published GMM is made", flush=True
            )
        if files:
            flags += ["--dataset=file", f"--data_file={os.path.join(data, files[0])}"]
        if known.train_url and exists(known.train_url):
            copy(known.train_url, workdir)  # an earlier job's run goes on
        command = [sys.executable, os.path.join(ROOT, "main.py"), *flags, f"--workdir={workdir}"]
        status = subprocess.run(command).returncode
        if known.train_url and os.path.isdir(workdir):
            copy(workdir, known.train_url)
        return status
    finally:
        shutil.rmtree(local, ignore_errors=True)


if __name__ == "__main__":
    sys.exit(main())
