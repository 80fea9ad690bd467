"""One command of main.py in a process of its own, for callers from Python."""

import os
import re
import signal
import subprocess
import sys
import tempfile
from typing import Any, Dict, List, Match, Sequence

from tqdm.auto import tqdm

from base import version

_LINE = re.compile(
    r"(?P<label>[\w ]+ \d+/\d+): \d+% (?P<done>\d+)/(?P<total>\d+)"
    r"(, (?P<rate>\d+(\.\d+)?) it/s)?.*"
)
_QUIET = {"ADAGAN_SECONDS_BETWEEN_LINES": "0.5", "PYTHONUNBUFFERED": "1"}


def run(flags: Sequence[str]) -> None:
    """Runs main.py, showing what it says, and progress as bars.

    Args:
      flags: its arguments.

    Raises:
      ValueError: for what it refuses, with its words.
      RuntimeError: if it failed.
      KeyboardInterrupt: when interrupted, once it has saved and ended.
    """
    command = [sys.executable, os.path.join(version.ROOT, "main.py"), *flags]
    with tempfile.TemporaryFile("w+", encoding="utf-8") as errors:
        process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=errors,
            encoding="utf-8",
            env={**os.environ, **_QUIET},
            start_new_session=True,  # an interrupt is this process's to pass on
        )
        try:
            _show(process)
        finally:
            if process.poll() is None and sys.exc_info()[0]:  # interrupted: it saves and ends
                process.send_signal(signal.SIGINT)
                process.communicate()
        if process.wait():
            errors.seek(0)
            said = errors.read().strip().split("error: ", 1)[-1]
            kind = ValueError if process.returncode == 2 else RuntimeError
            raise kind(said or f"status {process.returncode}")


def _show(process: "subprocess.Popen[str]") -> None:
    """Progress as bars, everything else as it comes."""
    bar, label = None, ""
    for line in process.stdout or ():
        progress = _LINE.fullmatch(line.rstrip())
        if not progress:
            tqdm.write(line.rstrip())
            continue
        if progress["label"] != label:
            if bar is not None:
                bar.close()
            label = progress["label"]
            bar = _bar(progress)
        if bar is not None:
            bar.update(int(progress["done"]) - bar.n)
            if bar.n >= bar.total:
                bar.close()
    if bar is not None:
        bar.close()


def _bar(progress: Match[str]) -> tqdm:
    """A bar from its first line on, before which the training has gone on for a while."""
    done, rate = int(progress["done"]), float(progress["rate"] or 0)
    total, initial = int(progress["total"]), 0 if rate else done
    bar = tqdm(total=total, initial=initial, desc=progress["label"], unit="it")
    if rate and not bar.disable:  # as the environment may have it
        bar.start_t = bar.last_print_t = bar.start_t - done / rate
    return bar


def as_flags(values: Dict[str, Any]) -> List[str]:
    """--name=value, and --noname for False."""
    flags = []
    for name, value in values.items():
        if isinstance(value, bool):
            flags.append(f"--{name}" if value else f"--no{name}")
        elif value != "":
            flags.append(f"--{name}={value}")
    return flags
