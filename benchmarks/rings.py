"""What more workers would take: the constants of a ring of all-reduces, fitted to two."""

from typing import Any, Dict, List, Tuple

import numpy as np
from scipy.optimize import nnls

SHOWN = ("mlp_16x2, batch 64", "mlp_1024x2, batch 1024", "dcgan_32, batch 64")
"""Sizes whose times are calculated for more workers: the published, and the largest."""


def ring(rows: List[Dict[str, Any]]) -> Tuple[float, float]:
    """Seconds that a step of a ring takes, and seconds a byte, that explain two workers best.

    Two workers' iteration is half of one's compute, and what their rings take: `exchange`. Least
    squares over all sizes, each row weighed by its iteration, so that none counts more.
    """
    taken = np.array([1 / row["workers_2"] - 0.5 / row["workers_1"] for row in rows])
    steps = np.array([exchange(row["weights"], 2, 1.0, 0.0) for row in rows])
    bytes_sent = np.array([exchange(row["weights"], 2, 0.0, 1.0) for row in rows])
    scale = np.array([row["workers_2"] for row in rows])
    design = np.stack([steps, bytes_sent], axis=1) * scale[:, None]
    (a_step, a_byte), _ = nnls(design, taken * scale)
    return float(a_step), float(a_byte)


def exchange(weights: int, workers: int, a_step: float, a_byte: float) -> float:
    """Seconds of an iteration's all-reduces: a ring each for D's gradients, G's and the losses.

    A ring of n takes 2 (n - 1) steps and sends 2 (n - 1) / n times the gradients from each worker
    (Patarasuk & Yuan 2009).
    """
    rings, sent = 3, 2 * (workers - 1) / workers * 4 * weights
    return rings * 2 * (workers - 1) * a_step + sent * a_byte


def expected(rows: List[Dict[str, Any]]) -> str:
    """Where the time of an iteration would go, as Markdown, by the constants of `ring`."""
    a_step, a_byte = ring(rows)
    lines = [
        f"A step of a ring takes {1e6 * a_step:,.0f} us, a byte {1e9 * a_byte:.2f} ns "
        f"({1e-9 / a_byte if a_byte else float('inf'):.2f} GB/s), fitted to the table above.",
        "",
        "| networks | workers | compute, ms | latency, ms | bytes, ms (MB sent a worker) | "
        "times one worker |",
        "|---|---|---|---|---|---|",
    ]
    for row in [row for row in rows if row["size"] in SHOWN]:
        for workers in (2, 8, 64):
            alone, weights = 1 / row["workers_1"], row["weights"]
            compute = alone / workers
            latency = exchange(weights, workers, a_step, 0.0)
            sending = exchange(weights, workers, 0.0, a_byte)
            sent = exchange(weights, workers, 0.0, 1.0) / 1e6
            times = alone / (compute + latency + sending)
            lines.append(
                f"| {row['size']} | {workers} | {1e3 * compute:.2f} | {1e3 * latency:.2f} | "
                f"{1e3 * sending:.2f} ({sent:.3f}) | {times:.2f} |"
            )
    return "\n".join(lines)
