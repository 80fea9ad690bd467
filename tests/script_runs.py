"""Runs the model collection's scripts."""

import os
import shutil
import subprocess
import sys

from tests.conftest import ROOT

CARD = f"test{os.getpid()}"


def started(folder, name, *flags, **variables):
    """Starts a script as the card of this process."""
    environment = {**os.environ, "ASCEND_DEVICE_ID": CARD, "PYTHON": sys.executable, **variables}
    command = ["bash", os.path.join(ROOT, folder, name), *flags]
    return subprocess.run(command, capture_output=True, text=True, env=environment)


def run_script(tmp_path, name, *flags, **variables):
    """Runs a script with its output under a folder of its own."""
    output = os.path.join(ROOT, "scripts", "output", CARD)
    shutil.rmtree(output, ignore_errors=True)
    try:
        done = started("scripts", name, f"--ckpt_path={tmp_path}/run", *flags, **variables)
        return done, sorted(os.listdir(output)) if os.path.isdir(output) else []
    finally:
        shutil.rmtree(output, ignore_errors=True)
