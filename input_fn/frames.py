"""Rows as data frames of pandas, which has a type for each column. Imports no TensorFlow."""

from typing import Any, Iterator, Optional

import numpy as np

from input_fn.columns import Columns

ROWS_AT_A_TIME = 65536
"""Of the rows that are made a frame together."""


def of_rows(rows: np.ndarray, columns: Optional[Columns]) -> Iterator[Any]:
    """Data frames of some rows each.

    Args:
      rows: [n, *shape]; what is no table is written flat.
      columns: of the file that the rows are like; None: they are like no file.

    Yields:
      Frames of the user's columns: their names and order, integers as integers, texts as texts;
      what is missing as pandas has it, or as an empty text.
    """
    import pandas

    flat = rows.reshape(len(rows), -1)
    table = columns if columns and columns.is_table else None
    names = table.names if table else [f"x{column}" for column in range(flat.shape[1])]
    for start in range(0, len(flat), ROWS_AT_A_TIME):
        frame = pandas.DataFrame(flat[start : start + ROWS_AT_A_TIME], columns=names)
        if table:
            for column, name in enumerate(names):
                if column in table.categories:
                    texts = np.array(table.categories[column], object)
                    frame[name] = texts[frame[name].astype(int)]
                elif table.is_whole(column):
                    frame[name] = frame[name].astype("Int64" if column in table.gaps else np.int64)
        yield frame
