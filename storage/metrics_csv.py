"""metrics.csv: the figures of each step as a table, made from the state."""

import csv
import io
import math
from typing import Any, Dict

from base import durable
from evaluation.metrics import Metrics
from storage.state import State, StepRecord


def write(path: str, state: State) -> None:
    """Writes a row a step.

    Args:
      path: of the file.
      state: the committed steps.
    """
    rows = [_row(record) for record in state.steps]
    text = io.StringIO()
    writer = csv.DictWriter(text, list(rows[0]) if rows else ["step"], lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    durable.write_atomically(path, text.getvalue())


def _row(record: StepRecord) -> Dict[str, Any]:
    row: Dict[str, Any] = {"step": record.step}
    row.update((name, getattr(record.metrics, name)) for name in Metrics._fields[:4])
    for name in ("beta", "lambda_star", "zero_weight", "effective_sample_size"):
        row[name] = getattr(record, name)
    row["reverse_kl"], row["width"] = record.metrics.reverse_kl, record.metrics.width
    row.update((name, getattr(record.metrics, name)) for name in Metrics._fields[6:])
    row["worst_column"] = record.worst.get("column", "")
    row["program"] = record.program
    for name in ("ratio", "unseen_ratio", "error"):
        row[f"calibration_{name}"] = record.calibration.get(name, math.nan)
    row.update((f"initialisations_{name}", n) for name, n in record.initialisations.items())
    row["iterations_per_second"] = record.iterations_per_second
    row.update((f"seconds_{part}", value) for part, value in record.seconds.items())
    nan = {name for name, value in row.items() if isinstance(value, float) and math.isnan(value)}
    return {name: "" if name in nan else value for name, value in row.items()}
