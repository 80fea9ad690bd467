"""Tables in .parquet files, by pandas and pyarrow.

Imports no TensorFlow.
"""

import numbers
from typing import Any, FrozenSet

import numpy as np

from input_fn.table_cells import Parsed
from input_fn.table_choice import as_flag, shown


def read(path: str) -> Any:
    """A file as a data frame; its columns' names are str.

    Raises:
      ValueError: if it is none, or what reads it is not installed.
    """
    import pandas

    try:
        frame = pandas.read_parquet(path)
    except ImportError as error:
        raise ValueError("needs pyarrow to be read: pip install pyarrow") from error
    except OSError as error:
        if error.errno:
            raise
        raise _broken(error) from error
    except Exception as error:  # of many kinds, pyarrow's own
        raise _broken(error) from error
    frame.columns = [str(name).strip() for name in frame.columns]
    return frame


def _broken(error: Exception) -> ValueError:
    said = " ".join(str(error).split())[:200]
    return ValueError(f"is no parquet file that can be read: {said}")


def texts_in(frame: Any) -> FrozenSet[int]:
    """Numbers of the columns of texts.

    Raises:
      ValueError: for a column of neither numbers nor texts; names it.
    """
    return frozenset(
        number for number, name in enumerate(frame.columns) if _is_text(frame.iloc[:, number], name)
    )


def _is_text(column: Any, name: str) -> bool:
    kind = column.dtype.kind
    if kind in "biuf":
        return False
    values = column.cat.categories if column.dtype.name == "category" else column.dropna()
    if kind in "mM":
        raise ValueError(_refused(name, str(column.dtype)))
    strange = [v for v in values if not isinstance(v, (str, bool, np.bool_, numbers.Number))]
    if strange or any(isinstance(value, complex) for value in values):
        raise ValueError(_refused(name, type(strange[0]).__name__ if strange else "complex"))
    return column.dtype.name == "category" or any(isinstance(v, (str, bool)) for v in values)


def _refused(name: str, kind: str) -> str:
    hint = "convert dates to numbers, or " if "date" in kind or "time" in kind.lower() else ""
    return (
        f"column {shown(name)} holds {kind}, no numbers or texts; "
        f"{hint}{as_flag('drop', name)} leaves it out"
    )


def parsed(frame: Any, texts: FrozenSet[int]) -> Parsed:
    """The rows of a frame; a missing text is ""."""
    values, cells = np.zeros(frame.shape), {}
    for number in range(frame.shape[1]):
        column = frame.iloc[:, number]
        if number in texts:
            present = column.notna().to_numpy()
            own = np.full(len(column), "", object)
            own[present] = [str(value).strip() for value in column[present]]
            cells[number] = own
        else:
            values[:, number] = column.to_numpy(np.float64, na_value=np.nan)
    return Parsed(values, cells)
