"""Whether several workers are faster than one: what exchanging gradients takes, and what it spares.

Imports no TensorFlow.
"""

import logging

PRODUCT_SECONDS, WEIGHT_SECONDS, EXCHANGE_SECONDS = 2.6e-10, 8e-9, 2e-3
"""What an iteration of fully connected networks takes: for each point of the minibatch and each
trained weight, in all passes together; and, among several workers, for each weight's gradient and
for the exchange as such. From the table that `benchmarks.workers` made, in docs/scale_out.md."""

log = logging.getLogger("adagan")


def log_what_pays(weights: int, batch_size: int, workers: int) -> None:
    """Says if one worker alone would be faster.

    Args:
      weights: trained ones, of fully connected networks.
      batch_size: points of a minibatch, of which each worker sees a part.
      workers: how many.
    """
    spared = PRODUCT_SECONDS * batch_size * (1.0 - 1.0 / workers)
    if weights * (spared - WEIGHT_SECONDS) < EXCHANGE_SECONDS:
        log.info(
            "  one worker alone would be faster: %d weights on minibatches of %d points take "
            "less time than their gradients' exchange (docs/scale_out.md)",
            weights,
            batch_size,
        )
