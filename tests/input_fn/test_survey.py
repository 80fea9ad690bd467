"""A table is looked at in pieces."""

import numpy as np

from input_fn import survey
from tests.input_fn.made_columns import mixed


def test_a_survey_in_pieces_is_that_of_the_whole():
    rows = mixed()
    whole = survey.of_table([rows], len(rows), 2.2e-16)
    pieces = survey.of_table(np.array_split(rows, 7), len(rows), 2.2e-16)
    for one, other in zip(whole[:3], pieces[:3]):
        np.testing.assert_array_equal(one, other)
    assert whole.values.keys() == pieces.values.keys()
    assert whole.step[0] == 0
    assert whole.step[3] == 1
