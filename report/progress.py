"""Progress of one training: a tqdm bar on a terminal, plain lines elsewhere."""

import logging
import os
import shutil
import sys
import time
from typing import Any, Dict, Optional, Tuple

from tqdm import tqdm

SECONDS_BETWEEN_LINES = float(os.environ.get("ADAGAN_SECONDS_BETWEEN_LINES", 30))
"""Where there is no terminal; what calls from Python makes bars of them."""

log = logging.getLogger("adagan")


class Progress:
    """Context of one training that takes the engine's reports."""

    def __init__(self, label: str, total: int):
        """Args: what trains; its iterations."""
        self._label, self._total = label, total
        self._bar: Optional[tqdm] = None
        self._shown = False
        self._step, self._losses = 0, {}  # type: int, Dict[str, float]
        self._first: Optional[Tuple[int, float]] = None  # the first report holds the set-up
        self._at = 0.0  # when the last report came: predictions may follow it

    def __enter__(self) -> "Progress":
        self._shown, self._last_line = True, time.perf_counter()
        if sys.stderr.isatty() and log.isEnabledFor(logging.INFO):
            columns = shutil.get_terminal_size().columns  # 80 where the terminal does not tell
            self._bar = tqdm(total=self._total, desc=self._label, unit="it", ncols=columns)
            self._bar.set_postfix_str("compiling")  # nothing moves before the first report
        return self

    def report(self, step: int, losses: Dict[str, float]) -> None:
        """Shows the iterations done and the losses' means since the last report."""
        self._at = time.perf_counter()
        if self._bar is not None:
            if self._first is None:  # a training that goes on did not do these steps now
                self._bar.n = self._bar.initial = self._bar.last_print_n = self._step = step
            shown = {name.replace("_loss", ""): f"{value:.3f}" for name, value in losses.items()}
            self._bar.set_postfix(shown, refresh=self._first is None)
            self._bar.update(step - self._step)
        elif self._shown and self._at - self._last_line > SECONDS_BETWEEN_LINES:
            self._last_line = self._at
            log.info("%s", self._line(step))
        self._step, self._losses = step, losses
        if self._first is None:
            self._first = (step, self._at)

    def __exit__(self, error: Any, *_: Any) -> None:
        if self._bar is not None:
            self._bar.close()
        elif error is None:
            log.info("%s", self._line(self._step))

    def _line(self, step: int) -> str:
        line = f"{self._label}: {100 * step // self._total}% {step}/{self._total}"
        first_step, since = self._first or (step, 0.0)
        if step > first_step and self._at > since:
            rate = (step - first_step) / (self._at - since)
            line += f", {rate:.0f} it/s" if rate >= 10 else f", {rate:.2g} it/s"
        return line + "".join(f", {name}={value:.4f}" for name, value in self._losses.items())
