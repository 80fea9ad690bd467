"""columns.npz, what a run on a file knows of it beside its points: as bytes, checked by digest."""

import hashlib
import os

from base import durable
from base.errors import UsageError
from storage.ownership import COLUMNS
from storage.state import State

REWRITE = "--mode=train with the data of the run writes it anew"


class ColumnsFile:
    """The file in one work directory."""

    def __init__(self, workdir: str):
        """Args: the path of the work directory; nothing is read yet."""
        self._path = os.path.join(workdir, COLUMNS)

    def write(self, data: bytes) -> None:
        """Writes it, unless it is there as it should be."""
        if self._digest() != hashlib.sha256(data).hexdigest():
            with durable.replacing(self._path) as file:
                file.write(data)

    def is_of(self, state: State) -> bool:
        """Whether it is there as it was committed."""
        return self._digest() == state.columns_sha256

    def read(self, state: State) -> bytes:
        """The committed bytes.

        Raises:
          UsageError: if they are not there.
        """
        path = self._path
        if not os.path.isfile(path):
            raise UsageError(f"{path}: is missing; {REWRITE}")
        try:
            with open(path, "rb") as file:
                data = file.read()
        except OSError as error:
            raise UsageError(f"{path}: {error.strerror}; {REWRITE}") from error
        if hashlib.sha256(data).hexdigest() != state.columns_sha256:
            raise UsageError(f"{path}: was changed since the run was started; {REWRITE}")
        return data

    def _digest(self) -> str:
        """SHA-256 of the file; "" where there is none."""
        return durable.sha256(self._path) if os.path.isfile(self._path) else ""
