"""Points for predictions, in batches of one size."""

import numpy as np

from input_fn import fixed


def test_fixed_input_pads_the_last_batch_and_joins_its_parts():
    one, two = np.arange(5000.0)[:, None], np.arange(3000.0)[:, None]
    joined = fixed.FixedInput("points", (1,), [one, (3000, lambda part: two[part]), one[:0]])
    assert len(joined) == 8000
    batches = list(joined.batches())
    assert [count for _, count in batches] == [4096, 3904]
    assert all(batch.shape == (fixed.BATCH, 1) for batch, _ in batches)
    read = np.concatenate([batch[:count] for batch, count in batches])
    np.testing.assert_array_equal(read, np.concatenate([one, two]))
